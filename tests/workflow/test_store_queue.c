/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_queue.c - whom every kind of store serves first, and what it lists (F7, F8, F13, F16).
 */
#include "tests/workflow/store_bench.h"

/* More executions of the plan, each with its first task Ready with a priority and a tag. */
static int64_t add_ready(bench *b, const char *version, int64_t priority, const char *tag)
{
    const weir_store_kind *kind = b->store->kind;
    store_plan w = {.version = version, .workflow = version, .text = "{}"};
    store_execution row = {.workflow = version, .input = "{}", .unfinished = 9, .created = 5};
    store_task task = {.name = "a", .priority = priority, .tag = tag};
    int64_t id = 0;

    bench_begin(b->store);
    FLOW_OK(kind->add_plan(b->store, &w, &row.plan, &error));
    FLOW_OK(kind->add_execution(b->store, &row, &id, &error));
    for (task.position = 0; task.position < 4; task.position++)
        FLOW_OK(kind->add_task(b->store, id, row.plan, &task, 5, &error));
    bench_commit(b->store);
    b->plan = row.plan;
    for (int64_t i = 0; i < 4; i++) {
        store_task_move ready = READY(i);
        ready.execution = id;
        FLOW_OK(bench_move(b, ready, &error));
    }
    return id;
}

/* One flood does not keep others waiting: a task of each execution in turn. */
static void executions_take_turns(bench *b)
{
    int64_t first = add_ready(b, "x", 0, NULL), second = add_ready(b, "x", 0, NULL);
    store_lane lane = {.plan = b->plan};
    claims got;

    assert_int_equal(bench_claim(b, &lane, 1, 0, 16, &got), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(got.items[i].execution, i % 2 == 0 ? first : second);
        assert_int_equal(got.items[i].position, i / 2);
    }
    /* Who comes later comes in where the others are, not before what they did long ago. */
    assert_int_equal(add_ready(b, "x", 0, NULL), second + 1);
}

/* Tasks that begin as Ready stand in the queue as those do that become so, one round after the
 * other, and their events are the same. */
static void a_task_may_begin_as_ready(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    int64_t other = add_ready(b, "x", 0, NULL), id = 0;
    store_lane lane = {.plan = b->plan};
    store_execution row = {
        .plan = b->plan, .workflow = "x", .input = "{}", .unfinished = 4, .ready = 4, .created = 5};
    store_task task = {.name = "a", .state = STORE_READY};
    claims got;

    bench_begin(b->store);
    FLOW_OK(kind->add_execution(b->store, &row, &id, &error));
    for (task.position = 0; task.position < 4; task.position++) {
        task.behind = 3 - task.position;
        FLOW_OK(kind->add_task(b->store, id, row.plan, &task, 5, &error));
    }
    bench_commit(b->store);
    b->execution = id;
    assert_int_equal(bench_count_events(b), 1 + 4 * 2);
    assert_int_equal(bench_read_task(b, 2).row.state, STORE_READY);
    assert_int_equal(bench_claim(b, &lane, 1, 0, 16, &got), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(got.items[i].execution, i % 2 == 0 ? other : id);
        assert_int_equal(got.items[i].position, i / 2);
    }
}

/* More than are asked about at once; one is refused, and all others are done. */
static void several_move_together(bench *b)
{
    enum { MANY = 150 };
    const weir_store_kind *kind = b->store->kind;
    store_execution row = {
        .plan = b->plan, .workflow = "w", .input = "{}", .unfinished = MANY, .created = 5};
    store_task_move moves[MANY];
    bool refused[MANY];

    bench_begin(b->store);
    FLOW_OK(kind->add_execution(b->store, &row, &b->execution, &error));
    for (size_t i = 0; i < MANY; i++) {
        store_task task = {.position = (int64_t)i, .name = "a"};
        FLOW_OK(kind->add_task(b->store, b->execution, b->plan, &task, 5, &error));
        moves[i] = READY((int64_t)i);
        moves[i].execution = b->execution;
        moves[i].from = i == 77 ? STORE_DEFERRED : STORE_PENDING;
    }
    FLOW_OK(kind->move_tasks(b->store, moves, MANY, refused, &error));
    bench_commit(b->store);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(refused[i], i == 77);
        assert_int_equal(bench_read_task(b, (int64_t)i).row.state,
                         i == 77 ? STORE_PENDING : STORE_READY);
    }
}

static void plans_take_turns_behind_priority(bench *b)
{
    store_lane lanes[3];
    int64_t ids[3];
    claims got;

    for (size_t i = 0; i < 3; i++) {
        static const char *const versions[] = {"x", "y", "z"};
        ids[i] = add_ready(b, versions[i], i == 2 ? 1 : 0, NULL);
        lanes[i] = (store_lane){.plan = b->plan};
    }
    assert_int_equal(bench_claim(b, lanes, 3, 0, 8, &got), 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(got.items[i].execution, i < 4 ? ids[2] : ids[i % 2]);
    /* What this runner has no code for it leaves; what another execution has, too. */
    assert_int_equal(bench_claim(b, &lanes[0], 1, ids[1], 8, &got), 0);
    assert_int_equal(bench_claim(b, &lanes[1], 1, ids[1], 8, &got), 2);
}

static void a_tag_has_a_limit(bench *b)
{
    int64_t id = add_ready(b, "x", 0, "gpu");
    store_lane lanes[] = {{.plan = b->plan}, {.plan = b->plan, .tag = "gpu", .limit = 2}};
    claims got;

    add_ready(b, "x", 0, NULL);
    assert_int_equal(bench_claim(b, lanes, 2, 0, 16, &got), 6);
    assert_int_equal(bench_claim(b, lanes, 2, 0, 16, &got), 0);
    b->execution = id;
    FLOW_OK(bench_move(
        b,
        (store_task_move){
            .from = STORE_RUNNING, .to = STORE_COMPLETED, .token = 1, .verdict = STORE_SUCCESS},
        &error));
    assert_int_equal(bench_claim(b, lanes, 2, 0, 16, &got), 1);
    assert_int_equal(got.items[0].execution, id);
    assert_int_equal(got.items[0].position, 2);
}

static weir_status take_position(void *arg, const store_task *row, weir_error **error)
{
    (void)error;
    *(int64_t *)arg = row->position;
    return WEIR_OK;
}

static int64_t listed(bench *b, store_list list, int64_t number)
{
    int64_t position = -1;

    ALONE(b,
          b->store->kind->each_listed(b->store, list, number, 5, take_position, &position, &error));
    return position;
}

/* What is due later cannot be claimed until it is queued. */
static void it_is_not_claimed_before_it_is_due(bench *b)
{
    store_task_move later = READY(0);
    int64_t ask, due = 0;

    later.due = 100;
    FLOW_OK(bench_move(b, later, &error));
    assert_int_equal(bench_claim_one(b), -1);
    ALONE(b, b->store->kind->next_due(b->store, &(store_asked){0}, &due, &ask, &error));
    assert_int_equal(due, 100);
    assert_int_equal(listed(b, STORE_DUE, 99), -1);
    assert_int_equal(listed(b, STORE_DUE, 100), 0);
    ALONE(b, b->store->kind->queue(b->store, b->execution, 0, &error));
    assert_int_equal(bench_claim_one(b), 0);
    ALONE(b, b->store->kind->next_due(b->store, &(store_asked){0}, &due, &ask, &error));
    assert_true(due == INT64_MAX);
}

/* Who has ended stays so, and what it had claimed is listed. */
static void runners_beat_until_they_end(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    int64_t offers = 9;

    ALONE(b, kind->beat(b->store, b->runner, 6, &error));
    ALONE(b, kind->offer(b->store, b->runner, b->plan, &error));
    ALONE(b, kind->offer(b->store, b->runner, b->plan, &error));
    ALONE(b, kind->count_offers(b->store, b->plan, &offers, &error));
    assert_int_equal(offers, 1);
    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(bench_claim_one(b), 0);
    assert_int_equal(listed(b, STORE_LOST, 0), -1);
    ALONE(b, kind->end_runner(b->store, b->runner, 7, &error));
    assert_int_equal(listed(b, STORE_LOST, 0), 0);
    ALONE(b, kind->count_offers(b->store, b->plan, &offers, &error));
    assert_int_equal(offers, 0);
    bench_begin(b->store);
    FLOW_FAILS(WEIR_STATE, "was ended", kind->beat(b->store, b->runner, 8, &error));
    bench_commit(b->store);
}

static weir_status count_execution(void *arg, const store_execution *row, weir_error **error)
{
    (void)row;
    (void)error;
    ++*(int64_t *)arg;
    return WEIR_OK;
}

static int64_t count_stuck(bench *b, int64_t *last)
{
    int64_t count = 0;

    ALONE(b, b->store->kind->each_stuck(b->store, 0, 5, count_execution, &count, last, &error));
    return count;
}

/* One of which nothing is Ready, Running or Deferred; not one that is held or has ended. */
static void stuck_executions_are_found(bench *b)
{
    int64_t last = 0;

    assert_int_equal(count_stuck(b, &last), 1);
    assert_int_equal(last, b->execution);
    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(count_stuck(b, &last), 0);
    assert_int_equal(last, b->execution);
    FLOW_OK(bench_move_whole(b, (store_execution_move){.from = STORE_PENDING, .to = STORE_PAUSED},
                             &error));
    assert_int_equal(count_stuck(b, &last), 0);
    assert_int_equal(last, 0);
}

/* A running task of an execution that has ended, and a deadline, which ends with it. */
static void an_execution_that_ends_dooms_its_tasks(bench *b)
{
    int64_t count = 0, due = 0, ask = 0;

    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(bench_claim_one(b), 0);
    FLOW_OK(bench_move_whole(
        b, (store_execution_move){.from = STORE_PENDING, .to = STORE_RUNNING, .deadline = 50},
        &error));
    ALONE(b, b->store->kind->next_due(b->store, &(store_asked){0}, &due, &ask, &error));
    assert_int_equal(due, 50);
    ALONE(b, b->store->kind->each_overdue(b->store, 49, 5, count_execution, &count, &error));
    assert_int_equal(count, 0);
    ALONE(b, b->store->kind->each_overdue(b->store, 50, 5, count_execution, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(listed(b, STORE_DOOMED, b->runner), -1);
    FLOW_OK(bench_move_whole(
        b, (store_execution_move){.from = STORE_RUNNING, .to = STORE_CANCELLED}, &error));
    assert_int_equal(listed(b, STORE_DOOMED, b->runner), 0);
    assert_int_equal(listed(b, STORE_DOOMED, b->runner + 1), -1);
    ALONE(b, b->store->kind->next_due(b->store, &(store_asked){0}, &due, &ask, &error));
    assert_true(due == INT64_MAX);
}

/* Newest first, some at a time. */
static void executions_are_listed(bench *b)
{
    store_filter filter = {.workflow = "x", .most = 2};
    int64_t count = 0, oldest = 0;

    for (int i = 0; i < 3; i++)
        oldest = add_ready(b, "x", 0, NULL) - i;
    ALONE(b, b->store->kind->each_execution(b->store, &filter, count_execution, &count, &error));
    assert_int_equal(count, 2);
    filter.before = oldest + 1;
    ALONE(b, b->store->kind->each_execution(b->store, &filter, count_execution, &count, &error));
    assert_int_equal(count, 3);
    filter = (store_filter){.state = STORE_RUNNING, .most = 9};
    ALONE(b, b->store->kind->each_execution(b->store, &filter, count_execution, &count, &error));
    assert_int_equal(count, 3);
}

/* --- What waits --- */

static int64_t asked(bench *b, store_asked which)
{
    int64_t position = -1;

    which.most = 5;
    ALONE(b, b->store->kind->each_asked(b->store, &which, take_position, &position, &error));
    return position;
}

static int64_t next_ask(bench *b, int64_t runner)
{
    int64_t due, ask = 0;

    ALONE(b,
          b->store->kind->next_due(b->store, &(store_asked){.runner = runner}, &due, &ask, &error));
    return ask;
}

/* It is listed to those who have its code, at its time, while its execution is not held; who asks
 * moves that on and has a token of his own; in the end it goes on as the same run. */
static void a_condition_is_asked_by_one_at_a_time(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    store_task_move waits = {.from = STORE_RUNNING,
                             .to = STORE_DEFERRED,
                             .awaits = "there",
                             .ask = 30,
                             .patience = 90,
                             .due = 90,
                             .writes = "{\"set\":{}}"};
    store_task_move goes_on = {
        .from = STORE_DEFERRED, .to = STORE_READY, .keeps = true, .resumes = true};

    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(bench_claim_one(b), 0);
    FLOW_OK(bench_move(b, waits, &error));
    assert_true(next_ask(b, b->runner) == INT64_MAX); /* nobody has its code */
    ALONE(b, kind->offer(b->store, b->runner, b->plan, &error));
    assert_int_equal(next_ask(b, b->runner), 30);
    assert_true(next_ask(b, b->runner + 1) == INT64_MAX);
    assert_int_equal(asked(b, (store_asked){.runner = b->runner, .time = 29}), -1);
    assert_int_equal(asked(b, (store_asked){.runner = b->runner, .time = 30}), 0);
    assert_int_equal(asked(b, (store_asked){.runner = b->runner, .time = 30, .root = 77}), -1);
    assert_int_equal(listed(b, STORE_DUE, 89), -1);
    assert_int_equal(listed(b, STORE_DUE, 90), 0); /* it has waited for long enough */

    task_copy task = bench_read_task(b, 0);
    store_asking mine = {
        .execution = b->execution, .token = task.row.token, .runner = b->runner, .ask = 60};
    ALONE(b, kind->ask_at(b->store, &mine, &error));
    bench_begin(b->store);
    FLOW_FAILS(WEIR_STATE, "does not wait for a condition that could be asked",
               kind->ask_at(b->store, &mine, &error));
    bench_commit(b->store);
    assert_int_equal(next_ask(b, b->runner), 60);

    FLOW_OK(bench_move_whole(b, (store_execution_move){.from = STORE_PENDING, .to = STORE_PAUSED},
                             &error));
    assert_true(next_ask(b, b->runner) == INT64_MAX);
    FLOW_OK(bench_move_whole(b, (store_execution_move){.from = STORE_PAUSED, .to = STORE_RUNNING},
                             &error));
    assert_int_equal(next_ask(b, b->runner), 9); /* the time of that move */
    FLOW_OK(bench_move(b, goes_on, &error));
    assert_true(next_ask(b, b->runner) == INT64_MAX);
    assert_int_equal(bench_claim_one(b), 0);
    task = bench_read_task(b, 0);
    assert_int_equal(task.row.attempt, 1);
    assert_int_equal(task.row.patience, 90);
    assert_string_equal(task.writes, "{\"set\":{}}");
}

static weir_status take_child(void *arg, const store_execution *row, weir_error **error)
{
    int64_t *sum = arg;

    (void)error;
    *sum = *sum * 10 + row->item;
    return WEIR_OK;
}

static weir_status take_slot(void *arg, const store_execution *row, weir_error **error)
{
    (void)error;
    *(int64_t *)arg = row->slot * 100 + row->slot_day;
    return WEIR_OK;
}

/* What a run has begun, in order; what is below a root; hooks are not among the former. */
static void children_are_listed(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    static const int64_t items[] = {3, 1, 2};
    int64_t id = 0, sum = 0, below = 0;
    store_filter live = {.parent = b->execution, .most = 9};
    store_filter scheduled = {.workflow = "w/a", .scheduled = true, .most = 9};
    store_execution row = {.workflow = "w/a",
                           .input = "{}",
                           .unfinished = 1,
                           .plan = b->plan,
                           .role = STORE_ROLE_ITEM,
                           .parent = b->execution,
                           .parent_token = 4,
                           .root = b->execution};

    for (size_t i = 0; i < 3; i++) {
        row.item = items[i];
        ALONE(b, kind->add_execution(b->store, &row, &id, &error));
    }
    row.role = STORE_ROLE_HOOK;
    ALONE(b, kind->add_execution(b->store, &row, &id, &error));
    row.role = STORE_ROLE_ITEM;
    row.parent_token = 5;
    row.item = 7;
    row.slot = 11; /* of what has begun it: its own workflow's schedule has not started it */
    row.slot_day = 12;
    ALONE(b, kind->add_execution(b->store, &row, &id, &error));
    ALONE(b, kind->each_execution(b->store, &scheduled, take_child, &sum, &error));
    assert_int_equal(sum, 0);
    ALONE(b, kind->find_execution(b->store, id, NULL, NULL, false, take_slot, &sum, &error));
    assert_int_equal(sum, 1112);
    sum = 0;
    ALONE(b, kind->each_child(b->store, b->execution, 0, 4, take_child, &sum, &error));
    assert_int_equal(sum, 123);
    sum = 0;
    ALONE(b, kind->each_child(b->store, b->execution, 0, 0, take_child, &sum, &error));
    assert_int_equal(sum, 1237);
    sum = 0;
    ALONE(b, kind->each_execution(b->store, &live, take_child, &sum, &error));
    assert_int_equal(sum, 3127);
    ALONE(b, kind->count_below(b->store, b->execution, &below, &error));
    assert_int_equal(below, 5);
}

/* What one run has begun can become that of a later one; what nobody has begun cannot. */
static void children_are_adopted(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    int64_t id = 0, sum = 0;
    const store_execution row = {.workflow = "w/a",
                                 .input = "{}",
                                 .unfinished = 1,
                                 .plan = b->plan,
                                 .role = STORE_ROLE_ITEM,
                                 .parent = b->execution,
                                 .parent_token = 1,
                                 .item = 3,
                                 .root = b->execution};

    ALONE(b, kind->add_execution(b->store, &row, &id, &error));
    bench_begin(b->store);
    FLOW_FAILS(WEIR_STATE, "nobody has begun execution",
               kind->adopt(b->store, b->execution, 2, &error));
    bench_commit(b->store);
    ALONE(b, kind->adopt(b->store, id, 2, &error));
    ALONE(b, kind->each_child(b->store, b->execution, 0, 1, take_child, &sum, &error));
    assert_int_equal(sum, 0);
    ALONE(b, kind->each_child(b->store, b->execution, 0, 2, take_child, &sum, &error));
    assert_int_equal(sum, 3);
}

static void test_suite(void **state)
{
    (void)state;
    static const bench_test suite[] = {
        executions_take_turns,
        a_task_may_begin_as_ready,
        several_move_together,
        plans_take_turns_behind_priority,
        a_tag_has_a_limit,
        it_is_not_claimed_before_it_is_due,
        runners_beat_until_they_end,
        stuck_executions_are_found,
        an_execution_that_ends_dooms_its_tasks,
        executions_are_listed,
        a_condition_is_asked_by_one_at_a_time,
        children_are_listed,
        children_are_adopted,
    };

    bench_run_all(suite, sizeof suite / sizeof *suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
