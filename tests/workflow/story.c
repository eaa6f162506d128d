/* SPDX-License-Identifier: Apache-2.0 */
/* story.c - one workflow that is disturbed, and what is told of it. */
#include "tests/workflow/story.h"

#include <pthread.h>

#include "tests/workflow/checker.h"

enum { MOST_RUNS = 4096 };

/* Runs that had their effect. */
static struct {
    int64_t execution, attempt;
    const char *task;
} runs[MOST_RUNS];
static int run_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static weir_answer counts(weir_task *task)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < STORY_TASKS && run_count < MOST_RUNS; i++)
        if (story_tasks[i].name[0] == weir_task_name(task)[0]) {
            runs[run_count].execution = weir_task_execution(task);
            runs[run_count].attempt = weir_task_attempt(task);
            runs[run_count].task = story_tasks[i].name;
        }
    run_count++;
    pthread_mutex_unlock(&mutex);
    weir_task_set_integer(task, weir_task_name(task), 1);
    return WEIR_TASK_DONE;
}

const flow_task story_tasks[] = {
    {"a", NULL, counts, NULL, NULL}, {"b", "a", counts, NULL, NULL},
    {"c", "b", counts, NULL, NULL},  {"d", "a", counts, NULL, NULL},
    {"e", "a", counts, NULL, NULL},  {"f", "c d e", counts, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};

void story_begin(void)
{
    run_count = 0;
}

int story_runs(void)
{
    return run_count;
}

/* --- What is told --- */

static json_t *tell_tasks(void)
{
    json_t *list = json_array();

    for (size_t i = 0; i < STORY_TASKS; i++) {
        json_t *after = json_array();
        for (const char *at = story_tasks[i].after; at != NULL && *at != '\0'; at++)
            if (*at != ' ')
                json_array_append_new(after, json_stringn(at, 1));
        json_array_append_new(list,
                              json_pack("{s:s, s:o}", "name", story_tasks[i].name, "after", after));
    }
    return list;
}

static json_t *tell_runs(int64_t execution)
{
    json_t *list = json_array();

    for (int i = 0; i < run_count; i++)
        if (runs[i].execution == execution)
            json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:{s:i}}", "task", runs[i].task,
                                                  "attempt", (json_int_t)runs[i].attempt, "answer",
                                                  "done", "set", runs[i].task, 1));
    return list;
}

void story_check(weir_runner *runner, int64_t id)
{
    json_t *result = flow_result(runner, id);
    json_t *story = json_pack("{s:o, s:o, s:o, s:O}", "tasks", tell_tasks(), "runs", tell_runs(id),
                              "events", flow_events(runner, id), "result", result);
    char wrong[1024];

    assert_true(run_count < MOST_RUNS);
    if (!checker_hear(story, wrong, sizeof wrong))
        fail_msg("execution %lld: %s", (long long)id, wrong);
    assert_string_equal(flow_status(result), "Completed");
    json_decref(story);
    json_decref(result);
}
