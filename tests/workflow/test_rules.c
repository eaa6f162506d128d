/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules.c - states, rules, context, attempts: F1 to F9 over the C API, in virtual time. */
#include "tests/workflow/flow.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

static weir_answer fails(weir_task *task)
{
    return weir_task_fail(task, "no luck");
}

static weir_answer fails_for_good(weir_task *task)
{
    return weir_task_fail_for_good(task, "no use");
}

/* --- F2: a table of rules --- */

#define ONCE "attempts=1"

/* `x` comes after `up`: one letter a task, s(uccess) f(ailure) a(llowed failure) n(either: skipped
 * without a failure above) k (skipped for a failure above). */
static const struct {
    const char *rule, *up, *state;
} rules[] = {
    {"all_success", "", "Completed"},   {"all_success", "s", "Completed"},
    {"all_success", "ss", "Completed"}, {"all_success", "sf", "Skipped"},
    {"all_success", "sn", "Skipped"},   {"all_success", "sa", "Completed"},
    {"all_success", "k", "Skipped"},    {"all_done", "", "Completed"},
    {"all_done", "f", "Completed"},     {"all_done", "nk", "Completed"},
    {"any_success", "fs", "Completed"}, {"any_success", "fn", "Skipped"},
    {"any_success", "a", "Completed"},  {"any_success", "kk", "Skipped"},
    {"any_failed", "s", "Skipped"},     {"any_failed", "sf", "Completed"},
    {"any_failed", "a", "Skipped"},     {"any_failed", "n", "Skipped"},
    {"any_failed", "k", "Completed"},   {"none_failed", "", "Completed"},
    {"none_failed", "sn", "Completed"}, {"none_failed", "a", "Completed"},
    {"none_failed", "nf", "Skipped"},   {"none_failed", "k", "Skipped"},
};

static void test_rules(void **state)
{
    (void)state;
    const char *url = flow_new_store();

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        flow_task tasks[8] = {{"good", NULL, done, NULL, ONCE}, {"bad", NULL, fails, NULL, ONCE}};
        char names[4][2], after[16] = "", options[64];
        size_t count = 2;
        for (const char *up = rules[i].up; *up != '\0'; up++) {
            flow_task *task = &tasks[count];
            snprintf(names[count - 2], 2, "%c", (char)('0' + count));
            *task = (flow_task){names[count - 2], NULL, *up == 'f' || *up == 'a' ? fails : done,
                                NULL, *up == 'a' ? ONCE " allow_failure=true" : ONCE};
            task->after = *up == 'n' ? "good" : *up == 'k' ? "bad" : NULL;
            task->options = *up == 'n' ? "run_if=any_failed" : task->options;
            snprintf(after + strlen(after), sizeof after - strlen(after), "%s%s",
                     after[0] != '\0' ? " " : "", task->name);
            count++;
        }
        snprintf(options, sizeof options, ONCE " run_if=%s", rules[i].rule);
        tasks[count] = (flow_task){"x", after, done, NULL, options};
        flow *f = flow_new(tasks);
        weir_runner *runner = flow_runner(url, f, false);
        json_t *result = flow_run(runner, NULL);
        if (strcmp(flow_text(result, "x", "state"), rules[i].state) != 0)
            fail_msg("%s over '%s': %s (%s)", rules[i].rule, rules[i].up,
                     flow_text(result, "x", "state"), flow_text(result, "x", "reason"));
        json_decref(result);
        weir_runner_close(runner);
        flow_free(f);
    }
}

static void run_tasks(const flow_task *tasks, json_t **result, json_t **events)
{
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);

    *result = flow_run(runner, NULL);
    if (events != NULL)
        *events = flow_events(runner, 1);
    weir_runner_close(runner);
    flow_free(f);
}

static void a_failure_skips_all_that_need_it(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, fails, NULL, ONCE}, {"b", "a", done, NULL, NULL},
                               {"c", "b", done, NULL, NULL},   {"d", "c", done, NULL, NULL},
                               {"e", NULL, done, NULL, NULL},  {NULL, NULL, NULL, NULL, NULL}};
    json_t *result;

    run_tasks(tasks, &result, NULL);
    assert_string_equal(flow_status(result), "Failed");
    assert_string_equal(flow_text(result, "a", "reason"), "no luck");
    assert_string_equal(flow_text(result, "d", "state"), "Skipped");
    assert_string_equal(flow_text(result, "d", "reason"), "all_success is not so: 'a' failed");
    assert_string_equal(flow_text(result, "e", "state"), "Completed");
    assert_string_equal(json_string_value(json_object_get(result, "reason")),
                        "'a' failed: no luck");
    json_decref(result);
}

static void a_skip_without_a_failure_is_the_cause(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, done, NULL, NULL},
                               {"b", "a", done, NULL, "run_if=any_failed"},
                               {"c", "b", done, NULL, NULL},
                               {"d", "c", done, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result;

    run_tasks(tasks, &result, NULL);
    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(flow_text(result, "b", "reason"), "any_failed is not so: nothing failed");
    assert_string_equal(flow_text(result, "c", "reason"), "all_success is not so: 'b' was skipped");
    assert_string_equal(flow_text(result, "d", "reason"), "all_success is not so: 'c' was skipped");
    json_decref(result);
}

static void an_allowed_failure_fails_nothing(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, fails, NULL, ONCE " allow_failure=true"},
                               {"b", "a", done, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result;

    run_tasks(tasks, &result, NULL);
    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(flow_text(result, "a", "state"), "Failed");
    assert_string_equal(flow_text(result, "b", "state"), "Completed");
    json_decref(result);
}

/* --- F1: one event a transition --- */

static void events_give_the_states(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, fails, NULL, "attempts=2"},
                               {"b", "a", done, NULL, NULL},
                               {"c", "a", done, NULL, "run_if=any_failed"},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result, *events, *event, *states = json_object();
    size_t i;

    run_tasks(tasks, &result, &events);
    json_array_foreach(events, i, event)
    {
        const char *task = json_string_value(json_object_get(event, "task"));
        const char *name = task != NULL ? task : "execution";
        const char *from = json_string_value(json_object_get(event, "from"));
        const char *now = json_string_value(json_object_get(states, name));
        assert_true(from == NULL ? now == NULL : now != NULL && strcmp(from, now) == 0);
        json_object_set(states, name, json_object_get(event, "to"));
        assert_true(json_integer_value(json_object_get(event, "time")) >= FLOW_START);
    }
    const char *key;
    json_t *value;
    json_object_foreach(states, key, value) if (strcmp(key, "execution") != 0)
        assert_string_equal(json_string_value(value), flow_text(result, key, "state"));
    assert_string_equal(json_string_value(json_object_get(states, "execution")), "Failed");
    json_decref(states);
    json_decref(events);
    json_decref(result);
}

/* --- F4: the context --- */

/* What a task does is its name: "k1" sets k to 1, "-k" (d) deletes it. */
static weir_answer writes(weir_task *task)
{
    const char *name = weir_task_name(task);
    char key[2] = {name[0], '\0'};

    weir_status status =
        name[1] == 'd' ? weir_task_delete(task, key) : weir_task_set_text(task, key, name);
    return status == WEIR_OK ? WEIR_TASK_DONE : WEIR_TASK_FAILED;
}

static weir_answer writes_and_fails(weir_task *task)
{
    weir_task_set_text(task, "k", "of a failed run");
    return weir_task_attempt(task) == 1 ? weir_task_fail(task, "once") : WEIR_TASK_DONE;
}

static const struct {
    flow_task tasks[6];
    const char *context; /* at the end */
    const char *clash;   /* "": none */
} contexts[] = {
    {{{"k1", NULL, writes, NULL, NULL}, {"k2", "k1", writes, NULL, NULL}}, "{\"k\":\"k2\"}", ""},
    {{{"k1", NULL, writes, NULL, NULL}, {"kd", "k1", writes, NULL, NULL}}, "{}", ""},
    {{{"k1", NULL, writes, NULL, NULL}, {"k2", NULL, writes, NULL, NULL}},
     "{\"k\":\"k2\"}",
     "the key 'k' was written side by side by 'k1' and 'k2'; 'k2' holds, which is later in the "
     "spec"},
    {{{"k1", NULL, writes, NULL, NULL},
      {"k2", NULL, writes, NULL, NULL},
      {"k3", "k1 k2", writes, NULL, NULL}},
     "{\"k\":\"k3\"}", /* what k3 read was a clash; the end is none */
     "the key 'k' was written side by side by 'k1' and 'k2'; 'k2' holds, which is later in the "
     "spec"},
    {{{"k1", NULL, writes, NULL, NULL},
      {"a1", "k1", writes, NULL, NULL},
      {"kd", "k1", writes, NULL, NULL},
      {"b1", "a1 kd", writes, NULL, NULL}},
     "{\"a\":\"a1\",\"b\":\"b1\"}",
     ""},
    /* near or far, whatever became of the tasks between */
    {{{"k1", NULL, writes, NULL, NULL},
      {"no", "k1", fails, NULL, ONCE},
      {"k2", "no", writes, NULL, "run_if=any_failed"}},
     "{\"k\":\"k2\"}",
     ""},
    {{{"k1", NULL, writes_and_fails, NULL, "delay=0s"}}, "{\"k\":\"of a failed run\"}", ""},
};

static void test_contexts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        json_t *result, *events, *event;
        size_t e, clashes = 0;
        run_tasks(contexts[i].tasks, &result, &events);
        char *context = json_to_text(json_object_get(result, "context"));
        if (strcmp(context, contexts[i].context) != 0)
            fail_msg("case %zu: %s", i, context);
        json_array_foreach(events, e, event)
        {
            const char *reason = json_string_value(json_object_get(event, "reason"));
            if (reason != NULL && strstr(reason, "side by side") != NULL) {
                clashes++;
                assert_string_equal(reason, contexts[i].clash);
            }
        }
        assert_int_equal(clashes, contexts[i].clash[0] != '\0');
        weir_free(context);
        json_decref(events);
        json_decref(result);
    }
}

static weir_answer reads_nothing_of_a_failed_run(weir_task *task)
{
    if (weir_task_get(task, "k") != NULL)
        return weir_task_fail_for_good(task, "it sees what a failed run wrote");
    weir_task_set_text(task, "k", "x");
    return weir_task_attempt(task) == 1 ? weir_task_fail(task, "once") : WEIR_TASK_DONE;
}

static weir_answer reads_all(weir_task *task)
{
    int64_t integer = 0;
    double number = 0;
    const char *text = "";
    bool good = weir_task_get_integer(task, "i", &integer) && integer == INT64_MIN &&
                weir_task_get_number(task, "n", &number) && number == 0.1 &&
                weir_task_get_text(task, "t", &text) && strcmp(text, "\xc3\xa4") == 0 &&
                !weir_task_get_integer(task, "t", &integer) &&
                !weir_task_get_integer(task, "n", &integer) && weir_task_get(task, "x") == NULL &&
                strcmp(weir_task_get(task, "j"), "{\"a\":[1,null]}") == 0 &&
                strcmp(weir_task_input(task), "{\"day\":3}") == 0 &&
                strcmp(weir_task_key(task), "1/reads") == 0;
    return good ? WEIR_TASK_DONE : weir_task_fail_for_good(task, "%s", weir_task_context(task));
}

static weir_answer writes_all(weir_task *task)
{
    weir_task_set_integer(task, "i", INT64_MIN);
    weir_task_set_number(task, "n", 0.1);
    weir_task_set_text(task, "t", "\xc3\xa4");
    weir_task_set(task, "j", "{ \"a\" : [1, null] }");
    return WEIR_TASK_DONE;
}

static void values_come_back_equal(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"writes", NULL, writes_all, NULL, NULL},
                               {"reads", "writes", reads_all, NULL, NULL},
                               {"once", NULL, reads_nothing_of_a_failed_run, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, "{\"day\": 3}");

    if (strcmp(flow_status(result), "Completed") != 0)
        fail_msg("%s", json_string_value(json_object_get(result, "reason")));
    assert_int_equal(flow_attempts(result, "once"), 2);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static weir_answer sets_nan(weir_task *task)
{
    weir_task_set_number(task, "x", __builtin_nan(""));
    return WEIR_TASK_DONE; /* whatever it answers */
}

static weir_answer sets_bad_text(weir_task *task)
{
    weir_task_set_text(task, "x", "\xff");
    return WEIR_TASK_DONE;
}

static weir_answer sets_bad_json(weir_task *task)
{
    return weir_task_set(task, "x", "{\"a\": 1, \"a\": 2}") == WEIR_ENCODE ? WEIR_TASK_DONE
                                                                           : WEIR_TASK_FAILED;
}

static weir_answer sets_much(weir_task *task)
{
    size_t size = (1 << 20) - 2 + (size_t)(weir_task_name(task)[0] == 'b');
    char *text = weir_alloc(size + 1);

    memset(text, 'x', size);
    weir_task_set_text(task, "x", text);
    weir_free(text);
    return WEIR_TASK_DONE;
}

static weir_answer sets_too_much(weir_task *task)
{
    char key[8], *text = weir_alloc(1000001);

    memset(text, 'x', 1000000);
    for (int i = 0; i < 9; i++) {
        snprintf(key, sizeof key, "k%d", i);
        weir_task_set_text(task, key, text);
    }
    weir_free(text);
    return WEIR_TASK_DONE;
}

static void what_cannot_be_kept_is_refused(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"nan", NULL, sets_nan, NULL, NULL},
                               {"text", NULL, sets_bad_text, NULL, NULL},
                               {"json", NULL, sets_bad_json, NULL, NULL},
                               {"a", NULL, sets_much, NULL, NULL},
                               {"b", NULL, sets_much, NULL, NULL},
                               {"much", NULL, sets_too_much, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result;

    run_tasks(tasks, &result, NULL);
    assert_string_equal(flow_text(result, "nan", "reason"),
                        "the task 'nan' cannot set 'x': NaN is no JSON value");
    assert_string_equal(flow_text(result, "text", "reason"),
                        "the task 'text' cannot set 'x': the text is no UTF-8");
    assert_non_null(strstr(flow_text(result, "json", "reason"), "duplicate object key"));
    assert_string_equal(flow_text(result, "a", "state"), "Completed");
    assert_string_equal(flow_text(result, "b", "reason"),
                        "the task 'b' cannot set 'x': it is 1048577 bytes long; at most 1048576 "
                        "are kept");
    assert_non_null(strstr(flow_text(result, "much", "reason"), "at most 8388608 are kept"));
    assert_int_equal(flow_attempts(result, "nan"), 1);
    json_decref(result);
}

/* --- F9: attempts --- */

static void attempts_are_counted(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"three", NULL, fails, NULL, NULL},
                               {"one", NULL, fails, NULL, "attempts=1"},
                               {"good", NULL, fails_for_good, NULL, "attempts=9"},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result;

    run_tasks(tasks, &result, NULL);
    assert_int_equal(flow_attempts(result, "three"), 3);
    assert_int_equal(flow_attempts(result, "one"), 1);
    assert_int_equal(flow_attempts(result, "good"), 1);
    json_decref(result);
}

static weir_answer fails_io(weir_task *task)
{
    return weir_task_fail_class(task, "io", "no disk");
}

static weir_answer fails_oddly(weir_task *task)
{
    return weir_task_fail_class(task, "a b", "no name");
}

static weir_answer waits(weir_task *task)
{
    return weir_task_retry_after(task, 1, "not yet");
}

static const struct {
    weir_task_function call;
    const char *options;
    int64_t attempts;
} classes[] = {
    {fails_io, "retry_on=io", 3},       {fails_io, "retry_on=net|io", 3},
    {fails_io, "retry_on=failed", 1},   {fails_oddly, "retry_on=failed", 3},
    {fails, "retry_on=failed", 3},      {fails, "retry_on=crash|timeout", 1},
    {waits, "retry_on=failed", 3},      {waits, "retry_on=io", 1},
    {fails_for_good, "retry_on=io", 1}, {fails_io, "", 3},
};

static void only_listed_classes_are_tried_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const flow_task tasks[] = {{"x", NULL, classes[i].call, NULL, classes[i].options},
                                   {NULL, NULL, NULL, NULL, NULL}};
        json_t *result;
        run_tasks(tasks, &result, NULL);
        assert_string_equal(flow_text(result, "x", "state"), "Failed");
        if (flow_attempts(result, "x") != classes[i].attempts)
            fail_msg("case %zu: %lld attempts", i, (long long)flow_attempts(result, "x"));
        json_decref(result);
    }
}

static const struct {
    weir_retry_config retry;
    int64_t delays[5];
} delays[] = {
    {{9, WEIR_BACKOFF_FIXED, 10, 60, false}, {10, 10, 10, 10, 10}},
    {{9, WEIR_BACKOFF_LINEAR, 10, 45, false}, {10, 20, 30, 40, 45}},
    {{9, WEIR_BACKOFF_EXPONENTIAL, 10, 60, false}, {10, 20, 40, 60, 60}},
    {{9, WEIR_BACKOFF_EXPONENTIAL, INT64_MAX / 2 + 9, INT64_MAX, false},
     {INT64_MAX / 2 + 9, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}},
    {{9, WEIR_BACKOFF_LINEAR, INT64_MAX, INT64_MAX, false},
     {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}},
};

static void test_delays(void **state)
{
    (void)state;
    weir_retry_config jitter = {9, WEIR_BACKOFF_FIXED, 1000, 1100, true};
    int64_t least = INT64_MAX, most = 0;

    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++)
        for (int64_t n = 0; n < 5; n++)
            assert_int_equal(retry_delay(&delays[i].retry, n + 1, 7), delays[i].delays[n]);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        int64_t delay = retry_delay(&jitter, 1, seed);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_in_range(least, 750, 770);
    assert_int_equal(most, 1100);
}

/* When the runs of a task began, in nanoseconds after the start. */
static void begins_of(json_t *events, const char *task, int64_t *begins, size_t most)
{
    json_t *event;
    size_t i, count = 0;

    json_array_foreach(events, i, event)
    {
        const char *name = json_string_value(json_object_get(event, "task"));
        const char *to = json_string_value(json_object_get(event, "to"));
        if (name == NULL || to == NULL || strcmp(name, task) != 0 || strcmp(to, "Running") != 0)
            continue;
        assert_true(count < most);
        begins[count++] = json_integer_value(json_object_get(event, "time")) - FLOW_START;
    }
    assert_int_equal(count, most);
}

static weir_answer comes_again(weir_task *task)
{
    return weir_task_retry_after(task, 1800000000000, "not yet");
}

static void a_retry_waits_its_time(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, fails, NULL, "delay=10s jitter=false"},
                               {"b", NULL, comes_again, NULL, "attempts=2"},
                               {"c", "a", done, NULL, "run_if=any_failed"},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result, *events;
    int64_t begins[3], after;

    run_tasks(tasks, &result, &events);
    begins_of(events, "a", begins, 3);
    assert_int_equal(begins[1] - begins[0], 10000000000);
    assert_int_equal(begins[2] - begins[1], 20000000000);
    begins_of(events, "c", &after, 1); /* not while it may be tried again */
    assert_true(after >= begins[2]);
    begins_of(events, "b", begins, 2);
    assert_int_equal(begins[1], 1800000000000);
    json_decref(events);
    json_decref(result);
}

/* --- Side by side --- */

static pthread_barrier_t meeting;

static weir_answer meets(weir_task *task)
{
    (void)task;
    pthread_barrier_wait(&meeting);
    return WEIR_TASK_DONE;
}

/* Each waits for the other: they are run at once, or never. */
static void a_diamond_overlaps(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"top", NULL, done, NULL, NULL},
                               {"left", "top", meets, NULL, NULL},
                               {"right", "top", meets, NULL, NULL},
                               {"end", "left right", done, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    json_t *result;

    pthread_barrier_init(&meeting, NULL, 2);
    run_tasks(tasks, &result, NULL);
    assert_string_equal(flow_status(result), "Completed");
    pthread_barrier_destroy(&meeting);
    json_decref(result);
}

/* --- Tables by hand --- */

static void wrong_tables_are_refused(void **state)
{
    (void)state;
    const struct {
        flow_task tasks[4];
        const char *text;
    } cases[] = {
        {{{"a", "b", done, NULL, NULL}, {"b", "a", done, NULL, NULL}}, "in a circle"},
        {{{"a", NULL, NULL, NULL, NULL}}, "needs one of a function, a command and a workflow"},
        {{{"a", NULL, done, NULL, NULL}, {"a", NULL, done, NULL, NULL}}, "has two tasks 'a'"},
        {{{"a", NULL, done, NULL, "run_if=any_failed"}}, "nothing that it comes after"},
        {{{"a", NULL, done, NULL, "attempts=0"}}, "attempts"},
        {{{NULL, NULL, NULL, NULL, NULL}}, "has 0 tasks"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flow *f = flow_new(cases[i].tasks);
        weir_runner *runner = NULL;
        FLOW_OK(weir_runner_open(flow_new_store(), NULL, 0, &runner, &error));
        FLOW_FAILS(WEIR_SPEC, cases[i].text, weir_runner_load(runner, &f->module, NULL, &error));
        weir_runner_close(runner);
        flow_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(a_failure_skips_all_that_need_it),
        cmocka_unit_test(a_skip_without_a_failure_is_the_cause),
        cmocka_unit_test(an_allowed_failure_fails_nothing),
        cmocka_unit_test(events_give_the_states),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(values_come_back_equal),
        cmocka_unit_test(what_cannot_be_kept_is_refused),
        cmocka_unit_test(attempts_are_counted),
        cmocka_unit_test(only_listed_classes_are_tried_again),
        cmocka_unit_test(test_delays),
        cmocka_unit_test(a_retry_waits_its_time),
        cmocka_unit_test(a_diamond_overlaps),
        cmocka_unit_test(wrong_tables_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
