/* SPDX-License-Identifier: Apache-2.0 */
/* test_cuts.c - connections to PostgreSQL that are cut, at each piece that goes over the wire,
 * before it and behind it: nothing is lost, nothing is recorded twice (F17). WEIR_CUTS=N takes
 * every N-th piece (41). */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "store/postgres.h"
#include "tests/workflow/long_day.h"
#include "tests/workflow/proxy.h"
#include "tests/workflow/story.h"

static proxy *between;

/* The way to a store over the proxy. */
static void put_between(const char *direct, char *url, size_t size)
{
    const char *colon = strrchr(strchr(direct, '@'), ':');

    if (between == NULL)
        between = proxy_new(atoi(colon + 1));
    snprintf(url, size, "%.*s:%d%s", (int)(colon - direct), direct, proxy_port(between),
             strchr(colon, '/'));
}

static void new_url(char *url, size_t size)
{
    put_between(flow_new_store(), url, size);
}

/* --- A life in spite of it all --- */

typedef struct life {
    const char *url;
    char key[16];
    const char *busy;
    weir_runner *runner;
    int64_t id;
} life;

static weir_status open_life(life *l, const flow *f, weir_error **error)
{
    const weir_setting settings[] = {
        {.name = "poll", .text = "5ms"},       {.name = "heartbeat", .text = "20ms"},
        {.name = "sweep", .text = "20ms"},     {.name = "stale", .text = "300ms"},
        {.name = "most_lost", .text = "1000"}, {.name = "busy", .text = l->busy}};
    weir_status status = weir_runner_open(l->url, settings, 6, &l->runner, error);

    return status == WEIR_OK ? weir_runner_load(l->runner, &f->module, NULL, error) : status;
}

static weir_status try_to_live(life *l, const flow *f, weir_error **error)
{
    weir_status status = l->runner == NULL ? open_life(l, f, error) : WEIR_OK;

    if (status == WEIR_OK && l->id == 0)
        status = weir_workflow_start(l->runner, "flow", "{}", l->key, &l->id, error);
    return status == WEIR_OK ? weir_workflow_run(l->runner, l->id, error) : status;
}

/* What fails for want of a server is tried again, as a person would. Whether it was cut. */
static bool live(life *l, const flow *f)
{
    int64_t end = weir_monotonic_now() + 60000000000;
    weir_error *error = NULL;
    weir_status status;

    story_begin();
    while ((status = try_to_live(l, f, &error)) != WEIR_OK) {
        bool passing = status == WEIR_AGAIN || status == WEIR_CLOSED ||
                       (status == WEIR_IO && l->runner == NULL);
        if (!passing || weir_monotonic_now() > end)
            fail_msg("status %d: %s", (int)status, weir_error_message(error));
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    weir_error_free(error);
    bool cut = proxy_has_cut(between);
    proxy_cut_at(between, 0, false, 0); /* a beat can be cut at the end; it is asked of a server */
    story_check(l->runner, l->id);
    weir_runner_close(l->runner);
    return cut;
}

static int stride(void)
{
    const char *text = getenv("WEIR_CUTS");

    return text != NULL ? atoi(text) : 41;
}

/* Until one comes through uncut; how many were cut. */
static int cut_everywhere(const char *busy, int outage_ms)
{
    flow *f = flow_new(story_tasks);
    char url[256];
    int cuts = 0;
    bool cut = true;

    new_url(url, sizeof url);
    for (int n = 1; cut; n += stride())
        for (int behind = 0; behind < 2; behind++) {
            life l = {.url = url, .busy = busy};
            snprintf(l.key, sizeof l.key, "%d", 2 * n + behind);
            proxy_cut_at(between, n, behind == 1, outage_ms);
            cut = live(&l, f);
            cuts += cut;
        }
    flow_free(f);
    return cuts;
}

static void any_piece_can_be_cut(void **state)
{
    (void)state;
    int cuts = cut_everywhere("5s", 0);

    print_message("%d connections were cut\n", cuts);
    assert_true(cuts * stride() > 100);
}

/* The server stays away for longer than it is waited for, so that nobody says what became of a
 * commit. */
static void a_server_can_stay_away(void **state)
{
    (void)state;
    int cuts = cut_everywhere("40ms", 150);

    print_message("%d connections were cut\n", cuts);
    assert_true(cuts * stride() > 100);
}

/* --- Schedules, triggers and all the rest --- */

static weir_runner *open_day(long_day *day)
{
    weir_error *error = NULL;
    weir_runner *runner = long_day_runner(day, "5s", &error);

    weir_error_free(error);
    return runner;
}

/* Of a connection that is lost; to a new one another runner has to be opened. */
static bool day_passes(const long_day *day, weir_status status)
{
    (void)day;
    return status == WEIR_CLOSED || status == WEIR_IO;
}

/* Cut in the middle of the day, before a piece or behind it; with WEIR_CUTS at many more. */
static void a_long_day_can_be_cut(void **state)
{
    (void)state;
    int cuts = 0;
    bool cut = true;

    for (int i = 1; cut && (i <= 2 || getenv("WEIR_CUTS") != NULL); i++) {
        long_day day = {.open = open_day, .passes = day_passes};
        snprintf(day.direct, sizeof day.direct, "%s", flow_new_store());
        put_between(day.direct, day.url, sizeof day.url);
        proxy_cut_at(between, i * 37 * stride(), i % 2 == 1, 0);
        long_day_live(&day);
        cut = proxy_has_cut(between);
        cuts += cut;
        proxy_cut_at(between, 0, false, 0);
    }
    print_message("%d days were cut\n", cuts);
    assert_true(cuts >= 2);
}

/* --- A commit whose answer is lost --- */

static weir_status write_plan(weir_store *store, int64_t *ret_id, weir_error **error)
{
    int64_t now;
    store_plan row = {.version = "v", .workflow = "w", .text = "{}"};
    weir_status status = store->kind->begin(store, true, &now, error);

    if (status == WEIR_OK &&
        (status = store->kind->add_plan(store, &row, ret_id, error)) != WEIR_OK)
        store->kind->rollback(store);
    return status;
}

static weir_status take_nothing(void *arg, const store_plan *row, weir_error **error)
{
    (void)arg;
    (void)row;
    (void)error;
    return WEIR_OK;
}

static bool has_plan(weir_store *store, int64_t id)
{
    int64_t now;

    FLOW_OK(store->kind->begin(store, false, &now, &error));
    weir_status status = store->kind->find_plan(store, id, take_nothing, NULL, NULL);
    store->kind->rollback(store);
    return status == WEIR_OK;
}

/* Cut before the server has it, the commit is none; cut behind that, it is one, and known as one.
 */
static void a_lost_answer_is_looked_up(void **state)
{
    (void)state;
    for (int lost = 0; lost < 3; lost++) {
        weir_store *store = NULL;
        int64_t id = 0;
        char url[256];
        new_url(url, sizeof url);
        FLOW_OK(store_open(url, 5000000000, &store, &error));
        FLOW_OK(write_plan(store, &id, &error));
        /* the text of the plan, and that it is there; then COMMIT, and its answer */
        proxy_cut_at(between, lost < 2 ? 3 : 4, lost == 1, 0);
        if (lost == 0)
            FLOW_FAILS(WEIR_AGAIN, "nothing was changed", store->kind->commit(store, &error));
        else
            FLOW_OK(store->kind->commit(store, &error));
        assert_true(proxy_has_cut(between));
        assert_int_equal(has_plan(store, id), lost != 0);
        store_close(store);
    }
}

/* The answer is lost, and no server is there to be asked. */
static void a_fate_can_stay_unknown(void **state)
{
    (void)state;
    weir_store *store = NULL;
    int64_t id = 0;
    char url[256];

    new_url(url, sizeof url);
    FLOW_OK(store_open(url, 500000000, &store, &error));
    FLOW_OK(write_plan(store, &id, &error));
    proxy_cut_at(between, 4, false, 2500);
    FLOW_FAILS(WEIR_CLOSED, "whether the last transaction was recorded",
               store->kind->commit(store, &error));
    store_close(store);
}

/* --- */

static int end_proxy(void **state)
{
    (void)state;
    if (between != NULL)
        proxy_free(between);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_answer_is_looked_up), cmocka_unit_test(a_fate_can_stay_unknown),
        cmocka_unit_test(any_piece_can_be_cut),       cmocka_unit_test(a_server_can_stay_away),
        cmocka_unit_test(a_long_day_can_be_cut),
    };

    return cmocka_run_group_tests(tests, NULL, end_proxy);
}
