/* SPDX-License-Identifier: Apache-2.0 */
/* test_moments.c - what a schedule gives an input (F14): `default: {expr: schedule.date}`. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/clock.h"
#include "moments.weir.h"

static const int64_t HOUR = 3600000000000;

typedef struct world {
    weir_runner *runner;
    int64_t now;
} world;

static void begin(world *w, const char *time)
{
    bool range;

    assert_true(weir_calendar_read_time(time, strlen(time), &w->now, &range));
    FLOW_OK(weir_runner_open(flow_new_store(), NULL, 0, &w->runner, &error));
    runner_use_clock(w->runner, &w->now);
    FLOW_OK(weir_runner_load(w->runner, &moments_module, NULL, &error));
    FLOW_OK(runner_turn(w->runner, &error));
}

static weir_status take_input(void *arg, const store_execution *row, weir_error **error)
{
    (void)error;
    snprintf(arg, 300, "%s", row->input);
    return WEIR_OK;
}

static void expect_input(world *w, int64_t id, const char *input)
{
    weir_store *store = w->runner->ledger.store;
    char found[300] = "";
    int64_t now;

    FLOW_OK(store->kind->begin(store, false, &now, &error));
    FLOW_OK(store->kind->find_execution(store, id, NULL, NULL, true, take_input, found, &error));
    store->kind->rollback(store);
    assert_string_equal(found, input);
}

/* The date is that of the schedule's clocks, which are ahead; the time is the slot, not now. */
static void a_slot_gives_its_date(void **state)
{
    world w;

    (void)state;
    begin(&w, "2026-03-28T23:00:00Z"); /* the night before clocks go forward */
    w.now += HOUR / 2 + 1;
    FLOW_OK(runner_turn(w.runner, &error));
    expect_input(&w, 1, "{\"at\":\"2026-03-28T23:30:00Z\",\"d\":\"2026-03-29\"}");
    w.now += 23 * HOUR;
    FLOW_OK(runner_turn(w.runner, &error));
    expect_input(&w, 2, "{\"at\":\"2026-03-29T22:30:00Z\",\"d\":\"2026-03-30\"}");
    weir_runner_close(w.runner);
}

/* To the end of an execution; its context, as JSON text, freed by the caller. */
static char *turn_to_the_end(world *w, int64_t id, const char *wanted)
{
    int64_t end = weir_monotonic_now() + 20000000000;
    json_t *result = NULL;

    do {
        json_decref(result);
        assert_true(weir_monotonic_now() < end);
        w->runner->hungry = true;
        FLOW_OK(runner_turn(w->runner, &error));
        result = flow_result(w->runner, id);
    } while (strcmp(flow_status(result), wanted) != 0);
    char *text = json_dumps(json_object_get(result, "context"), JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(result);
    return text;
}

static weir_status take_newest(void *arg, const store_execution *row, weir_error **error)
{
    (void)error;
    *(int64_t *)arg = row->id;
    return WEIR_OK;
}

/* How many executions of a workflow have begun with an input. */
static int count_inputs(world *w, const char *workflow, const char *input)
{
    weir_store *store = w->runner->ledger.store;
    store_filter filter = {.workflow = workflow, .most = 1};
    int64_t now, id;
    int count = 0;

    FLOW_OK(store->kind->begin(store, false, &now, &error));
    do {
        char found[300] = "";
        id = 0;
        FLOW_OK(store->kind->each_execution(store, &filter, take_newest, &id, &error));
        filter.before = id;
        if (id != 0)
            FLOW_OK(store->kind->find_execution(store, id, NULL, NULL, true, take_input, found,
                                                &error));
        count += strcmp(found, input) == 0;
    } while (id != 0);
    store->kind->rollback(store);
    return count;
}

#define SLOT "{\"slot\":\"2026-05-31T22:40:00Z\"}"

/* What it begins, near and far and for items, has its slot, and the day of its clocks; what
 * `with:` says goes before that. */
static void what_it_begins_has_its_slot(void **state)
{
    world w;

    (void)state;
    begin(&w, "2026-05-31T22:35:00Z");
    w.now += HOUR / 12 + 1;
    FLOW_OK(runner_turn(w.runner, &error));
    char *context = turn_to_the_end(&w, 1, "Completed");
    assert_string_equal(context,
                        "{\"below\":{\"deep\":" SLOT "},\"day\":\"1999-12-31\",\"each\":[" SLOT
                        "],\"list\":[7],\"said\":" SLOT "}");
    free(context);
    assert_int_equal(
        count_inputs(&w, "below", "{\"at\":\"2026-05-31T22:40:00Z\",\"day\":\"2026-06-01\"}"), 1);
    /* begun side by side, or below: in whatever order */
    static const char *const inputs[] = {"{\"day\":\"2026-06-01\",\"n\":1}",
                                         "{\"day\":\"2026-06-01\",\"n\":7}",
                                         "{\"day\":\"1999-12-31\",\"n\":1}"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_inputs(&w, "last", inputs[i]), 1);
    weir_runner_close(w.runner);
}

/* Who starts it by hand has no slot to hand on. */
static void without_a_slot_it_is_to_be_said(void **state)
{
    world w;
    int64_t id = 0;

    (void)state;
    begin(&w, "2026-03-28T23:00:00Z");
    FLOW_OK(weir_workflow_start(w.runner, "yearly", NULL, NULL, &id, &error));
    free(turn_to_the_end(&w, id, "Failed"));
    json_t *result = flow_result(w.runner, id);
    assert_string_equal(flow_text(result, "below", "reason"),
                        "the input of 'below' lacks 'day', which only a schedule gives it");
    assert_string_equal(flow_text(result, "said", "state"), "Completed");
    json_decref(result);
    weir_runner_close(w.runner);
}

/* So that the same start is the same whenever it is made. */
static void who_starts_by_hand_says_it(void **state)
{
    world w;
    int64_t id = 0;

    (void)state;
    begin(&w, "2026-03-28T23:00:00Z");
    FLOW_FAILS(
        WEIR_INVALID, "the input of 'nightly' lacks 'day', which only a schedule gives it",
        weir_workflow_start(w.runner, "nightly", "{\"at\": \"2026-03-01\"}", NULL, &id, &error));
    FLOW_OK(weir_workflow_start(w.runner, "nightly",
                                "{\"d\": \"2026-03-01\", \"at\": \"2026-03-01\", \"note\": \"x\"}",
                                "key", &id, &error));
    expect_input(&w, id, "{\"at\":\"2026-03-01T00:00:00Z\",\"d\":\"2026-03-01\",\"note\":\"x\"}");
    weir_runner_close(w.runner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_gives_its_date),
        cmocka_unit_test(who_starts_by_hand_says_it),
        cmocka_unit_test(what_it_begins_has_its_slot),
        cmocka_unit_test(without_a_slot_it_is_to_be_said),
    };

    return cmocka_run_group_tests_name("moments", tests, NULL, NULL);
}
