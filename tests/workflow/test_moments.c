/* SPDX-License-Identifier: Apache-2.0 */
/* test_moments.c - what a schedule gives an input (F14): `default: {expr: schedule.date}`. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
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

/* So that the same start is the same whenever it is made. */
static void who_starts_by_hand_says_it(void **state)
{
    world w;
    int64_t id = 0;

    (void)state;
    begin(&w, "2026-03-28T23:00:00Z");
    FLOW_FAILS(
        WEIR_INVALID, "the input of 'nightly' lacks 'day', which only its schedule gives it",
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
    };

    return cmocka_run_group_tests_name("moments", tests, NULL, NULL);
}
