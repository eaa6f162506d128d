/* SPDX-License-Identifier: Apache-2.0 */
/* workflow_run.c - tasks that do nothing, in weir. */
#include "bench/workflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "workflow/runner.h"

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

static weir_answer does_nothing(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

/* Long enough for all that are in flight to be so at once. */
static weir_answer sleeps(weir_task *task)
{
    (void)task;
    usleep(20000);
    return WEIR_TASK_DONE;
}

/* --- A chain, whose hops are timed --- */

typedef struct hops {
    int64_t ended; /* when the task before did */
    double *times;
    size_t count;
} hops;

static weir_answer looks_at_the_clock(weir_task *task)
{
    hops *h = weir_task_user(task);

    if (h->ended != 0)
        h->times[h->count++] = (double)(bench_now_ns() - h->ended);
    h->ended = bench_now_ns();
    return WEIR_TASK_DONE;
}

/* --- Modules by hand --- */

static weir_module_task *make_tasks(const flow_job *job, weir_task_function call, weir_arena *arena)
{
    static const weir_setting on_threads = {.name = "isolate", .text = "none"};
    static const weir_setting in_processes = {.name = "isolate", .text = "process"};
    weir_module_task *tasks = weir_arena_alloc(arena, (size_t)job->count * sizeof *tasks);

    for (uint32_t i = 0; i < (uint32_t)job->count; i++) {
        uint32_t *after = weir_arena_alloc(arena, sizeof *after);
        *after = i - 1;
        tasks[i] = (weir_module_task){
            .name = weir_arena_printf(arena, "t%u", i),
            .call = call,
            .call_name = "bench",
            .after = after,
            .after_count = job->chain && i != 0,
            .settings = {.items = job->isolated ? &in_processes : &on_threads, .count = 1}};
    }
    return tasks;
}

static weir_runner *open_runner(const flow_job *job, const weir_module *module, hops *h)
{
    char slots[16];
    const weir_setting settings[] = {{.name = "slots", .text = slots}};
    weir_runner *runner = NULL;
    weir_error *error = NULL;

    snprintf(slots, sizeof slots, "%d", job->slots);
    check(weir_runner_open(job->store, settings, 1, &runner, &error), error);
    check(weir_runner_load(runner, module, NULL, &error), error);
    weir_runner_set_user(runner, h);
    return runner;
}

static void check_end(weir_runner *runner, int64_t id)
{
    weir_error *error = NULL;
    char *text = NULL;

    check(weir_workflow_result(runner, id, &text, &error), error);
    if (strstr(text, "\"status\":\"Completed\"") == NULL)
        bench_die("execution %lld: %.300s", (long long)id, text);
    weir_free(text);
}

/* What is begun once is begun before: threads, processes, statements. */
static void warm_up(weir_runner *runner)
{
    weir_error *error = NULL;
    int64_t id = 0;

    check(weir_workflow_start(runner, "warm", NULL, NULL, &id, &error), error);
    check(weir_workflow_run(runner, id, &error), error);
}

static flow_run run_in(weir_runner *runner, const flow_job *job, hops *h)
{
    weir_error *error = NULL;
    int64_t id = 0;

    warm_up(runner);
    *h = (hops){.times = h->times};
    uint64_t before = runner->ledger.store->counts.transactions;
    int64_t began = bench_now_ns();
    check(weir_workflow_start(runner, "bench", NULL, NULL, &id, &error), error);
    check(weir_workflow_run(runner, id, &error), error);
    double seconds = (double)(bench_now_ns() - began) / 1e9;
    uint64_t commits = runner->ledger.store->counts.transactions - before;
    check_end(runner, id);
    return (flow_run){.seconds = seconds,
                      .group = (double)job->count / (double)commits,
                      .hop = h->count != 0 ? bench_median(h->times, h->count) : 0};
}

flow_run flow_job_run(const flow_job *job)
{
    static const weir_setting no_limit = {.name = "timeout", .text = "none"};
    flow_job warm = *job;
    weir_arena arena = {0};
    hops h = {.times = calloc((size_t)job->count + 200, sizeof *h.times)};

    warm.count = 2 * job->slots;
    warm.chain = false;
    const weir_module_workflow workflows[] = {
        {.name = "bench",
         .tasks = make_tasks(job, job->chain ? looks_at_the_clock : does_nothing, &arena),
         .task_count = (uint32_t)job->count,
         .settings = {.items = &no_limit, .count = 1}},
        {.name = "warm",
         .tasks = make_tasks(&warm, sleeps, &arena),
         .task_count = (uint32_t)warm.count}};
    const weir_module module = {.generation = WEIR_GENERATION,
                                .name = "bench",
                                .workflows = workflows,
                                .workflow_count = 2};
    weir_runner *runner = open_runner(job, &module, &h);
    flow_run run = run_in(runner, job, &h);
    weir_runner_close(runner);
    weir_arena_free(&arena);
    free(h.times);
    return run;
}
