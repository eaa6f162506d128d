/* SPDX-License-Identifier: Apache-2.0 */
/* graph_task.c - a task that calls a graph (rule F15): arguments from JSON, results into JSON, each
 * by the codec of its type. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buffer.h"
#include "workflow/evaluate.h"
#include "workflow/job.h"
#include "workflow/json.h"
#include <weir/graph.h>

enum { WHY = 500 };

/* One call; all of it freed at its end. */
typedef struct graph_call {
    weir_task *job;
    const weir_task_graph *call;
    json_t *arguments;
    void *args, *params, *state, *out;
} graph_call;

/* --- Arguments --- */

/* A new reference. NULL: the job has failed. */
static json_t *argument(weir_task *job, const weir_task_argument *given)
{
    const evaluate_scope scope = job_scope(job);
    char why[WHY] = "";
    json_t *tree = json_from_text(given->tree, why, sizeof why);
    json_t *value = tree != NULL ? evaluate(tree, &scope, why, sizeof why) : NULL;

    json_decref(tree);
    if (value == NULL)
        job_fail(job, WEIR_TASK_FAILED_GOOD, "the argument '%s' of the graph cannot be had: %s",
                 given->name, why);
    return value;
}

static bool gather(graph_call *c)
{
    const weir_type *type = c->call->graph->args;

    for (uint32_t i = 0; i < type->field_count; i++) {
        const char *name = type->fields[i].wire;
        json_t *value = json_object_get(c->job->context, name);
        if (value != NULL)
            json_object_set(c->arguments, name, value);
    }
    for (uint32_t i = 0; i < c->call->with_count; i++) {
        json_t *value = argument(c->job, &c->call->with[i]);
        if (value == NULL)
            return false;
        json_object_set_new(c->arguments, c->call->with[i].name, value);
    }
    return true;
}

/* NULL: the job has failed. */
static void *decode(weir_task *job, const weir_type *type, const json_t *value, const char *what)
{
    weir_wire_error wrong = {.path = ""};
    char *text = json_to_text(value);
    void *record = weir_alloc(type->size);
    weir_status status =
        text != NULL && record != NULL
            ? weir_decode(type, WEIR_FORMAT_JSON, (weir_slice){(const uint8_t *)text, strlen(text)},
                          record, &wrong)
            : WEIR_NOMEM;

    weir_free(text);
    if (status == WEIR_OK)
        return record;
    weir_free(record);
    if (status == WEIR_NOMEM)
        job_fail(job, WEIR_TASK_FAILED, "out of memory");
    else if (wrong.fault == WEIR_WIRE_MISSING)
        job_fail(job, WEIR_TASK_FAILED_GOOD,
                 "%s lacks '%s': it is no key of the context, and not in `with:`", what,
                 wrong.path);
    else
        job_fail(job, WEIR_TASK_FAILED_GOOD, "%s cannot take '%s': %s", what, wrong.path,
                 wrong.message);
    return NULL;
}

static bool prepare(graph_call *c)
{
    const weir_module_graph *graph = c->call->graph;
    char what[128];
    json_t *none = json_object();

    snprintf(what, sizeof what, "the graph '%.80s'", graph->name);
    bool good = gather(c) && (c->args = decode(c->job, graph->args, c->arguments, what)) != NULL;
    if (good && c->call->params != NULL)
        good = (c->params = decode(c->job, c->call->params, none, what)) != NULL;
    json_decref(none);
    c->state = weir_alloc(graph->state_size + 1);
    c->out = weir_alloc(graph->out_size + 1);
    if (good && (c->state == NULL || c->out == NULL)) {
        job_fail(c->job, WEIR_TASK_FAILED, "out of memory");
        return false;
    }
    return good;
}

/* --- Results --- */

/* A new reference, null where it gave nothing. NULL: the job has failed. */
static json_t *result_of(weir_task *job, const weir_module_member *member, const char *out)
{
    weir_wire_error wrong = {.path = ""};
    weir_buffer text = {0};
    char why[WHY] = "out of memory";
    json_t *value = NULL;

    if (!*(const bool *)(out + member->flag_offset))
        return json_null();
    if (weir_encode(member->type, WEIR_FORMAT_JSON, out + member->offset, &text, &wrong) == WEIR_OK)
        value = json_from_text(text.data, why, sizeof why);
    else
        snprintf(why, sizeof why, "%s: %s", wrong.path, wrong.message);
    weir_buffer_free(&text);
    if (value == NULL)
        job_fail(job, WEIR_TASK_FAILED_GOOD, "the result '%s' of the graph cannot be kept: %s",
                 member->name, why);
    return value;
}

/* Of one result that itself; of several an object of those that there are. */
static json_t *results_of(const graph_call *c)
{
    const weir_module_graph *graph = c->call->graph;
    json_t *whole = json_object();

    if (graph->output_count == 1) {
        json_decref(whole);
        return result_of(c->job, &graph->outputs[0], c->out);
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        json_t *value = result_of(c->job, &graph->outputs[i], c->out);
        if (value == NULL) {
            json_decref(whole);
            return NULL;
        }
        if (json_is_null(value))
            continue;
        json_object_set_new(whole, graph->outputs[i].name, value);
    }
    return whole;
}

static weir_answer keep(const graph_call *c)
{
    json_t *whole = results_of(c);
    char *text = json_to_text(whole);

    if (text != NULL)
        weir_task_set(c->job, weir_task_name(c->job), text);
    else if (whole != NULL)
        job_fail(c->job, WEIR_TASK_FAILED, "out of memory");
    json_decref(whole);
    weir_free(text);
    return c->job->answer;
}

/* --- The call --- */

static weir_answer run(graph_call *c)
{
    const weir_module_graph *graph = c->call->graph;
    struct timespec now;
    weir_error *error = NULL;

    clock_gettime(CLOCK_REALTIME, &now);
    int64_t time = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    if (graph->call(c->args, time, c->params, c->state, c->out, &error) == WEIR_OK)
        return keep(c);
    weir_task_fail(c->job, "%s", weir_error_message(error));
    weir_error_free(error);
    return WEIR_TASK_FAILED;
}

weir_answer weir_task_call_graph(weir_task *task, const weir_task_graph *call)
{
    graph_call c = {.job = task, .call = call, .arguments = json_object()};
    weir_answer answer = prepare(&c) ? run(&c) : task->answer;

    json_decref(c.arguments);
    weir_free(c.args);
    weir_free(c.params);
    weir_free(c.state);
    weir_free(c.out);
    return answer;
}
