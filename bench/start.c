/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - from nothing to the first firing, what an idle engine holds, how large the library is;
 * each against its aim.
 *
 * The parent starts this program again, which loads a module, fires once and tells when and with
 * how much memory; the clock runs from before it is started.
 */
#include "bench/channel.h"
#include "bench/harness.h"

#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COLD_START_MS = 20, RSS_MIB = 10, LIBRARY_MIB = 1 };

/* What the child tells. */
typedef struct first_firing {
    int64_t at_ns;
    double rss_mib;
} first_firing;

/* --- The child --- */

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

static void note_time(const channel_mid *mid, void *at_ns)
{
    (void)mid;
    *(int64_t *)at_ns = bench_now_ns();
}

static double resident_mib(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
        bench_die("cannot read /proc/self/statm");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void fire_once(void)
{
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;
    channel_quote quote = {.symbol = "ABC", .bid = 1, .ask = 2};
    first_firing told = {0};

    check(weir_runtime_new(NULL, &runtime, &error), error);
    check(weir_runtime_load(runtime, &channel_module, &error), error);
    check(channel_on_mids(runtime, note_time, &told.at_ns), error);
    check(channel_push_quotes(runtime, &quote, &error), error);
    while (told.at_ns == 0)
        check(weir_runtime_poll(runtime, &error), error);
    told.rss_mib = resident_mib();
    if (write(STDOUT_FILENO, &told, sizeof told) != sizeof told)
        bench_die("nobody reads");
    weir_runtime_free(runtime);
}

/* --- The parent --- */

static first_firing run_child(const char *program)
{
    char *const arguments[] = {(char[]){"start"}, (char[]){"child"}, NULL};
    posix_spawn_file_actions_t actions;
    first_firing told;
    int ends[2], status;
    pid_t child;
    int64_t began = bench_now_ns();

    if (pipe(ends) != 0)
        bench_die("there is no pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawn(&child, program, &actions, NULL, arguments, environ) != 0)
        bench_die("cannot start '%s'", program);
    close(ends[1]);
    if (read(ends[0], &told, sizeof told) != sizeof told)
        bench_die("'%s' told nothing", program);
    close(ends[0]);
    waitpid(child, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    told.at_ns -= began;
    return told;
}

static double library_mib(void)
{
    Dl_info found;
    struct stat file;

    if (dladdr(__extension__(void *) weir_runtime_new, &found) == 0 ||
        stat(found.dli_fname, &file) != 0)
        bench_die("the library cannot be found");
    return (double)file.st_size / (1 << 20);
}

static void print(const char *name, const char *unit, double ours, double aim, int rounds)
{
    bench_print(&(bench_case){.bench = "start", .name = name, .unit = unit}, ours, aim, ours / aim,
                rounds);
}

int main(int count, char **arguments)
{
    double times[BENCH_ROUNDS], sizes[BENCH_ROUNDS];

    if (count == 2 && strcmp(arguments[1], "child") == 0) {
        fire_once();
        return 0;
    }
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        first_firing told = run_child("/proc/self/exe");
        times[i] = (double)told.at_ns / 1e6;
        sizes[i] = told.rss_mib;
    }
    print("cold_start", "ms", bench_median(times, BENCH_ROUNDS), COLD_START_MS, BENCH_ROUNDS);
    print("rss_idle", "MiB", bench_median(sizes, BENCH_ROUNDS), RSS_MIB, BENCH_ROUNDS);
    print("library_size", "MiB", library_mib(), LIBRARY_MIB, 1);
    return 0;
}
