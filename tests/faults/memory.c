/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the command, with one of its allocations failing: each in turn, each in a process of
 * its own, so that the leak sanitizer looks at every one of them.
 *
 *     faults_memory [--count N] [--seed S] FOLDER
 *
 * N failures a case, spread over its allocations from S on; 0: all of them. A failure must be told:
 * by an exit code of its own and a sentence, or where the command can go on (a dead letter for want
 * of memory) by what it says; else all must be as it is without one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/core.h>

#include "core/buffer.h"
#include "tests/faults/memory_cases.h"
#include "tests/scarce.h"

int weir_main(int argc, char **argv);

enum { WORDS = 16 };

/* What came of one run. */
typedef struct outcome {
    int state; /* as waitpid says */
    weir_buffer out, err;
} outcome;

/* Of the child, seen by its parent. */
static scarce_memory *memory;

/* --- One run --- */

/* Of the test itself: it does not go on. */
static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

static void run_child(const memory_case *test, const char *folder, int out, int err)
{
    char line[1024], self[] = "weir", *words[WORDS] = {self}, *rest = NULL;
    int count = 1;

    snprintf(line, sizeof line, "%s", test->words);
    for (char *word = strtok_r(line, " ", &rest); word != NULL && count < WORDS - 1;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    int in = open(test->input != NULL ? test->input : "/dev/null", O_RDONLY);
    need(chdir(folder) == 0 && in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
             dup2(err, 2) == 2,
         "cannot begin the child");
    weir_allocator scarce = scarce_allocator(memory);
    weir_set_allocator(&scarce);
    int code = weir_main(count, words);
    weir_set_allocator(NULL);
    exit(code);
}

static void read_back(int file, weir_buffer *text)
{
    struct stat status;

    need(fstat(file, &status) == 0 && weir_buffer_reserve(text, (size_t)status.st_size), "no room");
    need(pread(file, text->data, (size_t)status.st_size, 0) == status.st_size, "cannot read");
    text->size = (size_t)status.st_size;
    text->data[text->size] = '\0';
    close(file);
}

static outcome run(const memory_case *test, const char *folder, unsigned long at)
{
    int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
    outcome came = {0};

    *memory = (scarce_memory){.fails_at = at};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_child(test, folder, out, err);
    need(child > 0 && waitpid(child, &came.state, 0) == child, "cannot wait");
    read_back(out, &came.out);
    read_back(err, &came.err);
    return came;
}

static void forget(outcome *came)
{
    weir_buffer_free(&came->out);
    weir_buffer_free(&came->err);
}

/* --- What is right --- */

static bool same(const weir_buffer *a, const weir_buffer *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static int code_of(const outcome *came)
{
    return WIFEXITED(came->state) ? WEXITSTATUS(came->state) : -1;
}

/* NULL, or what is wrong. */
static const char *judge(const outcome *good, const outcome *came)
{
    int code = code_of(came);

    if (code < 0 || code > 3 || strstr(came->err.data, "Sanitizer") != NULL)
        return "it crashed or leaked";
    if (code == code_of(good) && same(&good->out, &came->out))
        return NULL;
    /* `weir test` reports what failed on standard output. */
    return strstr(came->err.data, "memory") != NULL || strstr(came->out.data, "memory") != NULL
               ? NULL
               : "nobody was told of memory";
}

static bool try_one(const memory_case *test, const char *folder, const outcome *good,
                    unsigned long at)
{
    outcome came = run(test, folder, at);
    const char *wrong = judge(good, &came);

    if (wrong != NULL)
        printf("--- weir %s: allocation %lu: %s (exit code %d)\n%.3000s%.1000s\n", test->words, at,
               wrong, code_of(&came), came.err.data, came.out.data);
    forget(&came);
    return wrong == NULL;
}

/* --- All --- */

static unsigned long passed, failed;

static void try_case(const memory_case *test, const char *folder, unsigned long count,
                     unsigned long seed)
{
    outcome good = run(test, folder, 0);
    unsigned long all = memory->allocations;
    unsigned long step = count == 0 || count > all ? 1 : all / count;

    if (code_of(&good) != test->code) {
        printf("--- weir %s: exit code %d without a failure\n%s", test->words, code_of(&good),
               good.err.data);
        failed++;
    }
    for (unsigned long at = 1 + seed % step; at <= all; at += step) {
        if (try_one(test, folder, &good, at))
            passed++;
        else
            failed++;
    }
    printf("weir %s: %lu allocations, %lu of them failed once\n", test->words, all,
           (all + step - 1 - seed % step) / step);
    forget(&good);
}

int main(int argc, char **argv)
{
    unsigned long count = 0, seed = 0;

    for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
        unsigned long *to = strcmp(argv[1], "--count") == 0 ? &count : &seed;
        *to = strtoul(argv[2], NULL, 10);
    }
    need(argc == 2, "usage: faults_memory [--count N] [--seed S] FOLDER");
    memory = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    need(memory != MAP_FAILED, "no shared memory");
    for (size_t i = 0; i < memory_case_count; i++)
        try_case(&memory_cases[i], argv[1], count, seed);
    printf("%lu passed, %lu failed\n", passed, failed);
    return failed != 0;
}
