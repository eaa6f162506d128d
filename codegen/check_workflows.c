/* SPDX-License-Identifier: Apache-2.0 */
/* check_workflows.c - tasks: what they come after, what they do, and their options. */
#include <string.h>

#include "codegen/check.h"
#include "core/buffer.h"
#include "core/task_options.h"
#include "core/text.h"

/* --- One task --- */

static bool is_repeated(const spec_names *names, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(names->items[i].text, names->items[at].text) == 0)
            return true;
    return false;
}

static void resolve_after(checker *check, const spec_workflow *workflow, const check_names *names,
                          spec_task *task)
{
    size_t count, *indices = front_array(check->front, task->after.count, sizeof *indices, &count);

    for (size_t i = 0; i < count; i++) {
        const spec_name *name = &task->after.items[i];
        long index = check_resolve(check, names, name, "task");
        indices[i] = index != CHECK_NONE ? (size_t)index : workflow->task_count;
        if (name->text != NULL && is_repeated(&task->after, i))
            diagnostics_error(check->log, name->where, "'%s' comes after '%s' twice", task->name,
                              name->text);
    }
    task->after_index = indices;
}

/* The functions of accumulators are called otherwise. */
void check_engine_call(checker *check, const spec_name *call)
{
    check_c_function(check, call);
    for (size_t i = 0; i < check->model->accumulator_count; i++) {
        const spec_name *other = &check->model->accumulators[i]->call;
        if (other->text == NULL || strcmp(other->text, call->text) != 0)
            continue;
        diagnostics_error(check->log, call->where,
                          "'%s' is what the accumulator '%s' calls, and cannot be a task's too",
                          call->text, check->model->accumulators[i]->name);
        diagnostics_note(check->log, other->where, "the other one");
        return;
    }
}

static void check_words_of(checker *check, const spec_task *task)
{
    const char *good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    for (size_t i = 0; i < task->exec.count; i++) {
        spec_word *word = &task->exec.items[i];
        const char *name = word->name.text;
        if (!word->secret && name != NULL && check_has_variable(name))
            diagnostics_error(check->log, word->name.where,
                              "variables in `exec:` are not part of this version of weir");
        if (!word->secret)
            continue;
        if (name[0] == '\0' || name[strspn(name, good)] != '\0')
            diagnostics_error(check->log, word->name.where,
                              "'%s' cannot name a secret: it has letters, digits, '_' and '-'",
                              name);
        word->value.json = weir_arena_printf(&check->model->arena, "[\"secret\",\"%s\"]", name);
    }
}

/* What a workflow calls has arguments: nothing fires it. */
static void check_graph(checker *check, spec_task *task)
{
    long index = check_resolve(check, &check->graphs, &task->graph, "graph");
    const spec_graph *graph = index != CHECK_NONE ? &check->model->graphs[index] : NULL;

    task->graph_index = (size_t)index;
    if (graph != NULL && graph->args.count == 0 && !graph->unfired)
        diagnostics_error(check->log, task->graph.where,
                          "the graph '%s' is fired by a reactor and cannot be called: a task calls "
                          "one with `args:`",
                          graph->name);
    for (size_t i = 0; graph != NULL && i < check->model->param_count; i++)
        if (check->model->params[i].fallback == NULL)
            diagnostics_error(check->log, task->graph.where,
                              "a workflow calls graphs with the defaults of the parameters, and "
                              "'%s' has none",
                              check->model->params[i].name);
}

/* A function is a task's or a condition, not both: they answer otherwise. */
static void check_condition(checker *check, const spec_name *condition)
{
    const spec *model = check->model;

    check_c_function(check, condition);
    for (size_t i = 0; i < model->workflow_count; i++)
        for (size_t t = 0; t < model->workflows[i].body_count; t++) {
            const spec_task *other = model->workflows[i].bodies[t];
            if (other->call.text == NULL || strcmp(other->call.text, condition->text) != 0)
                continue;
            diagnostics_error(check->log, condition->where,
                              "'%s' is what the task '%s' calls, and cannot be a condition too",
                              condition->text, other->name);
            diagnostics_note(check->log, other->call.where, "the other one");
            return;
        }
}

static void check_conditions(checker *check, const spec_task *task)
{
    bool waits = task->graph.text == NULL && task->workflow.text == NULL;

    if (!waits && (task->conditions.count != 0 || task->defer.count != 0))
        diagnostics_error(
            check->log, task->where,
            "the task '%s' never answers that it waits: `conditions:` and `defer:` go "
            "with `call:` and `exec:`",
            task->name);
    for (size_t i = 0; i < task->conditions.count; i++) {
        if (task->conditions.items[i].text == NULL)
            continue;
        if (is_repeated(&task->conditions, i))
            diagnostics_error(check->log, task->conditions.items[i].where, "'%s' is named twice",
                              task->conditions.items[i].text);
        else
            check_condition(check, &task->conditions.items[i]);
    }
}

static bool is_class(const char *text)
{
    size_t size = strlen(text);

    return size > 0 && size < 32 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
               '\0';
}

/* The user's own, or one that is nearly one of weir's and was meant so. */
static void check_own_class(checker *check, const spec_name *name, const weir_nearest *nearest)
{
    enum { LONG = 5 }; /* a short word is near many others */
    char hint[128];

    if (!is_class(name->text))
        diagnostics_error(check->log, name->where,
                          "'%s' is no class of errors: it has 1 to 31 letters, digits and '_'",
                          name->text);
    else if (strlen(name->text) >= LONG && nearest->name != NULL)
        diagnostics_error(check->log, name->where, "there is no class of errors '%s'%s", name->text,
                          weir_nearest_hint(nearest, hint, sizeof hint));
}

static void check_classes(checker *check, const spec_task *task)
{
    static const char *const known[] = {"crash", "timeout", "lost", "failed", "exit", "deferred"};

    for (size_t i = 0; i < task->retry_on.count; i++) {
        const spec_name *name = &task->retry_on.items[i];
        weir_nearest nearest = {.wanted = name->text};
        if (name->text == NULL)
            continue;
        bool is_known = strncmp(name->text, "exit_", 5) == 0;
        for (size_t k = 0; k < sizeof known / sizeof *known && !is_known; k++) {
            is_known = strcmp(known[k], name->text) == 0;
            weir_nearest_offer(&nearest, known[k]);
        }
        if (is_repeated(&task->retry_on, i))
            diagnostics_error(check->log, name->where, "'%s' is named twice", name->text);
        else if (!is_known)
            check_own_class(check, name, &nearest);
    }
}

static void check_hook_body(checker *check, const spec_task *hook, int bodies)
{
    if (bodies != 1 && !hook->unread)
        diagnostics_error(check->log, hook->where,
                          "the hook '%s' is to have one of `call:` (a C function) and `exec:` (a "
                          "command)",
                          hook->name);
}

static void check_body(checker *check, const spec_workflow *workflow, spec_task *task)
{
    int bodies = (task->call.text != NULL) + (task->exec.count != 0) + (task->graph.text != NULL) +
                 (task->workflow.text != NULL);

    if (task->hook)
        check_hook_body(check, task, bodies);
    else if (bodies > 1)
        diagnostics_error(
            check->log, task->where,
            "the task '%s' has more than one of `call:`, `exec:`, `graph:` and `workflow:`",
            task->name);
    else if (bodies == 0 && !task->unread)
        diagnostics_error(check->log, task->where,
                          "the task '%s' does nothing: give it `call:` (a C function), `exec:` (a "
                          "command), `graph:` or `workflow:`",
                          task->name);
    if (task->with.given && task->graph.text == NULL && task->workflow.text == NULL)
        diagnostics_error(check->log, task->with.where,
                          "`with:` goes with `graph:` and `workflow:`");
    if (task->call.text != NULL)
        check_engine_call(check, &task->call);
    if (task->graph.text != NULL)
        check_graph(check, task);
    if (task->workflow.text != NULL)
        check_begun(check, workflow, task);
    check_words_of(check, task);
    check_conditions(check, task);
    check_classes(check, task);
}

static bool is_retry_option(const char *name)
{
    for (size_t i = 0; i < weir_retry_options.count; i++)
        if (strcmp(weir_retry_options.items[i].name, name) == 0)
            return true;
    return false;
}

static bool runs_on_a_thread(const spec_task *task)
{
    for (size_t i = 0; i < task->settings.count; i++)
        if (strcmp(task->settings.items[i].name, "isolate") == 0)
            return strcmp(task->settings.items[i].text, "none") == 0;
    return false;
}

/* What only a process of its own can have, and only a function may be without. */
static bool refuse_isolation(checker *check, const spec_task *task, size_t at)
{
    const char *name = task->settings.items[at].name;
    bool isolate = strcmp(name, "isolate") == 0, memory = strcmp(name, "memory") == 0;
    const char *why = NULL;

    if (task->workflow.text != NULL && (isolate || memory || strcmp(name, "timeout") == 0))
        why = "is of what a task runs itself; a workflow has a `timeout:` of its own";
    else if (task->exec.count != 0 && (isolate || memory))
        why = "is of a function (`call:`); a command is a process anyway";
    else if (runs_on_a_thread(task) && (memory || strcmp(name, "timeout") == 0))
        why = "needs a process of the task's own: nothing ends a thread; leave out `isolate: none`";
    if (why != NULL)
        diagnostics_error(check->log, task->settings.names[at], "`%s:` %s", name, why);
    return why != NULL;
}

static bool is_of_tasks(const char *option)
{
    return strcmp(option, "run_if") == 0 || strcmp(option, "allow_failure") == 0;
}

/* True: it was complained about. */
static bool refuse_setting(checker *check, const spec_task *task, size_t at)
{
    const weir_setting *setting = &task->settings.items[at];

    if (strcmp(setting->name, "max") == 0 && task->for_each.expression.text == NULL) {
        diagnostics_error(check->log, task->settings.names[at], "`max:` goes with `for_each:`");
        return true;
    }
    if (task->hook && is_of_tasks(setting->name)) {
        diagnostics_error(check->log, task->settings.names[at],
                          "`%s:` is of a task: a hook runs when its time has come, and its failure "
                          "fails nothing",
                          setting->name);
        return true;
    }
    if (check_has_variable(setting->text)) {
        diagnostics_error(check->log, setting->place,
                          "variables in workflows are not part of this version of weir");
        return true;
    }
    if (is_retry_option(setting->name)) {
        diagnostics_error(check->log, task->settings.names[at], "'%s' belongs into `retry:`",
                          setting->name);
        return true;
    }
    return refuse_isolation(check, task, at);
}

/* The options that are left when those that were refused are gone. */
static spec_settings sift(checker *check, const spec_task *task)
{
    spec_settings left = {0};
    size_t room;

    left.items = front_array(check->front, task->settings.count, sizeof *left.items, &room);
    left.names = front_array(check->front, task->settings.count, sizeof *left.names, &room);
    for (size_t i = 0; i < room; i++) {
        bool rule = strcmp(task->settings.items[i].name, "run_if") == 0;
        if ((rule && task->rule.expression.text != NULL) || refuse_setting(check, task, i))
            continue;
        left.names[left.count] = task->settings.names[i];
        left.items[left.count++] = task->settings.items[i];
    }
    return left;
}

/* Settings in which variables mean nothing. */
void check_own_settings(checker *check, const spec_settings *settings, const check_options *options)
{
    if (options->what == NULL) {
        check->log->failed = true;
        return;
    }
    check_settings(check, settings, options);
    for (size_t i = 0; i < settings->count; i++)
        if (check_has_variable(settings->items[i].text))
            diagnostics_error(check->log, settings->items[i].place,
                              "variables in workflows are not part of this version of weir");
}

static void check_options_of(checker *check, spec_task *task)
{
    weir_arena *arena = &check->model->arena;
    const char *what =
        weir_arena_printf(arena, "%s '%s'", task->hook ? "hook" : "task", task->name);
    spec_settings left = sift(check, task);

    if (what == NULL) {
        check->log->failed = true;
        return;
    }
    check_settings(
        check, &left,
        &(check_options){.what = what,
                         .where = task->where,
                         .lists = &weir_task_options,
                         .list_count = 1,
                         .section = task->hook ? &spec_hook_section : &spec_task_section});
    check_own_settings(check, &task->retry,
                       &(check_options){.what = weir_arena_printf(arena, "`retry:` of %s", what),
                                        .where = task->where,
                                        .lists = &weir_retry_options,
                                        .list_count = 1});
    check_own_settings(check, &task->defer,
                       &(check_options){.what = weir_arena_printf(arena, "`defer:` of %s", what),
                                        .where = task->where,
                                        .lists = &weir_defer_options,
                                        .list_count = 1});
    if (task->concurrency.count != 0)
        check_own_settings(
            check, &task->concurrency,
            &(check_options){.what = weir_arena_printf(arena, "`concurrency:` of %s", what),
                             .where = task->where,
                             .lists = &weir_concurrency_options,
                             .list_count = 1});
    task->settings = left;
}

static void check_rule(checker *check, const spec_task *task)
{
    const char *rule = check_setting(&task->settings, "run_if");

    if (rule == NULL || task->after.count != 0 || strncmp(rule, "any_", 4) != 0)
        return;
    for (size_t i = 0; i < task->settings.count; i++)
        if (strcmp(task->settings.items[i].name, "run_if") == 0)
            diagnostics_error(check->log, task->settings.items[i].place,
                              "'%s' is never so without `after:`: the task '%s' would not run",
                              rule, task->name);
}

/* --- Circles --- */

enum { MOST_CIRCLES = 16 }; /* that are told */

/* The tasks that are left wait for each other. */
typedef struct task_order {
    const spec_workflow *workflow;
    bool *placed;
} task_order;

static size_t unplaced_before(const task_order *order, size_t at)
{
    const spec_task *task = &order->workflow->tasks[at];

    for (size_t i = 0; i < task->after.count; i++) {
        size_t first = task->after_index[i];
        if (first < order->workflow->task_count && !order->placed[first])
            return first;
    }
    return order->workflow->task_count;
}

/* Places what can be placed; false: nothing more can. */
static bool place_some(task_order *order)
{
    bool some = false;

    for (size_t i = 0; i < order->workflow->task_count; i++)
        if (!order->placed[i] && unplaced_before(order, i) == order->workflow->task_count)
            order->placed[i] = some = true;
    return some;
}

/* Going back from any that is left, as many steps as there are tasks, ends on a circle. */
static size_t find_circle(const task_order *order)
{
    size_t at = 0;

    while (order->placed[at])
        at++;
    for (size_t i = 0; i < order->workflow->task_count; i++)
        at = unplaced_before(order, at);
    return at;
}

static void report_circle(checker *check, task_order *order)
{
    const spec_task *tasks = order->workflow->tasks;
    size_t begin = find_circle(order), first = begin;
    weir_buffer names = {0};

    for (size_t at = unplaced_before(order, begin); at != begin; at = unplaced_before(order, at))
        first = at < first ? at : first;
    weir_buffer_text(&names, tasks[first].name);
    for (size_t at = unplaced_before(order, first); at != first; at = unplaced_before(order, at))
        weir_buffer_printf(&names, " <- %s", tasks[at].name);
    if (names.failed)
        check->log->failed = true;
    else
        diagnostics_error(check->log, tasks[first].where,
                          "tasks wait for each other in a circle: %s <- %s", names.data,
                          tasks[first].name);
    weir_buffer_free(&names);
    order->placed[first] = true;
}

static bool all_placed(const task_order *order)
{
    for (size_t i = 0; i < order->workflow->task_count; i++)
        if (!order->placed[i])
            return false;
    return true;
}

static void check_circles(checker *check, const spec_workflow *workflow)
{
    size_t room;
    task_order order = {.workflow = workflow,
                        .placed =
                            front_array(check->front, workflow->task_count, sizeof(bool), &room)};

    for (int circles = 0; room != 0 && circles <= MOST_CIRCLES; circles++) {
        while (place_some(&order)) {
        }
        if (all_placed(&order))
            return;
        report_circle(check, &order);
    }
}

/* --- All --- */

/* Nobody gives it an input. */
static void check_scheduled_input(checker *check, const spec_workflow *workflow)
{
    for (size_t i = 0; i < workflow->input.count; i++) {
        const spec_field *field = &workflow->input.items[i];
        if (!field->shape.optional && field->fallback == NULL && field->moment == NULL)
            diagnostics_error(check->log, field->where,
                              "the workflow '%s' starts by its `schedule:`, and '%s' of its input "
                              "has no default",
                              workflow->name, field->name);
    }
}

/* It reads what it is told as `input`, whatever that of the workflow is. */
static void check_hook(checker *check, const spec_workflow *workflow, spec_task *hook)
{
    spec_workflow told = *workflow;

    told.has_input = false;
    check_body(check, workflow, hook);
    check_options_of(check, hook);
    check_task_expressions(check, &told, hook);
}

static void check_schedule(checker *check, const spec_workflow *workflow)
{
    weir_schedule_check whole = check->front->kinds->check_schedule;
    weir_error *error = NULL;

    check_scheduled_input(check, workflow);
    size_t before = check->log->errors;
    check_own_settings(
        check, &workflow->schedule,
        &(check_options){.what = weir_arena_printf(&check->model->arena,
                                                   "`schedule:` of workflow '%s'", workflow->name),
                         .where = workflow->where,
                         .lists = &weir_schedule_options,
                         .list_count = 1});
    if (whole == NULL || check->log->errors != before)
        return;
    weir_status status = whole(workflow->name, workflow->schedule.items, workflow->schedule.count,
                               workflow->where, &error);
    if (status != WEIR_OK)
        diagnostics_error(check->log, weir_error_place(error), "%s", weir_error_message(error));
    check->log->failed |= status == WEIR_NOMEM;
    weir_error_free(error);
}

static void check_workflow(checker *check, spec_workflow *workflow)
{
    check_names names;

    if (!check_names_init(check, &names, workflow->task_count))
        return;
    for (size_t i = 0; i < workflow->task_count; i++)
        check_names_add(&names, workflow->tasks[i].name, i);
    check_names_sort(&names);
    for (size_t i = 0; i < workflow->task_count; i++) {
        resolve_after(check, workflow, &names, &workflow->tasks[i]);
        check_body(check, workflow, &workflow->tasks[i]);
        check_options_of(check, &workflow->tasks[i]);
        check_rule(check, &workflow->tasks[i]);
        check_task_expressions(check, workflow, &workflow->tasks[i]);
    }
    for (size_t i = 0; i < workflow->body_count; i++)
        if (workflow->bodies[i]->hook)
            check_hook(check, workflow, workflow->bodies[i]);
    check_circles(check, workflow);
    check_triggers(check, workflow);
    check_own_settings(check, &workflow->settings,
                       &(check_options){.what = weir_arena_printf(&check->model->arena,
                                                                  "workflow '%s'", workflow->name),
                                        .where = workflow->where,
                                        .lists = &weir_workflow_options,
                                        .list_count = 1,
                                        .section = &spec_workflow_section});
    if (workflow->schedule.count != 0)
        check_schedule(check, workflow);
}

void check_workflows(checker *check)
{
    spec *model = check->model;

    if (!check_names_init(check, &check->workflows, model->workflow_count))
        return;
    for (size_t i = 0; i < model->workflow_count; i++) {
        check_names_add(&check->workflows, model->workflows[i].name, i);
        check_input_fields(check, &model->workflows[i]);
    }
    check_names_sort(&check->workflows);
    check_slots(check);
    for (size_t i = 0; i < model->workflow_count; i++)
        check_moments(check, &model->workflows[i]);
    for (size_t i = 0; i < model->workflow_count; i++)
        check_workflow(check, &model->workflows[i]);
    check_begins(check);
}
