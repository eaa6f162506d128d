/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.c - the triggers that a workflow declares, and what their functions call. */
#include "workflow/trigger.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "workflow/job.h"
#include "workflow/json.h"

/* --- Reading --- */

static void sum_up(trigger *t)
{
    const weir_module_trigger *declared = t->declared;
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, declared->call_name != NULL ? declared->call_name : "");
    weir_digest_add_text(&sum, declared->files != NULL ? declared->files : "");
    for (size_t i = 0; i < declared->settings.count; i++) {
        weir_digest_add_text(&sum, declared->settings.items[i].name);
        weir_digest_add_text(&sum, declared->settings.items[i].text);
    }
    weir_digest_print(sum, t->digest);
}

/* Its function is the only task of a workflow of its own, so that it runs as tasks do. */
static weir_status make_plan(trigger *t, const char *workflow, const char *folder,
                             weir_error **error)
{
    bool files = t->declared->call == NULL;

    snprintf(t->timeout, sizeof t->timeout, "%lldns", (long long)t->config.timeout);
    t->settings[0] = (weir_setting){
        .name = "isolate",
        .text = files || t->config.isolate == WEIR_ISOLATE_NONE ? "none" : "process"};
    t->settings[1] = (weir_setting){.name = "timeout", .text = t->timeout};
    t->task = (weir_module_task){.name = t->declared->name,
                                 .call = files ? arrivals_look : t->declared->call,
                                 .call_name = files ? "files" : t->declared->call_name,
                                 .settings = {t->settings, 2},
                                 .place = t->declared->place};
    t->workflow = (weir_module_workflow){
        .name = workflow, .tasks = &t->task, .task_count = 1, .place = t->declared->place};
    return plan_new(&t->workflow, folder, &(plan_list){0}, &t->plan, error);
}

static weir_status read_one(const weir_module_workflow *workflow, uint32_t at, const char *folder,
                            trigger *t, weir_error **error)
{
    const weir_module_trigger *declared = &workflow->triggers[at];
    char what[200];

    t->declared = declared;
    t->input = workflow->input;
    if ((declared->call != NULL) == (declared->files != NULL))
        return weir_error_set_at(error, WEIR_SPEC, declared->place,
                                 "the trigger '%s' of '%s' needs a function or files, not both",
                                 declared->name, workflow->name);
    snprintf(what, sizeof what, "trigger '%.80s' of workflow '%.80s'", declared->name,
             workflow->name);
    weir_status status =
        weir_options_read(weir_trigger_options.items, weir_trigger_options.count, what,
                          declared->settings.items, declared->settings.count, &t->config, error);
    if (status != WEIR_OK)
        return status;
    sum_up(t);
    return make_plan(t, workflow->name, folder, error);
}

weir_status triggers_new(const weir_module_workflow *workflow, const char *folder, trigger ***ret,
                         weir_error **error)
{
    uint32_t count = workflow->trigger_count;
    weir_status status = WEIR_OK;

    if (count == 0)
        return WEIR_OK;
    trigger **all = weir_alloc_array(count, sizeof *all);
    bool good = all != NULL;
    for (uint32_t i = 0; i < count && good; i++)
        good = (all[i] = weir_alloc(sizeof *all[i])) != NULL;
    if (!good)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < count && status == WEIR_OK; i++)
        status = read_one(workflow, i, folder, all[i], error);
    if (status == WEIR_OK)
        *ret = all;
    else
        triggers_free(all, count);
    return status;
}

void triggers_free(trigger **all, uint32_t count)
{
    for (uint32_t i = 0; all != NULL && i < count; i++) {
        if (all[i] == NULL)
            continue;
        plan_free(all[i]->plan);
        weir_free(all[i]->known.items);
        weir_free(all[i]);
    }
    weir_free(all);
}

/* --- Firing --- */

static weir_status refuse(weir_task *task, weir_status status, const char *why)
{
    if (!task->refused)
        job_fail(task, WEIR_TASK_FAILED, "'%s' cannot fire: %s", weir_task_name(task), why);
    task->refused = true;
    return status;
}

/* Among what it writes, so that it comes back from a process as that does. */
static weir_status add_fired(weir_task *task, const char *key, json_t *input)
{
    json_t *all = json_deep_copy(json_object_get(task->set, TRIGGER_FIRED));

    if (all == NULL)
        all = json_array();
    json_array_append_new(all, json_pack("[s, O]", key, input));
    char *text = json_to_text(all);
    json_decref(all);
    weir_status status = text != NULL ? weir_task_set(task, TRIGGER_FIRED, text)
                                      : refuse(task, WEIR_NOMEM, "out of memory");
    weir_free(text);
    return status;
}

weir_status weir_task_fire(weir_task *task, const char *key, const char *input)
{
    size_t size = key != NULL ? strlen(key) : 0;
    char reason[200] = "";

    if (task->execution != 0)
        return refuse(task, WEIR_STATE, "it is no trigger's function");
    if (size == 0 || size > 200)
        return refuse(task, WEIR_ENCODE, "a key has 1 to 200 bytes");
    if (!json_is_clean(key))
        return refuse(task, WEIR_ENCODE, "a key is UTF-8");
    if (json_array_size(json_object_get(task->set, TRIGGER_FIRED)) == TRIGGER_FIRES)
        return refuse(task, WEIR_LIMIT,
                      "it has fired on 256 keys in this look; leave the rest to "
                      "the next");
    json_t *value = json_from_text(input != NULL ? input : "{}", reason, sizeof reason);
    if (!json_is_object(value)) {
        json_decref(value);
        return refuse(task, WEIR_ENCODE, reason[0] != '\0' ? reason : "its input is no object");
    }
    weir_status status = add_fired(task, key, value);
    json_decref(value);
    return status;
}
