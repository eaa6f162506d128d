/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - what happens in a world, step by step. */
#include "tests/workflow/simulation/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite.h"
#include "tests/workflow/simulation/pool.h"
#include "workflow/schedule.h"

enum { STEPS = 160, MOST_CALM = 20000 };

static const int64_t SECOND = 1000000000;

bool world_trace;

uint64_t world_roll(world *w, uint64_t sides)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (w->random >> 33) % sides;
}

static void __attribute__((format(printf, 2, 3))) trace(const world *w, const char *format, ...)
{
    va_list args;

    if (!world_trace)
        return;
    printf("%7.1fs ", (double)(w->own - FLOW_START) / 1e9);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* --- The store --- */

/* A store that is up to date, from which each world's is copied. */
static const char *pattern(size_t *ret_size)
{
    static char *bytes;
    static size_t size;
    weir_store *store = NULL;

    if (bytes == NULL) {
        const char *url = flow_new_file();
        FLOW_OK(store_open(url, SECOND, &store, &error));
        store_close(store);
        FILE *file = fopen(url + strlen("sqlite:"), "rb");
        assert_non_null(file);
        bytes = weir_alloc(1 << 20);
        size = fread(bytes, 1, 1 << 20, file);
        fclose(file);
    }
    *ret_size = size;
    return bytes;
}

static void remove_store(const world *w)
{
    static const char *const endings[] = {"", "-lock", "-wal", "-shm"};
    char path[100];

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", w->url + strlen("sqlite:"), endings[i]);
        unlink(path);
    }
}

static void make_store(world *w)
{
    size_t size = 0;
    const char *bytes = pattern(&size);

    snprintf(w->url, sizeof w->url, "sqlite:simulation-%ld.db", (long)getpid());
    remove_store(w);
    FILE *file = fopen(w->url + strlen("sqlite:"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* --- Runners --- */

static weir_runner *open_runner(world *w, unsigned code)
{
    static const weir_setting settings[] = {{.name = "drain", .text = "0s"},
                                            {.name = "slots", .text = "3"},
                                            {.name = "busy", .text = "1s"}};
    weir_runner *runner = NULL;

    FLOW_OK(weir_runner_open(w->url, settings, 3, &runner, &error));
    /* no power is lost here */
    sqlite3_exec(((sqlite_store *)runner->ledger.store)->database, "PRAGMA synchronous = OFF", NULL,
                 NULL, NULL);
    runner_use_clock(runner, &w->now);
    runner->own_clock = &w->own;
    weir_runner_set_user(runner, w);
    for (size_t i = 0; i < w->plan_count; i++)
        if ((code >> i & 1) != 0)
            FLOW_OK(weir_runner_load(runner, &w->plans[i].module, NULL, &error));
    return runner;
}

static void begin_runner(world *w, world_runner *r)
{
    *r = (world_runner){.code = r->code};
    r->runner = open_runner(w, r->code);
    faulty_wrap(&r->store, r->runner->ledger.store, 0, 0, WEIR_AGAIN);
    r->runner->ledger.store = &r->store.base;
    trace(w, "runner %zu begins", (size_t)(r - w->runners));
}

static void close_runner(world *w, world_runner *r)
{
    trace(w, "runner %zu ends", (size_t)(r - w->runners));
    weir_runner_close(r->runner);
    r->runner = NULL;
}

/* Without a goodbye: neither it nor what it runs does anything any more. */
static void crash(world *w, world_runner *r)
{
    trace(w, "runner %zu crashes", (size_t)(r - w->runners));
    w->disturbed++;
    r->store.where = FAULTY_ANY;
    r->store.left = r->store.every = 1;
    pool_kill(r->runner->pool);
    weir_runner_close(r->runner);
    r->runner = NULL;
}

/* A runner that stops hands back what has not ended well by now. */
static void note_handed_back(world *w, const weir_runner *runner)
{
    json_t *run;
    size_t i;

    for (const weir_task *job = runner->running; job != NULL; job = job->next_running)
        json_array_foreach(
            w->runs, i,
            run) if (json_integer_value(json_object_get(run, "execution")) == job->execution &&
                     json_integer_value(json_object_get(run, "attempt")) == job->attempt &&
                     strcmp(json_string_value(json_object_get(run, "task")), weir_task_name(job)) ==
                         0 &&
                     job_is_ending(job) != JOB_UNWANTED && job_is_ending(job) != JOB_LOST)
            json_object_set_new(run, "handed_back", json_true());
}

static void note_joined(world *w, const world_runner *r)
{
    int64_t id = r->runner->ledger.runner;

    assert_in_range(id, 0, WORLD_JOINED - 1);
    w->code_of[id] = r->code;
}

/* Schedules are taken up by the first runner that has them. */
static void note_schedules(world *w)
{
    for (size_t i = 0; i < w->plan_count; i++) {
        char *text = NULL;
        if (w->plans[i].every == 0 || w->plans[i].seen != 0)
            continue;
        FLOW_OK(weir_workflow_schedules(w->operator, w->plans[i].name, 1, &text, &error));
        w->plans[i].seen = strcmp(text, "[]") != 0 ? w->now : 0;
        weir_free(text);
    }
}

/* As with a server, no number comes again that a transaction had which is none; also not the first.
 */
static void skip_numbers(const world *w)
{
    flow_execute(w->url,
                 "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_master AS m "
                 "WHERE sql LIKE '%AUTOINCREMENT%' AND NOT EXISTS "
                 "(SELECT 1 FROM sqlite_sequence AS s WHERE s.name = m.name); "
                 "UPDATE sqlite_sequence SET seq = seq + 5");
}

static void turn(world *w, world_runner *r)
{
    weir_error *error = NULL;
    int struck = r->store.struck;

    if (r->stopping)
        note_handed_back(w, r->runner);
    weir_status status = runner_turn(r->runner, &error);
    if (r->store.struck != struck || status != WEIR_OK)
        trace(w, "runner %zu met a fault: %s", (size_t)(r - w->runners),
              status != WEIR_OK ? weir_error_message(error) : "it goes on");
    weir_error_free(error);
    if (r->store.struck != struck && r->store.where == FAULTY_COMMIT)
        skip_numbers(w);
    note_joined(w, r);
    note_schedules(w);
    if (status != WEIR_OK && r->store.every == 1) {
        crash(w, r);
    } else if (status != WEIR_OK || (r->stopping && runner_is_idle(r->runner))) {
        w->disturbed++; /* it may not be able to say so */
        close_runner(w, r);
    }
}

static void end_some_task(world *w, world_runner *r)
{
    size_t count = pool_waiting(r->runner->pool);

    if (count != 0)
        pool_do(r->runner->pool, world_roll(w, count));
}

/* --- Disasters --- */

static void go_wrong(world *w, world_runner *r)
{
    static const struct {
        faulty_where where;
        weir_status with;
        int most, every;
    } faults[] = {{FAULTY_ANY, WEIR_AGAIN, 120, 0},      {FAULTY_ANY, WEIR_IO, 120, 0},
                  {FAULTY_ANY, WEIR_NOMEM, 120, 0},      {FAULTY_COMMIT, WEIR_CLOSED, 3, 0},
                  {FAULTY_COMMITTED, WEIR_CLOSED, 3, 0}, {FAULTY_ANY, WEIR_IO, 120, 1},
                  {FAULTY_COMMITTED, WEIR_IO, 3, 1},     {FAULTY_ANY, WEIR_AGAIN, 40, 40}};
    size_t which = world_roll(w, sizeof faults / sizeof *faults);

    r->store.where = faults[which].where;
    r->store.with = faults[which].with;
    r->store.every = faults[which].every;
    r->store.left = 1 + (int)world_roll(w, (uint64_t)faults[which].most);
    trace(w, "runner %zu: call %d is to fail, status %d%s", (size_t)(r - w->runners), r->store.left,
          (int)r->store.with, r->store.every == 1 ? ", and all behind it" : "");
}

static void move_clock(world *w, int64_t by)
{
    trace(w, "the clock moves by %.3f s", (double)by / 1e9);
    w->now += by;
    w->own += by > 0 ? by : 0;
    w->disturbed += by > 30 * SECOND;
}

static void move_some(world *w)
{
    uint64_t luck = world_roll(w, 100);

    if (luck < 60)
        move_clock(w, (int64_t)world_roll(w, 5000) * (SECOND / 1000));
    else if (luck < 90)
        move_clock(w, (int64_t)world_roll(w, 90) * SECOND);
    else if (luck < 96)
        move_clock(w, (int64_t)world_roll(w, 3600) * SECOND);
    else if (luck < 98)
        move_clock(w, (int64_t)world_roll(w, 86400) * SECOND);
    else {
        w->loose_clock = true;
        move_clock(w, -(int64_t)world_roll(w, 300) * SECOND);
    }
}

/* --- What people do --- */

static void start_some(world *w)
{
    const world_plan *chosen = &w->plans[world_roll(w, w->plan_count)];
    int64_t id = 0;
    char key[16];

    /* now and then one that was used */
    snprintf(key, sizeof key, "%d", w->next_key - (world_roll(w, 8) == 0));
    w->next_key++;
    FLOW_OK(weir_workflow_start(w->operator, chosen->name, NULL, key, &id, &error));
    trace(w, "execution %lld of %s is started", (long long)id, chosen->name);
}

static void control_some(world *w)
{
    static const char *const verbs[] = {"pause", "resume", "cancel", "retry"};
    int64_t id = 1 + (int64_t)world_roll(w, 3 * (uint64_t)w->next_key + 8);
    uint64_t verb = world_roll(w, 10);
    size_t which = verb < 3 ? 0 : verb < 7 ? 1 : verb < 8 ? 2 : 3;
    weir_error *error = NULL;
    weir_status status = which == 0   ? weir_workflow_pause(w->operator, id, "by chance", &error)
                         : which == 1 ? weir_workflow_resume(w->operator, id, &error)
                         : which == 2 ? weir_workflow_cancel(w->operator, id, "by chance", &error)
                                      : weir_workflow_retry(w->operator, id, &error);

    trace(w, "%s execution %lld: %s", verbs[which], (long long)id,
          status == WEIR_OK ? "done" : weir_error_message(error));
    assert_true(status == WEIR_OK || status == WEIR_STATE || status == WEIR_NOT_FOUND);
    weir_error_free(error);
}

/* --- Time --- */

static void disturb(world *w, world_runner *r)
{
    uint64_t luck = world_roll(w, 16);

    if (luck < 4) {
        crash(w, r);
    } else if (luck < 5) {
        trace(w, "runner %zu is stopped", (size_t)(r - w->runners));
        weir_runner_stop(r->runner);
        r->stopping = true;
    } else if (luck < 9) {
        trace(w, "runner %zu is %s", (size_t)(r - w->runners), r->frozen ? "awake" : "frozen");
        r->frozen = !r->frozen;
        w->disturbed++;
    } else {
        go_wrong(w, r);
    }
}

static void step(world *w)
{
    world_runner *r = &w->runners[world_roll(w, w->runner_count)];
    uint64_t luck = world_roll(w, 100);

    if (luck < 4)
        start_some(w);
    else if (luck < 9)
        control_some(w);
    else if (luck < 21)
        move_some(w);
    else if (r->runner == NULL && luck < 60)
        begin_runner(w, r);
    else if (r->runner == NULL || r->frozen)
        luck < 70 && r->frozen ? (void)(r->frozen = false) : (void)0;
    else if (luck < 27)
        disturb(w, r);
    else if (luck < 65)
        turn(w, r);
    else
        end_some_task(w, r);
}

/* All is well from now on. */
static void calm(world *w)
{
    trace(w, "calm");
    for (size_t i = 0; i < w->runner_count; i++) {
        world_runner *r = &w->runners[i];
        r->frozen = false;
        r->store.left = 0;
        if (i == 0 && r->runner != NULL && r->stopping)
            close_runner(w, r);
        r->code = i == 0 ? ~0u : r->code;
        if (i == 0 && r->runner != NULL && r->runner->ledger.plan_count < w->plan_count)
            close_runner(w, r);
        if (r->runner == NULL && (i == 0 || world_roll(w, 2) == 0))
            begin_runner(w, r);
    }
    w->disturbed++;
}

/* Of one name; NULL: all but what is begun one by one. */
static json_t *list(world *w, const char *name, const char *state)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_list(w->operator, name, state, 0, 10000, &text, &error));
    json_t *rows = json_loads(text, 0, NULL);
    weir_free(text);
    return rows;
}

/* Whether slots wait for an earlier execution to end. */
static bool is_queued(world *w)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_schedules(w->operator, NULL, 1000, &text, &error));
    bool found = strstr(text, "\"queued\"") != NULL;
    weir_free(text);
    return found;
}

static void resume_paused(world *w, const char *name)
{
    json_t *rows = list(w, name, "Paused"), *row;
    size_t i;

    json_array_foreach(rows, i, row) FLOW_OK(
        weir_workflow_resume(w->operator, json_integer_value(json_object_get(row, "id")), &error));
    json_decref(rows);
}

/* One of that name that has not ended; else what was. */
static void find_left(world *w, const char *name, json_t **ret_left)
{
    static const char *const states[] = {"Paused", "Pending", "Running", NULL};
    json_t *row;
    size_t i;

    for (size_t s = 0; s < 4 && *ret_left == NULL; s++) {
        json_t *rows = list(w, name, states[s]);
        json_array_foreach(rows, i, row) if (json_integer_value(json_object_get(
                                                 row, "unfinished")) != 0) *ret_left = row;
        json_incref(*ret_left);
        json_decref(rows);
    }
}

/* Whether all has ended that was to. */
static bool is_over(world *w, json_t **ret_left)
{
    const char *name;
    json_t *told;

    resume_paused(w, NULL);
    find_left(w, NULL, ret_left);
    for (size_t i = 0; i < w->plan_count; i++)
        if (w->now < w->plans[i].end + 120 * SECOND)
            return false;
    for (size_t i = 0; i < w->plan_count; i++)
        json_object_foreach(w->plans[i].parts, name, told)
        {
            resume_paused(w, name);
            find_left(w, name, ret_left);
        }
    return *ret_left == NULL && !is_queued(w);
}

/* The clock goes to what is next due, or else to the next sweep. */
static void go_on(world *w)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < w->runner_count; i++) {
        const weir_runner *runner = w->runners[i].runner;
        if (runner == NULL)
            continue;
        next = runner->next_due < next ? runner->next_due : next;
        next = runner->next_slot < next ? runner->next_slot : next;
    }
    move_clock(w, next == INT64_MAX || next <= w->now ? 30 * SECOND : next - w->now);
}

bool world_live(world *w, char *wrong, size_t size)
{
    json_t *left = NULL;

    for (int i = 0; i < STEPS; i++)
        step(w);
    calm(w);
    for (int i = 0; i < MOST_CALM; i++) {
        bool busy = false;
        for (size_t r = 0; r < w->runner_count; r++) {
            world_runner *at = &w->runners[r];
            while (at->runner != NULL && pool_waiting(at->runner->pool) != 0)
                end_some_task(w, at);
            if (at->runner != NULL)
                turn(w, at);
            busy |= at->runner != NULL && !runner_is_idle(at->runner);
        }
        json_decref(left);
        left = NULL;
        if (!busy && is_over(w, &left))
            return true;
        if (!busy)
            go_on(w);
    }
    char *text = left != NULL ? json_dumps(left, JSON_COMPACT) : NULL;
    snprintf(wrong, size, "this does not end: %s", text != NULL ? text : "a schedule");
    free(text);
    json_decref(left);
    return false;
}

/* --- Beginning and end --- */

/* Who knows a workflow knows those that it begins. */
static unsigned choose_code(world *w)
{
    unsigned code = (unsigned)world_roll(w, 8);

    for (size_t i = 0; i < w->plan_count; i++)
        if ((code >> i & 1) != 0)
            code |= w->plans[i].begins;
    return code;
}

world *world_new(uint64_t seed)
{
    world *w = weir_alloc(sizeof *w);

    assert_non_null(w);
    *w = (world){.seed = seed, .random = seed * 2 + 1, .now = FLOW_START, .own = FLOW_START};
    for (int i = 0; i < 8; i++)
        world_roll(w, 2);
    w->now += (int64_t)world_roll(w, 86400) * SECOND;
    w->runs = json_array();
    w->next_key = 1;
    w->plan_count = 1 + world_roll(w, WORLD_PLANS);
    for (size_t i = 0; i < w->plan_count; i++)
        world_make_plan(w, &w->plans[i], i);
    make_store(w);
    w->operator= open_runner(w, ~0u);
    w->runner_count = 2 + world_roll(w, WORLD_RUNNERS - 1);
    for (size_t i = 0; i < w->runner_count; i++) {
        w->runners[i].code = i == 0 ? ~0u : choose_code(w);
        begin_runner(w, &w->runners[i]);
    }
    return w;
}

void world_free(world *w)
{
    for (size_t i = 0; i < w->runner_count; i++)
        if (w->runners[i].runner != NULL)
            weir_runner_close(w->runners[i].runner);
    weir_runner_close(w->operator);
    remove_store(w);
    for (size_t i = 0; i < w->plan_count; i++)
        world_free_plan(&w->plans[i]);
    json_decref(w->runs);
    weir_free(w);
}
