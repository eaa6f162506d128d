/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c - runs the system's C compiler. CC, CFLAGS and LDFLAGS are split at blanks, as make
 * does. */
#include "cli/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buffer.h"

/* --- Words --- */

typedef struct word_list {
    weir_buffer text; /* each word with its NUL */
    size_t count;
} word_list;

static void add_word(word_list *words, const char *prefix, const char *word)
{
    weir_buffer_text(&words->text, prefix);
    weir_buffer_append(&words->text, word, strlen(word) + 1);
    words->count++;
}

static void add_words(word_list *words, const char *text)
{
    static const char blanks[] = " \t\n";

    for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
        size_t length = strcspn(text, blanks);
        weir_buffer_append(&words->text, text, length);
        weir_buffer_append(&words->text, "", 1);
        words->count++;
        text += length;
    }
}

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value != NULL && value[strspn(value, " \t")] != '\0' ? value : otherwise;
}

static const char own_flags[] = "-std=c17 -O2 -g -fPIC -ffp-contract=off -Wall";

static void add_compiler(word_list *words, const compile_job *job)
{
    add_words(words, environment("CC", "cc"));
    add_words(words, own_flags);
    add_words(words, environment("CFLAGS", ""));
    add_word(words, "-I", job->generated_folder);
    add_word(words, "-I", job->spec_folder);
    add_word(words, "-isystem", job->weir_include);
}

static void add_files(word_list *words, const compile_job *job)
{
    for (const char *const *file = job->files; *file != NULL; file++)
        add_word(words, "", *file);
}

char *compile_signature(void)
{
    weir_buffer line = {0};

    weir_buffer_printf(&line, "%s %s %s %s", environment("CC", "cc"), own_flags,
                       environment("CFLAGS", ""), environment("LDFLAGS", ""));
    if (!line.failed)
        return line.data;
    weir_buffer_free(&line);
    return NULL;
}

/* --- Running --- */

static weir_status cannot_run(const char *compiler, int code, weir_error **error)
{
    return weir_error_set(error, WEIR_IO,
                          "cannot run the C compiler '%s': %s; install one (Debian: apt install "
                          "gcc), or name another by CC",
                          compiler, strerror(code));
}

/* Standard output goes into the file `output` (NULL: stays). */
static weir_status spawn(char *const *words, const char *output, pid_t *ret_child,
                         weir_error **error)
{
    posix_spawn_file_actions_t actions;

    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return cannot_run(words[0], code, error);
    if (output != NULL)
        code = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output,
                                                O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (code == 0)
        code = posix_spawnp(ret_child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code == 0 ? WEIR_OK : cannot_run(words[0], code, error);
}

static weir_status run_words(char *const *words, const char *output, weir_error **error)
{
    pid_t child;
    int state = 0;
    weir_status status = spawn(words, output, &child, error);

    if (status != WEIR_OK)
        return status;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return weir_error_set(error, WEIR_IO, "lost the C compiler: %s", strerror(errno));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return WEIR_OK;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return cannot_run(words[0], ENOENT, error);
    return weir_error_set(error, WEIR_SPEC, "the C compiler refused the module");
}

static weir_status run_compiler(word_list *words, const char *output, weir_error **error)
{
    char **pointers = weir_alloc_array(words->count + 1, sizeof *pointers);
    weir_status status = WEIR_NOMEM;

    if (pointers != NULL && !words->text.failed) {
        char *word = words->text.data;
        for (size_t i = 0; i < words->count; i++, word += strlen(word) + 1)
            pointers[i] = word;
        pointers[words->count] = NULL;
        status = run_words(pointers, output, error);
    } else {
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    weir_free(pointers);
    weir_buffer_free(&words->text);
    return status;
}

weir_status compile_object(const compile_job *job, const char *object, weir_error **error)
{
    word_list words = {0};

    add_compiler(&words, job);
    add_word(&words, "", "-shared");
    add_word(&words, "", job->generated);
    add_files(&words, job);
    add_word(&words, "", "-o");
    add_word(&words, "", object);
    add_words(&words, environment("LDFLAGS", ""));
    add_word(&words, "", "-lm"); /* what a node function may well use */
    return run_compiler(&words, NULL, error);
}

weir_status compile_rules(const compile_job *job, const char *rules, weir_error **error)
{
    word_list words = {0};

    add_compiler(&words, job);
    add_word(&words, "", "-MM");
    add_files(&words, job);
    return run_compiler(&words, rules, error);
}
