/* SPDX-License-Identifier: Apache-2.0 */
/* test_cost.c - what a task costs does not grow with its workflow, nor with what else is pending:
 * counted in statements and rows of the store, not in time. With a number N it prints what shapes
 * of 100, 1,000 .. N tasks cost: build/dev/tests/workflow/test_workflow_cost 10000 */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

typedef struct cost {
    double statements, rows, transactions, us;
} cost;

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

static weir_answer writes(weir_task *task)
{
    weir_task_set_integer(task, "same", weir_task_attempt(task));
    return WEIR_TASK_DONE;
}

/* --- Shapes: what task `at` of `count` comes after --- */

static uint32_t chain(uint32_t at, uint32_t count, uint32_t *after)
{
    (void)count;
    after[0] = at - 1;
    return at != 0;
}

static uint32_t fan(uint32_t at, uint32_t count, uint32_t *after)
{
    if (at != count - 1) {
        after[0] = 0;
        return at != 0;
    }
    for (uint32_t i = 1; i < at; i++)
        after[i - 1] = i;
    return at - 1;
}

/* Ten side by side, each after all of the ten before. */
static uint32_t layers(uint32_t at, uint32_t count, uint32_t *after)
{
    (void)count;
    for (uint32_t i = 0; at >= 10 && i < 10; i++)
        after[i] = at / 10 * 10 - 10 + i;
    return at >= 10 ? 10 : 0;
}

static const struct shape {
    const char *name;
    uint32_t (*after)(uint32_t at, uint32_t count, uint32_t *after);
    weir_task_function call;
} shapes[] = {{"chain", chain, done},
              {"chain that writes", chain, writes},
              {"fan", fan, done},
              {"layers", layers, writes}};

/* What waits, or has ended, beside what is measured. */
static const flow_task others[] = {
    {"a", NULL, done, NULL, NULL}, {"b", "a", done, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};

static flow *make(const struct shape *shape, uint32_t count)
{
    flow *f = weir_alloc(sizeof *f);
    weir_module_task *tasks = weir_arena_alloc(&f->arena, count * sizeof *tasks);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t *after =
            weir_arena_alloc(&f->arena, (i == count - 1 ? count : 10) * sizeof *after);
        tasks[i] = (weir_module_task){.name = weir_arena_printf(&f->arena, "t%u", i),
                                      .call = shape->call,
                                      .call_name = "done",
                                      .after = after,
                                      .after_count = shape->after(i, count, after)};
    }
    f->workflow = (weir_module_workflow){.name = "flow", .tasks = tasks, .task_count = count};
    f->module = (weir_module){.generation = WEIR_GENERATION,
                              .name = "test",
                              .workflows = &f->workflow,
                              .workflow_count = 1};
    flow_add_workflow(f, "other", others);
    return f;
}

/* Runs one execution beside others: so many that wait, so many that have ended. */
static cost run(const struct shape *shape, uint32_t count, int pending, int ended)
{
    flow *f = make(shape, count);
    weir_runner *runner = flow_runner(flow_new_store(), f, true);
    const store_counts *now = &runner->ledger.store->counts;
    int64_t id = 0;

    FLOW_OK(ledger_begin(&runner->ledger, true, &error));
    for (int i = 0; i < pending + ended; i++) {
        FLOW_OK(ledger_start(&runner->ledger, runner->ledger.plans[1], "{}", NULL, &id, &error));
        if (i < ended)
            FLOW_OK(ledger_cancel(&runner->ledger, id, "", &error));
    }
    FLOW_OK(ledger_start(&runner->ledger, runner->ledger.plans[0], "{}", NULL, &id, &error));
    FLOW_OK(ledger_end(&runner->ledger, WEIR_OK, &error));
    store_counts before = *now;
    int64_t begun = weir_monotonic_now();
    FLOW_OK(weir_workflow_run(runner, id, &error));
    cost c = {.statements = (double)(now->statements - before.statements) / count,
              .rows = (double)(now->rows - before.rows) / count,
              .transactions = (double)(now->transactions - before.transactions) / count,
              .us = (double)(weir_monotonic_now() - begun) / 1000 / count};
    weir_runner_close(runner);
    flow_free(f);
    return c;
}

static void a_task_costs_the_same_in_a_larger_workflow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        cost small = run(&shapes[i], 50, 0, 0), large = run(&shapes[i], 400, 0, 0);
        if (large.statements > small.statements * 1.2 || large.rows > small.rows * 1.2)
            fail_msg("%s: %.1f statements and %.1f rows a task, of 50 tasks %.1f and %.1f",
                     shapes[i].name, large.statements, large.rows, small.statements, small.rows);
        assert_true(large.transactions < 1.5);
    }
}

static void a_task_costs_the_same_beside_others(void **state)
{
    (void)state;
    cost alone = run(&shapes[0], 20, 0, 0);
    const cost beside[] = {run(&shapes[0], 20, 500, 0), run(&shapes[0], 20, 0, 500)};

    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        assert_true(beside[i].statements < alone.statements * 1.2);
        assert_true(beside[i].rows < alone.rows * 1.2);
    }
}

/* Side by side, several tasks share a commit. */
static void tasks_share_commits(void **state)
{
    (void)state;
    assert_true(run(&shapes[2], 400, 0, 0).transactions < 0.8);
}

static void print_beside(const char *what, int beside, cost c)
{
    printf("chain of 1000 beside %7d %-7s: %5.1f statements, %5.1f rows, %7.1f us a task\n", beside,
           what, c.statements, c.rows, c.us);
}

static int print(uint32_t most)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (uint32_t count = 100; count <= most; count *= 10) {
            cost c = run(&shapes[i], count, 0, 0);
            printf("%-18s %6u tasks: %5.1f statements, %5.1f rows, %4.2f transactions, %7.1f us a "
                   "task\n",
                   shapes[i].name, count, c.statements, c.rows, c.transactions, c.us);
        }
    for (int beside = 0; beside <= (int)most * 10; beside = beside == 0 ? 1000 : beside * 10) {
        print_beside("pending", beside, run(&shapes[0], 1000, beside, 0));
        print_beside("ended", beside, run(&shapes[0], 1000, 0, beside));
    }
    return 0;
}

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_costs_the_same_in_a_larger_workflow),
        cmocka_unit_test(a_task_costs_the_same_beside_others),
        cmocka_unit_test(tasks_share_commits),
    };

    if (count == 2)
        return print((uint32_t)strtoul(words[1], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
