/* SPDX-License-Identifier: Apache-2.0 */
/* workflow_peers.c - weir's side of bench/workflow_peers.py: workflow_peers STORE SHAPE AT_ONCE
 * COUNT.
 *
 * SHAPE `steps`: COUNT executions of three steps, each of which adds one, AT_ONCE of them in
 * flight; `fan`: COUNT executions of 1,000 tasks, AT_ONCE of those in flight, and one behind them
 * all. On threads. Tells one JSON line: {"per_second","p50_ms","p99_ms","rss_mib"}.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/harness.h"
#include "core/arena.h"
#include "workflow/runner.h"

enum { FAN = 1000, MOST = 100000 };

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

/* --- Executions in flight --- */

static struct {
    pthread_mutex_t mutex;
    int64_t ids[MOST]; /* whose last task has ended */
    size_t count;
} ends = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static int64_t began[MOST]; /* by id */
static double took[MOST];   /* milliseconds */
static size_t took_count;

static void note_end(int64_t id)
{
    pthread_mutex_lock(&ends.mutex);
    ends.ids[ends.count++] = id;
    pthread_mutex_unlock(&ends.mutex);
}

static weir_answer add_one(weir_task *task)
{
    int64_t value = 0;

    weir_task_get_integer(task, "value", &value);
    weir_task_set_integer(task, "value", value + 1);
    if (weir_task_name(task)[0] == 'z')
        note_end(weir_task_execution(task));
    return WEIR_TASK_DONE;
}

static weir_answer does_nothing(weir_task *task)
{
    if (weir_task_name(task)[0] == 'z')
        note_end(weir_task_execution(task));
    return WEIR_TASK_DONE;
}

/* --- The workflows --- */

static const weir_setting on_threads = {.name = "isolate", .text = "none"};

static weir_module_workflow make_steps(weir_arena *arena)
{
    static const char *const names[] = {"x", "y", "z"};
    static const uint32_t before[] = {0, 0, 1};
    weir_module_task *tasks = weir_arena_alloc(arena, 3 * sizeof *tasks);

    for (uint32_t i = 0; i < 3; i++)
        tasks[i] = (weir_module_task){.name = names[i],
                                      .call = add_one,
                                      .call_name = "add_one",
                                      .after = &before[i],
                                      .after_count = i != 0,
                                      .settings = {.items = &on_threads, .count = 1}};
    return (weir_module_workflow){.name = "bench", .tasks = tasks, .task_count = 3};
}

static weir_module_workflow make_fan(weir_arena *arena)
{
    weir_module_task *tasks = weir_arena_alloc(arena, (FAN + 1) * sizeof *tasks);
    uint32_t *all = weir_arena_alloc(arena, FAN * sizeof *all);

    for (uint32_t i = 0; i <= FAN; i++) {
        tasks[i] = (weir_module_task){.name = i < FAN ? weir_arena_printf(arena, "t%u", i) : "z",
                                      .call = does_nothing,
                                      .call_name = "does_nothing",
                                      .after = all,
                                      .after_count = i < FAN ? 0 : FAN,
                                      .settings = {.items = &on_threads, .count = 1}};
        if (i < FAN)
            all[i] = i;
    }
    return (weir_module_workflow){.name = "bench", .tasks = tasks, .task_count = FAN + 1};
}

/* --- The run --- */

static void start(weir_runner *runner)
{
    weir_error *error = NULL;
    int64_t id = 0, now = bench_now_ns();

    check(weir_workflow_start(runner, "bench", NULL, NULL, &id, &error), error);
    if (id >= MOST)
        bench_die("the store has more than %d executions", MOST);
    began[id] = now;
    runner->hungry = true;
}

/* The most that it had at once, without that of the program that began it. */
static double most_memory(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[200];
    double kib = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtod(line + 6, NULL);
    if (file != NULL)
        fclose(file);
    return kib / 1024;
}

/* A turn records what had ended before it. */
static size_t turn(weir_runner *runner)
{
    weir_error *error = NULL;

    pthread_mutex_lock(&ends.mutex);
    size_t count = ends.count;
    pthread_mutex_unlock(&ends.mutex);
    check(runner_turn(runner, &error), error);
    for (; took_count < count; took_count++)
        took[took_count] = (double)(bench_now_ns() - began[ends.ids[took_count]]) / 1e6;
    return count;
}

static double run_all(weir_runner *runner, size_t at_once, size_t count)
{
    int64_t first = bench_now_ns();
    size_t started = 0, ended = 0;

    while (ended < count) {
        for (; started < count && started < ended + at_once; started++)
            start(runner);
        size_t before = ended;
        ended = turn(runner);
        if (ended == before)
            runner_wait(runner);
    }
    return (double)(bench_now_ns() - first) / 1e9;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

int main(int count, char **arguments)
{
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    weir_arena arena = {0};

    if (count != 5)
        bench_die("workflow_peers STORE SHAPE AT_ONCE COUNT");
    bool steps = strcmp(arguments[2], "steps") == 0;
    size_t executions = strtoul(arguments[4], NULL, 10);
    weir_module_workflow workflow = steps ? make_steps(&arena) : make_fan(&arena);
    const weir_module module = {.generation = WEIR_GENERATION,
                                .name = "bench",
                                .workflows = &workflow,
                                .workflow_count = 1};
    const weir_setting slots = {.name = "slots", .text = arguments[3]};
    check(weir_runner_open(arguments[1], &slots, 1, &runner, &error), error);
    check(weir_runner_load(runner, &module, NULL, &error), error);
    check(runner_turn(runner, &error), error);
    double seconds = run_all(runner, steps ? strtoul(arguments[3], NULL, 10) : 1, executions);
    qsort(took, executions, sizeof *took, compare);
    printf("{\"per_second\":%.2f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"rss_mib\":%.1f}\n",
           (double)executions / seconds, took[executions / 2], took[executions * 99 / 100],
           most_memory());
    weir_runner_close(runner);
    weir_arena_free(&arena);
    return 0;
}
