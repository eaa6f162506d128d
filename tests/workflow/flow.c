/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c - stores, modules and results for the tests of workflows. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#ifdef WEIR_LIBPQ
#include <libpq-fe.h>
#endif

#include "core/clock.h"

void flow_check(weir_status status, weir_error *error, const char *file, int line)
{
    if (status != WEIR_OK)
        print_error("%s:%d: %s\n", file, line, weir_error_message(error));
    weir_error_free(error);
    _assert_int_equal((LargestIntegralType)status, WEIR_OK, file, line);
}

void flow_check_failure(weir_status expected, const char *text, weir_status status,
                        weir_error *error, const char *file, int line)
{
    bool said = error != NULL && strstr(weir_error_message(error), text) != NULL;

    if (status != expected || !said)
        print_error("%s:%d: status %d, '%s'\n", file, line, (int)status,
                    error != NULL ? weir_error_message(error) : "");
    weir_error_free(error);
    _assert_int_equal((LargestIntegralType)status, (LargestIntegralType)expected, file, line);
    _assert_true(said, text, file, line);
}

#ifdef WEIR_LIBPQ
static int schemas;
#endif
static int stores;

static void remove_stores(void)
{
    static const char *const endings[] = {"", "-lock", "-wal", "-shm"};
    char path[200];

    for (int i = 1; i <= stores; i++)
        for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
            snprintf(path, sizeof path, "flow-%ld-%d.db%s", (long)getpid(), i, endings[e]);
            unlink(path);
        }
}

bool flow_is_postgres(void)
{
    const char *kind = getenv("WEIR_TEST_STORE");

    return kind != NULL && strcmp(kind, "postgresql") == 0;
}

#ifdef WEIR_LIBPQ
static void execute_on_server(const char *url, const char *text)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", url, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

/* A schema of its own; it goes with the server. No power is lost here. */
static const char *new_schema(void)
{
    static char url[256];
    char path[256], port[16] = "", server[80], name[40], text[80];

    snprintf(path, sizeof path, "%s/port", getenv("WEIR_POSTGRES"));
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%15s", port) != 1)
        exit(77); /* there is no server here */
    fclose(file);
    snprintf(server, sizeof server, "postgresql://weir@127.0.0.1:%s/weir", port);
    snprintf(name, sizeof name, "flow_%ld_%d", (long)getpid(), ++schemas);
    snprintf(text, sizeof text, "CREATE SCHEMA %s", name);
    execute_on_server(server, text);
    snprintf(url, sizeof url, "%s?options=-csearch_path%%3D%s%%20-csynchronous_commit%%3Doff",
             server, name);
    return url;
}
#else
static void execute_on_server(const char *url, const char *text)
{
    fail_msg("%s, %s: there is no libpq", url, text);
}

static const char *new_schema(void)
{
    exit(77);
}
#endif

static void execute_on_file(const char *path, const char *text)
{
    sqlite3 *database = NULL;
    char *reason = NULL;

    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 10000);
    if (sqlite3_exec(database, text, NULL, NULL, &reason) != SQLITE_OK)
        fail_msg("%s: %s", text, reason);
    sqlite3_close(database);
}

void flow_execute(const char *url, const char *text)
{
    if (strncmp(url, "sqlite:", 7) == 0)
        execute_on_file(url + 7, text);
    else
        execute_on_server(url, text);
}

const char *flow_new_store(void)
{
    return flow_is_postgres() ? new_schema() : flow_new_file();
}

/* They go when the test does. */
const char *flow_new_file(void)
{
    static char url[256];

    if (stores++ == 0)
        atexit(remove_stores);
    snprintf(url, sizeof url, "sqlite:flow-%ld-%d.db", (long)getpid(), stores);
    return url;
}

/* --- Modules by hand --- */

static uint32_t index_of(const flow_task *tasks, const char *name, size_t size)
{
    for (uint32_t i = 0; tasks[i].name != NULL; i++)
        if (strlen(tasks[i].name) == size && strncmp(tasks[i].name, name, size) == 0)
            return i;
    fail_msg("no task '%.*s'", (int)size, name);
    return 0;
}

static void link_after(flow *f, const flow_task *tasks, const flow_task *from,
                       weir_module_task *into)
{
    uint32_t *after = weir_arena_alloc(&f->arena, 8000);

    for (const char *at = from->after; at != NULL && *at != '\0';) {
        size_t size = strcspn(at, " ");
        after[into->after_count++] = index_of(tasks, at, size);
        at += size + (at[size] == ' ');
    }
    into->after = after;
}

static bool is_retry(const char *name)
{
    for (size_t i = 0; i < weir_retry_options.count; i++)
        if (strcmp(weir_retry_options.items[i].name, name) == 0)
            return true;
    return false;
}

/* "a|b" */
static const char *const *split(flow *f, char *text)
{
    const char **list = weir_arena_alloc(&f->arena, 20 * sizeof *list);
    size_t count = 0;

    for (char *next, *word = strtok_r(text, "|", &next); word != NULL;
         word = strtok_r(NULL, "|", &next))
        list[count++] = word;
    return list;
}

static void add_options(flow *f, const char *options, weir_module_task *into)
{
    weir_setting *own = weir_arena_alloc(&f->arena, 20 * sizeof *own);
    weir_setting *retry = weir_arena_alloc(&f->arena, 20 * sizeof *retry);
    weir_task_argument *with = weir_arena_alloc(&f->arena, 20 * sizeof *with);
    weir_setting *defer = weir_arena_alloc(&f->arena, 20 * sizeof *defer);
    char *text = weir_arena_printf(&f->arena, "%s", options != NULL ? options : "");

    into->settings.items = own;
    into->retry.items = retry;
    into->defer.items = defer;
    into->with = with;
    for (char *next, *word = strtok_r(text, " ", &next); word != NULL;
         word = strtok_r(NULL, " ", &next)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        weir_setting setting = {.name = word, .text = equals + 1};
        if (strcmp(word, "retry_on") == 0)
            into->retry_on = split(f, equals + 1);
        else if (strcmp(word, "rule") == 0)
            into->rule = (weir_module_expression){setting.text, setting.text};
        else if (strncmp(word, "defer.", 6) == 0)
            defer[into->defer.count++] = (weir_setting){.name = word + 6, .text = setting.text};
        else if (strcmp(word, "each") == 0)
            into->for_each = (weir_module_expression){setting.text, setting.text};
        else if (strcmp(word, "begins") == 0)
            into->workflow = setting.text;
        else if (strncmp(word, "with.", 5) == 0)
            with[into->with_count++] = (weir_task_argument){word + 5, setting.text};
        else if (is_retry(word))
            retry[into->retry.count++] = setting;
        else
            own[into->settings.count++] = setting;
    }
}

static weir_module_workflow make_workflow(flow *f, const char *name, const flow_task *tasks)
{
    uint32_t count = 0;

    while (tasks[count].name != NULL)
        count++;
    weir_module_task *list = weir_arena_alloc(&f->arena, count * sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = (weir_module_task){.name = tasks[i].name,
                                     .call = tasks[i].call,
                                     .call_name = tasks[i].call != NULL ? tasks[i].name : NULL,
                                     .exec = tasks[i].exec};
        link_after(f, tasks, &tasks[i], &list[i]);
        add_options(f, tasks[i].options, &list[i]);
    }
    return (weir_module_workflow){.name = name, .tasks = list, .task_count = count};
}

void flow_add_workflow(flow *f, const char *name, const flow_task *tasks)
{
    f->others[0] = f->workflow;
    f->others[f->module.workflow_count++] = make_workflow(f, name, tasks);
    f->module.workflows = f->others;
}

flow *flow_new(const flow_task *tasks)
{
    flow *f = weir_alloc(sizeof *f);

    f->workflow = make_workflow(f, "flow", tasks);
    f->module = (weir_module){.generation = WEIR_GENERATION,
                              .name = "test",
                              .workflows = &f->workflow,
                              .workflow_count = 1};
    return f;
}

/* The tables are ours; they are const for those who read them. */
static weir_module_task *find_task(const flow *f, const char *name)
{
    weir_module_task *tasks = (weir_module_task *)(uintptr_t)f->workflow.tasks;

    for (uint32_t i = 0; i < f->workflow.task_count; i++)
        if (strcmp(tasks[i].name, name) == 0)
            return &tasks[i];
    fail_msg("no task '%s'", name);
    return NULL;
}

void flow_add_hooks(flow *f, const char *task, const weir_module_task *on_success,
                    const weir_module_task *on_failure)
{
    if (task == NULL) {
        f->workflow.on_success = on_success;
        f->workflow.on_failure = on_failure;
        return;
    }
    find_task(f, task)->on_success = on_success;
    find_task(f, task)->on_failure = on_failure;
}

void flow_add_conditions(flow *f, const char *task, const weir_task_condition *conditions,
                         uint32_t count)
{
    find_task(f, task)->conditions = conditions;
    find_task(f, task)->condition_count = count;
}

void flow_free(flow *f)
{
    weir_arena_free(&f->arena);
    weir_free(f);
}

/* --- Running --- */

weir_runner *flow_runner(const char *url, const flow *f, bool real)
{
    const weir_setting settings[] = {{.name = "poll", .text = "5ms"},
                                     {.name = "grace", .text = "50ms"},
                                     {.name = "drain", .text = "0s"}};
    weir_runner *runner = NULL;

    FLOW_OK(weir_runner_open(url, settings, 3, &runner, &error));
    if (!real)
        runner_use_virtual_time(runner, FLOW_START);
    FLOW_OK(weir_runner_load(runner, &f->module, NULL, &error));
    return runner;
}

json_t *flow_result(weir_runner *runner, int64_t id)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_result(runner, id, &text, &error));
    json_t *result = json_loads(text, 0, NULL);
    weir_free(text);
    assert_non_null(result);
    return result;
}

json_t *flow_events(weir_runner *runner, int64_t id)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_events(runner, id, &text, &error));
    json_t *events = json_loads(text, 0, NULL);
    weir_free(text);
    assert_non_null(events);
    return events;
}

int64_t flow_start(weir_runner *runner, const char *input)
{
    int64_t id = 0;

    FLOW_OK(weir_workflow_start(runner, "flow", input, NULL, &id, &error));
    return id;
}

json_t *flow_run(weir_runner *runner, const char *input)
{
    int64_t id = flow_start(runner, input);

    FLOW_OK(weir_workflow_run(runner, id, &error));
    return flow_result(runner, id);
}

void flow_retry(weir_runner *runner, int64_t id)
{
    FLOW_OK(weir_workflow_retry(runner, id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
}

void flow_turn_until(weir_runner *runner, int64_t id, const char *task, const char *state)
{
    int64_t end = weir_monotonic_now() + 20000000000;

    for (bool there = false; !there;) {
        assert_true(weir_monotonic_now() < end);
        runner->hungry = true;
        FLOW_OK(runner_turn(runner, &error));
        json_t *result = flow_result(runner, id);
        const char *now = task != NULL ? flow_text(result, task, "state") : flow_status(result);
        there = strcmp(now, state) == 0;
        json_decref(result);
    }
}

size_t flow_count(weir_runner *runner, const char *workflow, const char *state)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_list(runner, workflow, state, 0, 1000, &text, &error));
    json_t *list = json_loads(text, 0, NULL);
    size_t count = json_array_size(list);
    json_decref(list);
    weir_free(text);
    return count;
}

/* --- Results --- */

static const json_t *task_of(const json_t *result, const char *task)
{
    const json_t *found = json_object_get(json_object_get(result, "tasks"), task);

    assert_non_null(found);
    return found;
}

const char *flow_text(const json_t *result, const char *task, const char *member)
{
    const char *text = json_string_value(json_object_get(task_of(result, task), member));

    return text != NULL ? text : "";
}

int64_t flow_attempts(const json_t *result, const char *task)
{
    return json_integer_value(json_object_get(task_of(result, task), "attempts"));
}

const char *flow_status(const json_t *result)
{
    return json_string_value(json_object_get(result, "status"));
}
