/* SPDX-License-Identifier: Apache-2.0 */
/* look_world.c - a workflow with triggers. */
#include "tests/workflow/look_world.h"

#include <stdio.h>
#include <string.h>

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

void look_begin_without_runner(look_world *w)
{
    const flow_task tasks[] = {{.name = "t", .call = done, .options = "isolate=none"}, {0}};

    w->flow = flow_new(tasks);
    w->now = 1767225600 * LOOK_SECOND; /* 2026-01-01 */
    snprintf(w->url, sizeof w->url, "%s", flow_new_store());
    w->settings[0] = (weir_setting){.name = "every", .text = "10s"};
    w->settings[1] = (weir_setting){.name = "isolate", .text = "none"};
    w->flow->workflow.triggers = w->triggers;
    w->flow->workflow.trigger_count = 1;
}

weir_runner *look_open_runner(look_world *w)
{
    weir_runner *runner = flow_runner(w->url, w->flow, true);

    runner_use_clock(runner, &w->now);
    return runner;
}

void look_begin(look_world *w, weir_task_function look)
{
    look_begin_without_runner(w);
    w->triggers[0] = (weir_module_trigger){
        .name = "orders", .call = look, .call_name = "look", .settings = {w->settings, 2}};
    w->runner = look_open_runner(w);
}

void look_end(look_world *w)
{
    weir_runner_close(w->runner);
    flow_free(w->flow);
}

/* Until nothing is left to do at this time. */
void look_settle(weir_runner *runner)
{
    for (int i = 0; i < 3; i++) {
        do {
            FLOW_OK(runner_turn(runner, &error));
        } while (!runner_is_idle(runner));
    }
}

void look_move(look_world *w, int64_t seconds)
{
    w->now += seconds * LOOK_SECOND;
    look_settle(w->runner);
}

/* What the listing says of the first trigger. */
static json_t *listed(const look_world *w)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_triggers(w->runner, NULL, 1000, &text, &error));
    json_t *all = json_loads(text, 0, NULL);
    json_t *first = json_incref(json_array_get(all, 0));
    json_decref(all);
    weir_free(text);
    assert_non_null(first);
    return first;
}

int64_t look_number_of(const look_world *w, const char *name)
{
    json_t *trigger = listed(w);
    int64_t number = json_integer_value(json_object_get(trigger, name));

    json_decref(trigger);
    return number;
}

/* How many rows of that outcome there are; of the newest the key and the reason. */
size_t look_firings(const look_world *w, const char *outcome, char *key, char *reason, size_t size)
{
    json_t *trigger = listed(w), *one;
    size_t count = 0, i;

    json_array_foreach(json_object_get(trigger, "firings"), i, one)
    {
        const char *why = json_string_value(json_object_get(one, "reason"));
        if (strcmp(json_string_value(json_object_get(one, "outcome")), outcome) != 0)
            continue;
        if (count++ == 0 && key != NULL)
            snprintf(key, size, "%s", json_string_value(json_object_get(one, "key")));
        if (count == 1 && reason != NULL)
            snprintf(reason, size, "%s", why != NULL ? why : "");
    }
    json_decref(trigger);
    return count;
}

size_t look_started(const look_world *w)
{
    return look_firings(w, "started", NULL, NULL, 0);
}

size_t look_executions(const look_world *w)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_list(w->runner, "flow", NULL, 0, 1000, &text, &error));
    json_t *all = json_loads(text, 0, NULL);
    size_t count = json_array_size(all);
    json_decref(all);
    weir_free(text);
    return count;
}
