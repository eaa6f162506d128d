/* SPDX-License-Identifier: Apache-2.0 */
/* plans.c - transactions, and the plans that a ledger knows: those with code, and those of others.
 */
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "workflow/ledger.h"

void ledger_free(ledger *l)
{
    for (size_t i = 0; i < l->plan_count; i++)
        plan_free(l->plans[i]);
    for (size_t i = 0; i < LEDGER_FOREIGN; i++)
        plan_free(l->foreign[i]);
    weir_free(l->plans);
}

weir_status ledger_begin(ledger *l, bool write, weir_error **error)
{
    weir_status status = l->store->kind->begin(l->store, write, &l->now, error);

    if (status == WEIR_OK && l->clock != NULL)
        l->now = *l->clock;
    return status;
}

weir_status ledger_end(ledger *l, weir_status status, weir_error **error)
{
    if (status == WEIR_OK)
        return l->store->kind->commit(l->store, error);
    l->store->kind->rollback(l->store);
    return status;
}

static weir_status try(ledger *l, bool write, ledger_work work, void *arg, weir_error **error)
{
    weir_status status = ledger_begin(l, write, error);

    return status == WEIR_OK ? ledger_end(l, work(l, arg, error), error) : status;
}

weir_status ledger_do(ledger *l, bool write, ledger_work work, void *arg, weir_error **error)
{
    int64_t end = weir_later(weir_monotonic_now(), l->config.busy), pause = 2000000;
    weir_error *failure = NULL;
    weir_status status;

    while ((status = try(l, write, work, arg, &failure)) == WEIR_AGAIN &&
           weir_monotonic_now() < end) {
        /* Two that disturbed each other do not come back at once. */
        int64_t time = pause / 2 + weir_monotonic_now() % pause;
        nanosleep(&(struct timespec){.tv_nsec = time}, NULL);
        pause = pause < 200000000 ? 2 * pause : pause;
    }
    if (status != WEIR_OK && failure != NULL)
        weir_error_set(error, status, "%s", weir_error_message(failure));
    weir_error_free(failure);
    return status;
}

/* --- Loading --- */

/* Takes it, also when it fails. */
static weir_status add_plan(ledger *l, plan *p, weir_error **error)
{
    plan **plans = weir_realloc(l->plans, (l->plan_count + 1) * sizeof *plans);

    if (plans == NULL) {
        plan_free(p);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    l->plans = plans;
    l->plans[l->plan_count++] = p;
    return WEIR_OK;
}

static weir_status load(ledger *l, const weir_module_workflow *workflow, const char *folder,
                        weir_error **error)
{
    const plan_list known = {l->plans, l->plan_count};
    plan *p = NULL;

    if (ledger_plan_named(l, workflow->name) != NULL)
        return weir_error_set(error, WEIR_STATE, "the workflow '%s' is loaded already",
                              workflow->name);
    weir_status status = plan_new(workflow, folder, &known, &p, error);
    plan *parts = status == WEIR_OK ? plan_take_parts(p) : NULL;
    if (status == WEIR_OK)
        status = add_plan(l, p, error);
    if (status == WEIR_OK && parts != NULL)
        return add_plan(l, parts, error);
    plan_free(parts);
    return status;
}

/* The workflows of a module while they are loaded: what others begin comes before them. */
typedef struct loading {
    ledger *ledger;
    const weir_module *module;
    const char *folder;
    bool *loaded;
} loading;

static weir_status load_from(const loading *list, uint32_t at, uint32_t deep, weir_error **error);

static weir_status load_begun(const loading *list, const weir_module_task *task, uint32_t deep,
                              weir_error **error)
{
    for (uint32_t i = 0; i < list->module->workflow_count; i++)
        if (strcmp(list->module->workflows[i].name, task->workflow) == 0 && !list->loaded[i])
            return load_from(list, i, deep + 1, error);
    return WEIR_OK; /* it is loaded, or will be missed */
}

static weir_status load_from(const loading *list, uint32_t at, uint32_t deep, weir_error **error)
{
    const weir_module_workflow *workflow = &list->module->workflows[at];
    weir_status status = WEIR_OK;

    if (deep > WEIR_WORKFLOWS_DEEP)
        return weir_error_set_at(error, WEIR_SPEC, workflow->place,
                                 "the workflow '%s' is begun by others, more than %d deep or in a "
                                 "circle",
                                 workflow->name, WEIR_WORKFLOWS_DEEP);
    for (uint32_t i = 0; i < workflow->task_count && status == WEIR_OK; i++)
        if (workflow->tasks[i].workflow != NULL)
            status = load_begun(list, &workflow->tasks[i], deep, error);
    if (status == WEIR_OK)
        status = load(list->ledger, workflow, list->folder, error);
    list->loaded[at] = true;
    return status;
}

weir_status ledger_load(ledger *l, const weir_module *module, const char *folder,
                        weir_error **error)
{
    const loading list = {l, module, folder,
                          weir_alloc_array(module->workflow_count + 1, sizeof(bool))};
    weir_status status = WEIR_OK;

    if (list.loaded == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < module->workflow_count && status == WEIR_OK; i++)
        if (!list.loaded[i])
            status = load_from(&list, i, 1, error);
    weir_free(list.loaded);
    return status;
}

const plan *ledger_plan_named(const ledger *l, const char *workflow)
{
    for (size_t i = 0; i < l->plan_count; i++)
        if (strcmp(l->plans[i]->workflow, workflow) == 0)
            return l->plans[i];
    return NULL;
}

static plan *find(plan *const *plans, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (plans[i] != NULL && plans[i]->id == id)
            return plans[i];
    return NULL;
}

static weir_status take_plan(void *arg, const store_plan *row, weir_error **error)
{
    return plan_read(row->text, arg, error);
}

weir_status ledger_plan(ledger *l, int64_t id, plan **ret, weir_error **error)
{
    if ((*ret = find(l->plans, l->plan_count, id)) != NULL ||
        (*ret = find(l->foreign, LEDGER_FOREIGN, id)) != NULL)
        return WEIR_OK;
    weir_status status = l->store->kind->find_plan(l->store, id, take_plan, ret, error);
    if (status == WEIR_NOT_FOUND)
        return weir_error_set(error, WEIR_IO, "the store has lost plan %lld", (long long)id);
    if (status != WEIR_OK)
        return status;
    (*ret)->id = id;
    plan_free(l->foreign[l->oldest]);
    l->foreign[l->oldest] = *ret;
    l->oldest = (l->oldest + 1) % LEDGER_FOREIGN;
    return WEIR_OK;
}

static weir_status offer(ledger *l, int64_t runner, plan *p, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    store_plan row = {.version = p->version, .workflow = p->workflow, .text = p->text};
    weir_status status = kind->add_plan(l->store, &row, &p->id, error);

    return status == WEIR_OK ? kind->offer(l->store, runner, p->id, error) : status;
}

weir_status ledger_join(ledger *l, const char *name, weir_error **error)
{
    int64_t runner = 0;
    weir_status status = l->store->kind->join(l->store, name, l->now, &runner, error);

    for (size_t i = 0; i < l->plan_count && status == WEIR_OK; i++)
        status = offer(l, runner, l->plans[i], error);
    if (status == WEIR_OK)
        l->runner = runner;
    return status;
}
