/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - what every kind of store holds: transitions, transactions, keys (F1, F6, F8, F17).
 */
#include "tests/workflow/store_bench.h"

#include <pthread.h>

static void a_task_from_its_start_to_its_end(bench *b)
{
    size_t before = bench_count_events(b);

    assert_int_equal(before, 3);
    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(bench_read_task(b, 0).row.due, 7);
    assert_int_equal(bench_claim_one(b), 0);
    task_copy task = bench_read_task(b, 0);
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
    FLOW_OK(bench_move(b, end, &error));
    task = bench_read_task(b, 0);
    assert_int_equal(task.row.state, STORE_COMPLETED);
    assert_int_equal(task.row.verdict, STORE_SUCCESS);
    assert_int_equal(task.row.spent, 1);
    assert_string_equal(task.writes, "{\"set\":{}}");
    assert_string_equal(task.reason, "why");
    assert_int_equal(bench_count_events(b), before + 3);
}

/* Every pair of states, against the table of what may be; what is refused leaves no trace. */
static void other_transitions_are_refused(bench *b)
{
    for (int from = STORE_PENDING; from <= STORE_CANCELLED; from++)
        for (int to = STORE_PENDING; to <= STORE_CANCELLED; to++) {
            store_task_move what = {.from = (store_state)from, .to = (store_state)to};
            what.verdict = store_state_is_end(what.to) ? STORE_NEITHER : STORE_OPEN;
            if (from == STORE_PENDING && to != STORE_RUNNING &&
                store_may_move(true, what.from, what.to))
                continue;
            size_t before = bench_count_events(b);
            FLOW_FAILS(WEIR_STATE, "cannot go from", bench_move(b, what, &error));
            assert_int_equal(bench_count_events(b), before);
        }
    assert_int_equal(bench_read_task(b, 0).row.state, STORE_PENDING);
    FLOW_FAILS(
        WEIR_STATE, "cannot go from Pending to Completed",
        bench_move_whole(b, (store_execution_move){.from = STORE_PENDING, .to = STORE_COMPLETED},
                         &error));
    /* An end without a verdict, a verdict without an end. */
    FLOW_FAILS(
        WEIR_STATE, "cannot go",
        bench_move(b, (store_task_move){.from = STORE_PENDING, .to = STORE_SKIPPED}, &error));
    store_task_move odd = READY(0);
    odd.verdict = STORE_SUCCESS;
    FLOW_FAILS(WEIR_STATE, "cannot go", bench_move(b, odd, &error));
}

static void a_lost_claim_is_refused(bench *b)
{
    store_task_move end = {
        .from = STORE_RUNNING, .to = STORE_COMPLETED, .token = 1, .verdict = STORE_SUCCESS};

    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(bench_claim_one(b), 0);
    FLOW_OK(bench_move(
        b, (store_task_move){.from = STORE_RUNNING, .to = STORE_READY, .token = 1, .lost = true},
        &error));
    FLOW_FAILS(WEIR_STATE, "cannot go", bench_move(b, end, &error));
    assert_int_equal(bench_claim_one(b), 0);
    FLOW_FAILS(WEIR_STATE, "cannot go",
               bench_move(b, end, &error)); /* the token is another one now */
    end.token = 2;
    FLOW_OK(bench_move(b, end, &error));
    task_copy task = bench_read_task(b, 0);
    assert_int_equal(task.row.attempt, 2);
    assert_int_equal(task.row.lost, 1);
    assert_int_equal(task.row.spent, 0);
}

static void nothing_is_claimed_unless_the_execution_runs(bench *b)
{
    FLOW_OK(bench_move(b, READY(0), &error));
    FLOW_OK(bench_move_whole(b, (store_execution_move){.from = STORE_PENDING, .to = STORE_PAUSED},
                             &error));
    assert_int_equal(bench_claim_one(b), -1);
    FLOW_OK(bench_move_whole(b, (store_execution_move){.from = STORE_PAUSED, .to = STORE_RUNNING},
                             &error));
    assert_int_equal(bench_claim_one(b), 0);
}

/* What was tried in vain begins anew. */
static void a_task_begins_anew(bench *b)
{
    FLOW_OK(bench_move(b, READY(0), &error));
    assert_int_equal(bench_claim_one(b), 0);
    FLOW_OK(bench_move(b,
                       (store_task_move){.from = STORE_RUNNING,
                                         .to = STORE_FAILED,
                                         .spent = true,
                                         .lost = true,
                                         .verdict = STORE_FAILURE},
                       &error));
    FLOW_OK(bench_move(
        b, (store_task_move){.from = STORE_FAILED, .to = STORE_PENDING, .waiting = 3}, &error));
    task_copy task = bench_read_task(b, 0);
    assert_int_equal(task.row.waiting, 3);
    assert_int_equal(task.row.spent + task.row.lost, 0);
    assert_int_equal(task.row.attempt, 1);
    assert_int_equal(task.row.verdict, STORE_OPEN);
}

/* One that has ended can wait for others that begin anew, and hands on what comes of it. */
static void what_has_ended_hands_on(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    int64_t left = 9;
    bool ended = false;

    bench_begin(b->store);
    FLOW_FAILS(WEIR_STATE, "task 0 has not ended",
               kind->hand_on(b->store, b->execution, 0, 2, NULL, &error));
    bench_commit(b->store);
    FLOW_OK(bench_move(
        b,
        (store_task_move){
            .from = STORE_PENDING, .to = STORE_SKIPPED, .verdict = STORE_NEITHER, .seen = "{}"},
        &error));
    ALONE(b, kind->hand_on(b->store, b->execution, 0, 2, NULL, &error));
    for (int64_t wanted = 1; wanted >= -1; wanted--) {
        ALONE(b, kind->count_down(b->store, b->execution, 0, &left, &ended, &error));
        assert_int_equal(left, wanted);
        assert_true(ended);
    }
    ALONE(b, kind->hand_on(b->store, b->execution, 0, 0, "{\"k\":[0]}", &error));
    task_copy task = bench_read_task(b, 0);
    assert_int_equal(task.row.waiting, 0);
    assert_int_equal(task.row.state, STORE_SKIPPED);
}

static void counts_end_at_zero(bench *b)
{
    int64_t left = 9;
    bool ended = true;

    bench_begin(b->store);
    FLOW_OK(b->store->kind->count_down(b->store, b->execution, 1, &left, &ended, &error));
    assert_int_equal(left, 0);
    assert_false(ended);
    FLOW_FAILS(WEIR_STATE, "nothing is left",
               b->store->kind->count_down(b->store, b->execution, 1, &left, &ended, &error));
    FLOW_OK(b->store->kind->count_unfinished(b->store, b->execution, -1, &left, &error));
    assert_int_equal(left, 1);
    FLOW_OK(b->store->kind->count_unfinished(b->store, b->execution, -1, &left, &error));
    assert_int_equal(left, 0);
    FLOW_FAILS(WEIR_STATE, "nothing is left",
               b->store->kind->count_unfinished(b->store, b->execution, -1, &left, &error));
    bench_commit(b->store);
}

static void what_is_rolled_back_was_not(bench *b)
{
    store_task_move what = READY(0);

    what.execution = b->execution;
    bench_begin(b->store);
    FLOW_OK(b->store->kind->move_task(b->store, &what, &error));
    b->store->kind->rollback(b->store);
    assert_int_equal(bench_read_task(b, 0).row.state, STORE_PENDING);
    assert_int_equal(bench_count_events(b), 3);
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

    bench_begin(b->store);
    FLOW_OK(b->store->kind->find_execution(b->store, 0, "w", "key", true, take_id, &found, &error));
    assert_int_equal(found, first);
    assert_int_equal(
        b->store->kind->find_execution(b->store, 0, "other", "key", true, take_id, &found, NULL),
        WEIR_NOT_FOUND);
    FLOW_FAILS(WEIR_IO, "", bench_add_all(b, "v", "key", &error));
    b->store->kind->rollback(b->store);
    bench_begin(b->store);
    FLOW_OK(bench_add_all(b, "v", NULL, &error));
    FLOW_OK(bench_add_all(b, "v", NULL, &error)); /* none is not one */
    bench_commit(b->store);
    b->execution = first;
}

/* All is there when it is opened again, and others see what was changed. */
static void it_lasts(bench *b)
{
    weir_store *other = NULL;
    bool alive = false;
    int64_t second = 0;

    FLOW_OK(bench_move(b, READY(0), &error));
    other = bench_open(b->url);
    bench_begin(other);
    FLOW_OK(other->kind->join(other, "other", 6, &second, &error));
    bench_commit(other);
    assert_int_not_equal(second, b->runner);
    bench_begin(other);
    FLOW_OK(other->kind->is_alive(other, b->runner, &alive, &error));
    assert_true(alive);
    FLOW_OK(other->kind->is_alive(other, second, &alive, &error));
    assert_true(alive);
    bench_commit(other);
    store_close(b->store);
    b->store = other;
    assert_int_equal(bench_read_task(b, 0).row.state, STORE_READY);
}

/* What one handle makes Ready the others learn of; what one does itself is no news. */
static void others_are_told(bench *b)
{
    const weir_store_kind *kind = b->store->kind;
    bench other = *b;

    other.store = bench_open(b->url);
    bench_await_change(b);
    ALONE(b, kind->beat(b->store, b->runner, 6, &error));
    bench_await_silence(b);
    FLOW_OK(bench_move(&other, READY(0), &error));
    bench_await_change(b);
    bench_await_silence(b);
    store_close(other.store);
}

/* Writers on handles of their own, as processes have them: nobody is turned away, nothing lost. */
enum { WRITERS = 8, NOTES = 30 };

static void *write_notes(void *arg)
{
    bench *shared = arg, own = *shared;
    store_event note = {.position = -1, .time = 1, .reason = "note"};

    own.store = bench_open(shared->url);
    for (int i = 0; i < NOTES; i++) {
        bench_begin(own.store);
        FLOW_OK(own.store->kind->note(own.store, own.execution, &note, &error));
        bench_commit(own.store);
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
    assert_int_equal(bench_count_events(b), 3 + WRITERS * NOTES);
}

static weir_status find(weir_store *store, int64_t id, int64_t *ret, weir_error **error)
{
    return store->kind->find_execution(store, id, NULL, NULL, false, take_id, ret, error);
}

static void a_store_that_is_held_for_too_long_says_so(bench *b)
{
    weir_store *other = NULL;
    weir_error *refused = NULL;
    weir_status status;
    int64_t now, found;

    FLOW_OK(store_open(b->url, 500000000, &other, &error));
    bench_begin(b->store);
    FLOW_OK(find(b->store, b->execution, &found, &error));
    status = other->kind->begin(other, true, &now, &refused);
    if (status == WEIR_OK) { /* not the store: an execution in it */
        status = find(other, b->execution, &found, &refused);
        other->kind->rollback(other);
    }
    flow_check_failure(WEIR_AGAIN, "another process has held", status, refused, __FILE__, __LINE__);
    /* Who only reads does not wait. */
    FLOW_OK(other->kind->begin(other, false, &now, &error));
    other->kind->rollback(other);
    b->store->kind->rollback(b->store);
    bench_begin(other);
    other->kind->rollback(other);
    store_close(other);
}

static void test_suite(void **state)
{
    (void)state;
    static const bench_test suite[] = {
        a_task_from_its_start_to_its_end,
        other_transitions_are_refused,
        a_lost_claim_is_refused,
        nothing_is_claimed_unless_the_execution_runs,
        a_task_begins_anew,
        what_has_ended_hands_on,
        counts_end_at_zero,
        what_is_rolled_back_was_not,
        a_key_is_used_once,
        it_lasts,
        others_are_told,
        writers_wait_for_each_other,
        a_store_that_is_held_for_too_long_says_so,
    };

    bench_run_all(suite, sizeof suite / sizeof *suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
