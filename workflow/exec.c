/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - a task that is a command (rule F5): its files, its environment, what it means. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/calendar.h"
#include "core/text.h"
#include "workflow/command.h"
#include "workflow/context.h"
#include "workflow/job.h"
#include "workflow/json.h"

enum { ERRORS_KEPT = 2048 };

/* The folder of one run. */
typedef struct run_files {
    char folder[4096];
    char context[4128], input[4128], result[4128], item[4128];
} run_files;

/* --- Files --- */

static bool write_text(const char *path, const char *text)
{
    FILE *file = text != NULL ? fopen(path, "we") : NULL;

    if (file == NULL)
        return false;
    bool good = fputs(text, file) >= 0;
    return fclose(file) == 0 && good;
}

static bool write_json(const char *path, const json_t *value)
{
    char *text = json_to_text(value);
    bool good = write_text(path, text);

    weir_free(text);
    return good;
}

static bool make_files(weir_task *job, run_files *files)
{
    const char *place = getenv("TMPDIR");
    int size = snprintf(files->folder, sizeof files->folder, "%s/weir-XXXXXX",
                        place != NULL && place[0] != '\0' ? place : "/tmp");

    if (size >= (int)sizeof files->folder || mkdtemp(files->folder) == NULL) {
        files->folder[0] = '\0';
        return false;
    }
    snprintf(files->context, sizeof files->context, "%s/context.json", files->folder);
    snprintf(files->input, sizeof files->input, "%s/input.json", files->folder);
    snprintf(files->result, sizeof files->result, "%s/result.json", files->folder);
    if (job->item != NULL)
        snprintf(files->item, sizeof files->item, "%s/item.json", files->folder);
    return write_json(files->context, job->context) && write_json(files->input, job->input) &&
           (job->item == NULL || write_json(files->item, job->item));
}

static void remove_files(const run_files *files)
{
    if (files->folder[0] == '\0')
        return;
    unlink(files->context);
    unlink(files->input);
    unlink(files->result);
    if (files->item[0] != '\0')
        unlink(files->item);
    rmdir(files->folder);
}

/* --- The environment --- */

/* Ours, and what tells the command of its task. NULL: out of memory. */
static char **make_environment(weir_task *job, const run_files *files)
{
    const char *const names[] = {"WEIR_CONTEXT", "WEIR_INPUT",   "WEIR_RESULT",   "WEIR_EXECUTION",
                                 "WEIR_TASK",    "WEIR_ATTEMPT", "WEIR_TASK_KEY", "WEIR_SLOT",
                                 "WEIR_RESUMED", "WEIR_ITEM",    "WEIR_INDEX"};
    enum { OWN = sizeof names / sizeof *names };
    char execution[24], attempt[24], index[24] = "", slot[WEIR_CALENDAR_TIME + 1] = "";
    const char *const values[] = {files->context,          files->input, files->result, execution,
                                  weir_task_name(job),     attempt,      job->key,      slot,
                                  job->resumed ? "1" : "", files->item,  index};
    size_t count = 0, at = 0;

    snprintf(execution, sizeof execution, "%lld", (long long)job->execution);
    snprintf(attempt, sizeof attempt, "%lld", (long long)job->attempt);
    if (job->index >= 0)
        snprintf(index, sizeof index, "%lld", (long long)job->index);
    if (job->slot != 0)
        *weir_calendar_print_time(slot, job->slot) = '\0';
    while (environ[count] != NULL)
        count++;
    char **list = weir_alloc_array(count + OWN + 1, sizeof *list);
    for (size_t i = 0; list != NULL && i < OWN; i++)
        list[at++] = weir_arena_printf(&job->texts, "%s=%s", names[i], values[i]);
    for (size_t i = 0; list != NULL && i < count; i++) {
        bool own = false;
        for (size_t n = 0; n < OWN && !own; n++)
            own = strncmp(environ[i], names[n], strlen(names[n])) == 0 &&
                  environ[i][strlen(names[n])] == '=';
        if (!own)
            list[at++] = environ[i];
    }
    if (list != NULL && job->texts.failed) {
        weir_free(list);
        return NULL;
    }
    return list;
}

/* --- The outcome --- */

/* Its last lines on standard error are the reason. */
static void explain(weir_task *job, const command *c, const char *what)
{
    const char *text = c->errors.bytes;
    size_t size = c->errors.size;

    if (size > ERRORS_KEPT) {
        const char *line = memchr(text + size - ERRORS_KEPT, '\n', ERRORS_KEPT);
        text = line != NULL ? line + 1 : text + size - ERRORS_KEPT;
        size = c->errors.size - (size_t)(text - c->errors.bytes);
    }
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    job_fail(job, WEIR_TASK_FAILED, "%s%s%.*s", what, size > 0 ? ": " : "", (int)size, text);
}

static void judge(weir_task *job, command *c)
{
    const plan_task *task = &job->plan->tasks[job->position];
    char what[200], limit[32];

    json_clean(c->errors.bytes, c->errors.size);
    if (c->stopped) {
        job_fail(job, WEIR_TASK_FAILED, "%s", job_why_ended(job));
    } else if (c->timed_out) {
        snprintf(what, sizeof what, "'%.100s' ran longer than its timeout of %s", c->words[0],
                 weir_text_amount(WEIR_OPTION_DURATION, task->config.timeout, limit, sizeof limit));
        explain(job, c, what);
        job_set_class(job, "timeout");
    } else if (c->signalled) {
        snprintf(what, sizeof what, "'%.100s' was ended by signal %d (%s)", c->words[0], c->status,
                 strsignal(c->status));
        explain(job, c, what);
        job_set_class(job, "crash");
    } else if (c->status != 0) {
        snprintf(what, sizeof what, "'%.100s' ended with exit code %d", c->words[0], c->status);
        explain(job, c, what);
        snprintf(what, sizeof what, "exit_%d", c->status);
        job_set_class(job, what);
    }
}

static void keep_log(weir_task *job, const command *c)
{
    weir_buffer text = {0};

    if (c->output.size == 0)
        return;
    json_clean(c->output.bytes, c->output.size);
    weir_buffer_printf(&text, "%s%s", c->output.cut ? "...\n" : "", c->output.bytes);
    job->log = text.failed ? NULL : text.data;
    job->broken |= text.failed;
    if (text.failed)
        weir_buffer_free(&text);
}

/* The most that a result may be: the context, and what JSON writes around it. */
static void read_result(weir_task *job, const char *path)
{
    weir_buffer text = {.limit = 2 * (size_t)CONTEXT_LIMIT};
    char chunk[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = 0;

    if (fd < 0 && errno == ENOENT)
        return;
    while (fd >= 0 && (got = read(fd, chunk, sizeof chunk)) > 0)
        weir_buffer_append(&text, chunk, (size_t)got);
    if (fd < 0 || got < 0)
        job_fail(job, WEIR_TASK_FAILED, "what it left in WEIR_RESULT cannot be read: %s",
                 strerror(errno));
    else if (text.full)
        job_fail(job, WEIR_TASK_FAILED_GOOD,
                 "what it left in WEIR_RESULT is too long: at most %d bytes are read",
                 2 * CONTEXT_LIMIT);
    else if (text.failed)
        job_fail(job, WEIR_TASK_FAILED, "out of memory");
    else if (text.size != 0)
        job_take_result(job, text.data);
    if (fd >= 0)
        close(fd);
    weir_buffer_free(&text);
}

static void run(weir_task *job, command *c, const run_files *files)
{
    weir_error *error = NULL;

    if (command_run(c, &error) != WEIR_OK) {
        job_fail(job, WEIR_TASK_FAILED, "%s", weir_error_message(error));
        weir_error_free(error);
        return;
    }
    keep_log(job, c);
    judge(job, c);
    if (job->answer == WEIR_TASK_DONE)
        read_result(job, files->result);
}

static char **copy_words(weir_task *job)
{
    const char *const *words = job_words(job);
    size_t count = 0;

    while (words[count] != NULL)
        count++;
    char **list = weir_alloc_array(count + 1, sizeof *list);
    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = weir_arena_copy(&job->texts, words[i], strlen(words[i]));
    return list;
}

void job_run_command(weir_task *job)
{
    run_files files = {0};
    command c = {.folder = job->plan->folder,
                 .timeout = job->plan->tasks[job->position].config.timeout,
                 .grace = job->grace,
                 .stop = job->stop};
    char **words = copy_words(job), **environment = NULL;

    if (!make_files(job, &files))
        job_fail(job, WEIR_TASK_FAILED, "cannot write its files below '%s': %s",
                 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", strerror(errno));
    else if (words == NULL || (environment = make_environment(job, &files)) == NULL ||
             job->texts.failed || !command_tail_init(&c.output, JOB_LOG) ||
             !command_tail_init(&c.errors, JOB_REASON))
        job_fail(job, WEIR_TASK_FAILED, "out of memory");
    if (job->answer == WEIR_TASK_DONE) {
        c.words = words;
        c.environment = environment;
        run(job, &c, &files);
    }
    remove_files(&files);
    weir_free(c.output.bytes);
    weir_free(c.errors.bytes);
    weir_free(environment);
    weir_free(words);
}
