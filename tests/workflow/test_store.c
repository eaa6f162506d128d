/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - what every kind of store holds (F1, F6, F8, F17). A further kind is one more line
 * in `kinds`. */
#include "tests/workflow/flow.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *(*new_url)(void);
} kinds[] = {{"sqlite", flow_new_store}};

static const int64_t BUSY = 30000000000;

/* One store with one execution of two tasks; the second waits for the first. */
typedef struct bench {
    char url[256];
    weir_store *store;
    int64_t runner, execution;
} bench;

static weir_status add_all(bench *b, const char *key, weir_error **error)
{
    const weir_store_kind *kind = b->store->kind;
    store_execution row = {
        .workflow = "w", .version = "v", .key = key, .input = "{}", .unfinished = 2, .created = 5};
    store_task first = {.position = 0, .name = "a"};
    store_task second = {.position = 1, .name = "b", .waiting = 1};
    weir_status status = kind->add_plan(b->store, "v", "w", "{}", error);

    if (status == WEIR_OK)
        status = kind->add_execution(b->store, &row, &b->execution, error);
    if (status == WEIR_OK)
        status = kind->add_task(b->store, b->execution, &first, 5, error);
    if (status == WEIR_OK)
        status = kind->add_task(b->store, b->execution, &second, 5, error);
    return status;
}

static void open_bench(bench *b, size_t kind)
{
    snprintf(b->url, sizeof b->url, "%s", kinds[kind].new_url());
    FLOW_OK(store_open(b->url, BUSY, &b->store, &error));
    FLOW_OK(b->store->kind->join(b->store, "test", &b->runner, &error));
    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(add_all(b, "key", &error));
    FLOW_OK(b->store->kind->commit(b->store, &error));
}

static weir_status move(bench *b, store_task_move what, weir_error **error)
{
    weir_status status = b->store->kind->begin(b->store, error);

    if (status != WEIR_OK)
        return status;
    what.execution = b->execution;
    what.time = what.time != 0 ? what.time : 9;
    status = b->store->kind->move_task(b->store, &what, error);
    if (status == WEIR_OK)
        return b->store->kind->commit(b->store, error);
    b->store->kind->rollback(b->store);
    return status;
}

static weir_status move_whole(bench *b, store_execution_move what, weir_error **error)
{
    weir_status status = b->store->kind->begin(b->store, error);

    if (status != WEIR_OK)
        return status;
    what.execution = b->execution;
    status = b->store->kind->move_execution(b->store, &what, error);
    if (status == WEIR_OK)
        return b->store->kind->commit(b->store, error);
    b->store->kind->rollback(b->store);
    return status;
}

/* --- Reading --- */

typedef struct task_copy {
    store_task row;
    char writes[64], reason[64];
} task_copy;

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    task_copy *copy = arg;

    (void)error;
    copy->row = *row;
    snprintf(copy->writes, sizeof copy->writes, "%s", row->writes != NULL ? row->writes : "");
    snprintf(copy->reason, sizeof copy->reason, "%s", row->reason != NULL ? row->reason : "");
    return WEIR_OK;
}

static task_copy read_task(bench *b, int64_t position)
{
    task_copy copy = {0};

    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(b->store->kind->find_task(b->store, b->execution, position, take_task, &copy, &error));
    b->store->kind->rollback(b->store);
    return copy;
}

static weir_status count_event(void *arg, const store_event *row, weir_error **error)
{
    (void)row;
    (void)error;
    ++*(size_t *)arg;
    return WEIR_OK;
}

static size_t count_events(bench *b)
{
    size_t count = 0;

    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(b->store->kind->each_event(b->store, b->execution, count_event, &count, &error));
    b->store->kind->rollback(b->store);
    return count;
}

/* --- The suite --- */

#define READY(position_)                                                                           \
    (store_task_move)                                                                              \
    {                                                                                              \
        .position = position_, .from = STORE_PENDING, .to = STORE_READY, .due = 7                  \
    }
#define CLAIM(position_, runner_)                                                                  \
    (store_task_move)                                                                              \
    {                                                                                              \
        .position = position_, .from = STORE_READY, .to = STORE_RUNNING, .runner = runner_         \
    }

static void a_task_from_its_start_to_its_end(bench *b)
{
    size_t before = count_events(b);

    assert_int_equal(before, 3);
    FLOW_OK(move(b, READY(0), &error));
    assert_int_equal(read_task(b, 0).row.due, 7);
    FLOW_OK(move(b, CLAIM(0, b->runner), &error));
    task_copy task = read_task(b, 0);
    assert_int_equal(task.row.state, STORE_RUNNING);
    assert_int_equal(task.row.attempt, 1);
    assert_int_equal(task.row.token, 1);
    assert_int_equal(task.row.runner, b->runner);
    store_task_move end = {.from = STORE_RUNNING,
                           .to = STORE_COMPLETED,
                           .token = 1,
                           .spent = true,
                           .verdict = STORE_SUCCESS,
                           .writes = "{\"set\":{}}",
                           .reason = "why"};
    FLOW_OK(move(b, end, &error));
    task = read_task(b, 0);
    assert_int_equal(task.row.state, STORE_COMPLETED);
    assert_int_equal(task.row.verdict, STORE_SUCCESS);
    assert_int_equal(task.row.spent, 1);
    assert_string_equal(task.writes, "{\"set\":{}}");
    assert_string_equal(task.reason, "why");
    assert_int_equal(count_events(b), before + 3);
}

/* Every pair of states, against the table of what may be; what is refused leaves no trace. */
static void other_transitions_are_refused(bench *b)
{
    for (int from = STORE_PENDING; from <= STORE_CANCELLED; from++)
        for (int to = STORE_PENDING; to <= STORE_CANCELLED; to++) {
            store_task_move what = {.from = (store_state)from, .to = (store_state)to};
            what.verdict = store_state_is_end(what.to) ? STORE_NEITHER : STORE_OPEN;
            if (from == STORE_PENDING && store_may_move(true, what.from, what.to))
                continue;
            size_t before = count_events(b);
            FLOW_FAILS(WEIR_STATE, "cannot go from", move(b, what, &error));
            assert_int_equal(count_events(b), before);
        }
    assert_int_equal(read_task(b, 0).row.state, STORE_PENDING);
    FLOW_FAILS(WEIR_STATE, "cannot go from Pending to Completed",
               move_whole(b, (store_execution_move){.from = STORE_PENDING, .to = STORE_COMPLETED},
                          &error));
    /* An end without a verdict, a verdict without an end. */
    FLOW_FAILS(WEIR_STATE, "cannot go",
               move(b, (store_task_move){.from = STORE_PENDING, .to = STORE_SKIPPED}, &error));
    store_task_move odd = READY(0);
    odd.verdict = STORE_SUCCESS;
    FLOW_FAILS(WEIR_STATE, "cannot go", move(b, odd, &error));
}

static void a_lost_claim_is_refused(bench *b)
{
    store_task_move end = {
        .from = STORE_RUNNING, .to = STORE_COMPLETED, .token = 1, .verdict = STORE_SUCCESS};

    FLOW_OK(move(b, READY(0), &error));
    FLOW_OK(move(b, CLAIM(0, b->runner), &error));
    FLOW_OK(move(
        b, (store_task_move){.from = STORE_RUNNING, .to = STORE_READY, .token = 1, .lost = true},
        &error));
    FLOW_FAILS(WEIR_STATE, "cannot go", move(b, end, &error));
    FLOW_OK(move(b, CLAIM(0, b->runner), &error));
    FLOW_FAILS(WEIR_STATE, "cannot go", move(b, end, &error)); /* the token is another one now */
    end.token = 2;
    FLOW_OK(move(b, end, &error));
    task_copy task = read_task(b, 0);
    assert_int_equal(task.row.attempt, 2);
    assert_int_equal(task.row.lost, 1);
    assert_int_equal(task.row.spent, 0);
}

static void nothing_is_claimed_unless_the_execution_runs(bench *b)
{
    FLOW_OK(move(b, READY(0), &error));
    FLOW_OK(
        move_whole(b, (store_execution_move){.from = STORE_PENDING, .to = STORE_PAUSED}, &error));
    FLOW_FAILS(WEIR_STATE, "cannot go from Ready to Running", move(b, CLAIM(0, 1), &error));
    FLOW_OK(
        move_whole(b, (store_execution_move){.from = STORE_PAUSED, .to = STORE_RUNNING}, &error));
    FLOW_OK(move(b, CLAIM(0, 1), &error));
}

static void the_first_that_is_due_is_next(bench *b)
{
    task_copy copy;
    store_task_move later = READY(0);

    later.due = 8;
    FLOW_OK(move(b, later, &error));
    FLOW_OK(move(b, READY(1), &error));
    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(b->store->kind->next_ready(b->store, b->execution, take_task, &copy, &error));
    assert_int_equal(copy.row.position, 1);
    assert_int_equal(b->store->kind->next_ready(b->store, b->execution + 1, take_task, &copy, NULL),
                     WEIR_NOT_FOUND);
    b->store->kind->rollback(b->store);
}

static void counts_end_at_zero(bench *b)
{
    int64_t left = 9;

    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(b->store->kind->count_down(b->store, b->execution, 1, &left, &error));
    assert_int_equal(left, 0);
    FLOW_FAILS(WEIR_STATE, "nothing is left",
               b->store->kind->count_down(b->store, b->execution, 1, &left, &error));
    FLOW_OK(b->store->kind->count_ended(b->store, b->execution, &left, &error));
    assert_int_equal(left, 1);
    FLOW_OK(b->store->kind->count_ended(b->store, b->execution, &left, &error));
    assert_int_equal(left, 0);
    FLOW_FAILS(WEIR_STATE, "nothing is left",
               b->store->kind->count_ended(b->store, b->execution, &left, &error));
    FLOW_OK(b->store->kind->commit(b->store, &error));
}

static void what_is_rolled_back_was_not(bench *b)
{
    store_task_move what = READY(0);

    what.execution = b->execution;
    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(b->store->kind->move_task(b->store, &what, &error));
    b->store->kind->rollback(b->store);
    assert_int_equal(read_task(b, 0).row.state, STORE_PENDING);
    assert_int_equal(count_events(b), 3);
}

static weir_status take_id(void *arg, const store_execution *row, weir_error **error)
{
    (void)error;
    *(int64_t *)arg = row->id;
    return WEIR_OK;
}

static void a_key_is_used_once(bench *b)
{
    int64_t first = b->execution, found = 0;

    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(b->store->kind->find_execution(b->store, 0, "w", "key", take_id, &found, &error));
    assert_int_equal(found, first);
    assert_int_equal(
        b->store->kind->find_execution(b->store, 0, "other", "key", take_id, &found, NULL),
        WEIR_NOT_FOUND);
    FLOW_FAILS(WEIR_IO, "", add_all(b, "key", &error));
    b->store->kind->rollback(b->store);
    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_OK(add_all(b, NULL, &error));
    FLOW_OK(add_all(b, NULL, &error)); /* none is not one */
    FLOW_OK(b->store->kind->commit(b->store, &error));
    b->execution = first;
}

/* All is there when it is opened again, and who was a runner is none any more. */
static void it_lasts(bench *b)
{
    weir_store *other = NULL;
    bool alive = false;
    int64_t second = 0;

    FLOW_OK(move(b, READY(0), &error));
    FLOW_OK(store_open(b->url, BUSY, &other, &error));
    FLOW_OK(other->kind->join(other, "other", &second, &error));
    assert_int_not_equal(second, b->runner);
    FLOW_OK(other->kind->is_alive(other, b->runner, &alive, &error));
    assert_true(alive);
    FLOW_OK(other->kind->is_alive(other, second, &alive, &error));
    assert_true(alive);
    store_close(b->store);
    FLOW_OK(other->kind->is_alive(other, b->runner, &alive, &error));
    assert_false(alive);
    b->store = other;
    assert_int_equal(read_task(b, 0).row.state, STORE_READY);
}

/* Writers on handles of their own, as processes have them: nobody is turned away, nothing lost. */
enum { WRITERS = 8, NOTES = 30 };

static void *write_notes(void *arg)
{
    bench *shared = arg, own = *shared;
    store_event note = {.position = -1, .time = 1, .reason = "note"};

    FLOW_OK(store_open(shared->url, BUSY, &own.store, &error));
    for (int i = 0; i < NOTES; i++) {
        FLOW_OK(own.store->kind->begin(own.store, &error));
        FLOW_OK(own.store->kind->note(own.store, own.execution, &note, &error));
        FLOW_OK(own.store->kind->commit(own.store, &error));
    }
    store_close(own.store);
    return NULL;
}

static void writers_wait_for_each_other(bench *b)
{
    pthread_t threads[WRITERS];

    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_notes, b), 0);
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(count_events(b), 3 + WRITERS * NOTES);
}

static void a_store_that_is_held_for_too_long_says_so(bench *b)
{
    weir_store *other = NULL;

    FLOW_OK(store_open(b->url, 1000000, &other, &error));
    FLOW_OK(b->store->kind->begin(b->store, &error));
    FLOW_FAILS(WEIR_AGAIN, "another process has held the store", other->kind->begin(other, &error));
    b->store->kind->rollback(b->store);
    FLOW_OK(other->kind->begin(other, &error));
    other->kind->rollback(other);
    store_close(other);
}

static void test_conformance(void **state)
{
    (void)state;
    static void (*const suite[])(bench * b) = {
        a_task_from_its_start_to_its_end,
        other_transitions_are_refused,
        a_lost_claim_is_refused,
        nothing_is_claimed_unless_the_execution_runs,
        the_first_that_is_due_is_next,
        counts_end_at_zero,
        what_is_rolled_back_was_not,
        a_key_is_used_once,
        it_lasts,
        writers_wait_for_each_other,
        a_store_that_is_held_for_too_long_says_so,
    };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof suite / sizeof *suite; i++) {
            bench b = {0};
            open_bench(&b, k);
            suite[i](&b);
            store_close(b.store);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conformance)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
