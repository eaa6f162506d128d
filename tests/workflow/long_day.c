/* SPDX-License-Identifier: Apache-2.0 */
/* long_day.c - the story: an hour of a schedule's slots, files and a function that fire, and one
 * execution that fails in several ways and is tried again. */
#include "tests/workflow/long_day.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "workflow/db.h"
#include <weir/db.h>

static const int64_t MINUTE = 60000000000;
/* Noon of the first day of 2026. */
static const int64_t LONG_DAY_BEGIN = INT64_C(1767268800000000000);
static int runs;
/* "flow" has 8 and, tried again, 4; two files, the function and "missing" one each. */
enum { FIXED_RUNS = 16 };
static bool well; /* what failed at first does not any more */

/* --- What is done --- */

static weir_answer counts(weir_task *task)
{
    (void)task;
    __atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);
    return WEIR_TASK_DONE;
}

static weir_answer fails(weir_task *task)
{
    __atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);
    return __atomic_load_n(&well, __ATOMIC_SEQ_CST) ? WEIR_TASK_DONE
                                                    : weir_task_fail(task, "not well");
}

/* One item of three fails. */
static weir_answer squares(weir_task *task)
{
    int64_t item = strtoll(weir_task_item(task), NULL, 10);

    weir_task_set_integer(task, "square", item * item);
    return item == 2 ? fails(task) : counts(task);
}

static weir_answer holds(weir_task *task)
{
    return weir_task_attempt(task) >= 1 ? WEIR_TASK_NOT_YET : WEIR_TASK_DONE;
}

static weir_answer holds_later(weir_task *task)
{
    return __atomic_load_n(&well, __ATOMIC_SEQ_CST) ? WEIR_TASK_DONE : holds(task);
}

static weir_answer waits(weir_task *task)
{
    if (!weir_task_resumed(task))
        return weir_task_defer_on(task, "holds");
    return counts(task);
}

static weir_answer looks(weir_task *task)
{
    weir_task_set_integer(task, "looked", 1);
    weir_task_fire(task, "the only one", NULL);
    return WEIR_TASK_DONE;
}

#define NO_TASK                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL                                                               \
    }

static const weir_task_condition conditions[] = {{"holds", holds_later}};

static const flow_task main_tasks[] = {
    {"f", NULL, fails, NULL, "attempts=2 delay=1s jitter=false"},
    {"b", "f", counts, NULL, "run_if=all_done"},
    {"g", "b", fails, NULL, "attempts=1"},
    {"e", NULL, squares, NULL, "each=[\".\",[\"input\"],\"list\"] attempts=1"},
    {"w", NULL, NULL, NULL, "begins=inner"},
    {"c", "w", waits, NULL, "defer.limit=3h"},
    NO_TASK};
static const flow_task one_task[] = {{"x", NULL, counts, NULL, NULL}, NO_TASK};

/* --- The day --- */

static void declare(long_day *day)
{
    weir_setting *s = day->settings;

    day->flow = flow_new(main_tasks);
    flow_add_conditions(day->flow, "c", conditions, 1);
    flow_add_workflow(day->flow, "inner", one_task);
    flow_add_workflow(day->flow, "starts", one_task);
    s[0] = (weir_setting){.name = "cron", .text = "*/10 * * * *"};
    s[1] = (weir_setting){.name = "overlap", .text = "queue"};
    s[2] = (weir_setting){.name = "grace", .text = "10m"};
    s[3] = (weir_setting){.name = "max_catchup", .text = "20"};
    s[4] = (weir_setting){.name = "every", .text = "60s"};
    s[5] = (weir_setting){.name = "isolate", .text = "none"};
    s[6] = (weir_setting){.name = "settle", .text = "4s"};
    day->triggers[0] = (weir_module_trigger){
        .name = "looks", .call = looks, .call_name = "looks", .settings = {&s[4], 2}};
    weir_setting *files = weir_arena_alloc(&day->flow->arena, 2 * sizeof *files);
    files[0] = s[4];
    files[1] = s[6];
    day->triggers[1] =
        (weir_module_trigger){.name = "drop", .files = day->files, .settings = {files, 2}};
    day->flow->others[2].schedule = (weir_task_settings){s, 4};
    day->flow->others[2].triggers = day->triggers;
    day->flow->others[2].trigger_count = 2;
    day->other = flow_new(one_task);
    day->other->workflow.name = "missing";
}

weir_runner *long_day_runner(long_day *day, const char *busy, weir_error **ret_error)
{
    const weir_setting settings[] = {{.name = "poll", .text = "5ms"},
                                     {.name = "grace", .text = "50ms"},
                                     {.name = "drain", .text = "0s"},
                                     {.name = "most_lost", .text = "1000"},
                                     {.name = "busy", .text = busy}};
    weir_runner *runner = NULL;

    if (weir_runner_open(day->url, settings, 5, &runner, ret_error) != WEIR_OK)
        return NULL;
    runner_use_clock(runner, &day->now);
    FLOW_OK(weir_runner_load(runner, &day->flow->module, NULL, &error));
    return runner;
}

static void open_again(long_day *day)
{
    int64_t end = weir_monotonic_now() + 60000000000;

    if (day->runner != NULL)
        weir_runner_close(day->runner);
    while ((day->runner = day->open(day)) == NULL)
        assert_true(weir_monotonic_now() < end);
}

/* Whether a step is to be done again. What was done, though that was not told, is refused then. */
static bool again(long_day *day, weir_status status, weir_error *error, bool before)
{
    bool done = status == WEIR_OK || (status == WEIR_STATE && before);

    if (!done && status != WEIR_AGAIN && !day->passes(day, status))
        fail_msg("status %d: %s", (int)status, error != NULL ? weir_error_message(error) : "");
    weir_error_free(error);
    if (!done && status != WEIR_AGAIN)
        open_again(day);
    return !done;
}

/* DO(weir_x(day->runner, .., &error)) */
#define DO(call)                                                                                   \
    for (bool before_ = false, done_ = false; !done_; before_ = true) {                            \
        weir_error *error = NULL;                                                                  \
        weir_status status_ = (call);                                                              \
        done_ = !again(day, status_, error, before_);                                              \
    }

/* Until nothing is left to do at this time. */
static void settle(long_day *day)
{
    for (int i = 0; i < 3; i++)
        do {
            day->runner->hungry = true;
            DO(runner_turn(day->runner, &error));
        } while (!runner_is_idle(day->runner) || day->runner->waits_for_store);
}

static void move(long_day *day, int minutes)
{
    for (int i = 0; i < minutes; i++) {
        day->now += MINUTE;
        settle(day);
    }
}

static json_t *result_of(long_day *day, int64_t id)
{
    char *text = NULL;

    DO(weir_workflow_result(day->runner, id, &text, &error));
    json_t *result = json_loads(text, 0, NULL);
    weir_free(text);
    return result;
}

/* What was lost with a runner comes again within minutes. */
static void move_until(long_day *day, int64_t id, const char *status)
{
    bool there = false;

    for (int i = 0; i < 30 && !there; i++) {
        json_t *result = result_of(day, id);
        there = strcmp(flow_status(result), status) == 0;
        json_decref(result);
        if (!there)
            move(day, 1);
    }
    if (!there)
        fail_msg("execution %lld is not %s", (long long)id, status);
}

static void put_file(const long_day *day, const char *name)
{
    char path[160];
    const struct timespec times[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    snprintf(path, sizeof path, "%s/%s", day->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && futimens(fd, times) == 0);
    close(fd);
}

static void make_folder(long_day *day)
{
    static int folders;

    snprintf(day->folder, sizeof day->folder, "day-%ld-%d", (long)getpid(), ++folders);
    snprintf(day->files, sizeof day->files, "%s/*.csv", day->folder);
    assert_int_equal(mkdir(day->folder, 0700), 0);
    put_file(day, "1.csv");
    put_file(day, "2.csv");
}

static void remove_folder(const long_day *day)
{
    char command[100];

    snprintf(command, sizeof command, "rm -rf ./%s", day->folder);
    assert_int_equal(system(command), 0);
}

/* --- Its parts --- */

/* Nobody has the code of it for a while. */
static int64_t leave_missing(long_day *day)
{
    weir_runner *runner = flow_runner(day->direct, day->other, true);
    int64_t id = 0;

    runner_use_clock(runner, &day->now);
    FLOW_OK(weir_workflow_start(runner, "missing", NULL, NULL, &id, &error));
    weir_runner_close(runner);
    return id;
}

static void serve_missing(long_day *day, int64_t id)
{
    weir_runner *runner = flow_runner(day->direct, day->other, true);

    runner_use_clock(runner, &day->now);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    weir_runner_close(runner);
}

/* One after the other; where it was done, and that was not said, it is done already. */
static void pause_and_resume(long_day *day, int64_t id)
{
    json_t *result;

    DO(weir_workflow_pause_start(day->runner, "starts", NULL, true, &error));
    DO(weir_workflow_pause_start(day->runner, "starts", "drop", true, &error));
    DO(weir_workflow_pause(day->runner, id, "for a while", &error));
    settle(day);
    DO(weir_workflow_pause_start(day->runner, "starts", "drop", false, &error));
    DO(weir_workflow_pause_start(day->runner, "starts", NULL, false, &error));
    DO(weir_workflow_resume(day->runner, id, &error));
    result = result_of(day, id);
    assert_string_equal(flow_status(result), "Running");
    json_decref(result);
}

typedef weir_status (*listing)(weir_runner *runner, const char *workflow, size_t most,
                               char **ret_json, weir_error **error);

/* How many entries of that outcome stand in lists of that name. */
static size_t count(long_day *day, listing list, const char *member, const char *outcome)
{
    char *text = NULL;
    json_t *one, *entry;
    size_t found = 0, i, k;

    DO(list(day->runner, "starts", 1000, &text, &error));
    json_t *all = json_loads(text, 0, NULL);
    json_array_foreach(all, i, one)
    {
        json_array_foreach(json_object_get(one, member), k, entry)
        {
            const char *what = json_string_value(json_object_get(entry, "outcome"));
            found += strcmp(what, outcome) == 0;
        }
    }
    json_decref(all);
    weir_free(text);
    return found;
}

static void look_at_all(long_day *day, int64_t id, int64_t missing)
{
    char *texts[4] = {NULL};

    DO(weir_workflow_list(day->runner, "flow", NULL, 0, 10, &texts[0], &error));
    DO(weir_workflow_events(day->runner, id, &texts[1], &error));
    DO(weir_workflow_explain(day->runner, id, &texts[2], &error));
    assert_non_null(strstr(texts[2], "it waits for 'holds'"));
    DO(weir_workflow_explain(day->runner, missing, &texts[3], &error));
    assert_non_null(strstr(texts[3], "no runner that lives has the workflow 'missing'"));
    for (size_t i = 0; i < 4; i++)
        weir_free(texts[i]);
}

static void check_end(long_day *day, int64_t id)
{
    json_t *result = result_of(day, id);
    char *wrong = NULL;
    char *items = json_dumps(json_object_get(json_object_get(result, "context"), "e"),
                             JSON_COMPACT | JSON_ENCODE_ANY);

    assert_string_equal(items, "[{\"square\":1},{\"square\":4},{\"square\":9}]");
    free(items);
    json_decref(result);
    /* Each slot once, each file once, the function once. */
    assert_int_equal(count(day, weir_workflow_triggers, "firings", "started"), 3);
    assert_int_equal(count(day, weir_workflow_triggers, "firings", "failed"), 0);
    FLOW_OK(weir_db_check(day->direct, &wrong, &error));
    assert_string_equal(wrong, "[]");
    weir_free(wrong);
}

static void check_slots(long_day *day)
{
    int64_t slots = (day->now - LONG_DAY_BEGIN) / MINUTE / 10;
    size_t started = count(day, weir_workflow_schedules, "slots", "started");

    assert_int_equal(started + count(day, weir_workflow_schedules, "slots", "queued"), slots);
    day->runs = FIXED_RUNS + (int)started;
}

static weir_status back_up(long_day *day, const char *path, weir_error **ret_error)
{
    weir_store *store = day->runner->ledger.store;
    weir_status status = store->kind->backup(store, path, ret_error);

    if (status != WEIR_INVALID || !flow_is_postgres())
        return status;
    weir_error_free(*ret_error); /* the server has a tool of its own for that */
    *ret_error = NULL;
    return WEIR_OK;
}

static int64_t completed(const long_day *day)
{
    char *text = NULL;

    FLOW_OK(weir_db_status(day->direct, &text, &error));
    json_t *status = json_loads(text, 0, NULL);
    int64_t number = json_integer_value(json_object_get(status, "executions.Completed"));
    json_decref(status);
    weir_free(text);
    return number;
}

/* What an operator does in the end. */
static void operate(long_day *day)
{
    json_t *status = json_object();
    weir_db_pruned gone;
    char path[80];

    snprintf(path, sizeof path, "%s/copy", day->folder);
    DO(db_ask(day->runner->ledger.store, STORE_STATUS, status, &error));
    assert_int_equal(json_integer_value(json_object_get(status, "plans")), 5);
    json_decref(status);
    DO(back_up(day, path, &error));
    DO(db_prune(day->runner->ledger.store, -1000 * MINUTE, &gone, &error));
    assert_int_equal(completed(day), 0);
    DO(day->runner->ledger.store->kind->vacuum(day->runner->ledger.store, &error));
}

void long_day_live(long_day *day)
{
    int64_t id = 0;

    runs = 0;
    well = false;
    day->now = LONG_DAY_BEGIN;
    make_folder(day);
    declare(day);
    int64_t missing = leave_missing(day);
    open_again(day);
    DO(weir_workflow_start(day->runner, "flow", "{\"list\":[1,2,3]}", "day", &id, &error));
    settle(day);
    pause_and_resume(day, id);
    move(day, 15);
    look_at_all(day, id, missing);
    DO(weir_workflow_cancel(day->runner, id, "enough", &error));
    settle(day);
    move_until(day, id, "Cancelled");
    __atomic_store_n(&well, true, __ATOMIC_SEQ_CST);
    DO(weir_workflow_retry(day->runner, id, &error));
    move_until(day, id, "Completed");
    serve_missing(day, missing);
    move(day, 5);
    DO(weir_workflow_run(day->runner, id, &error));
    check_end(day, id);
    check_slots(day);
    operate(day);
    weir_runner_close(day->runner);
    flow_free(day->flow);
    flow_free(day->other);
    remove_folder(day);
}

int long_day_runs(void)
{
    return runs;
}
