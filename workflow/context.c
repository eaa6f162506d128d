/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - merges what tasks wrote.
 *
 * For each key the writers that have no other writer of it below them are kept, the tasks taken in
 * topological order: a writer removes those above it. Where more than one is left they clash.
 */
#include "workflow/context.h"

#include "core/buffer.h"
#include "workflow/json.h"

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

weir_status context_writes_init(context_writes *writes, const plan *p, weir_error **error)
{
    *writes = (context_writes){.plan = p, .of = weir_alloc_array(p->task_count, sizeof(json_t *))};
    return writes->of != NULL ? WEIR_OK : no_memory(error);
}

void context_writes_free(context_writes *writes)
{
    for (uint32_t i = 0; writes->of != NULL && i < writes->plan->task_count; i++)
        json_decref(writes->of[i]);
    weir_free(writes->of);
}

weir_status context_writes_add(context_writes *writes, uint32_t task, const char *text,
                               weir_error **error)
{
    char reason[200];

    json_decref(writes->of[task]);
    writes->of[task] = json_from_text(text, reason, sizeof reason);
    if (json_is_object(writes->of[task]))
        return WEIR_OK;
    return weir_error_set(error, WEIR_IO, "what the store has of task '%s' cannot be read: %s",
                          writes->plan->tasks[task].name, reason);
}

/* --- Writers --- */

/* Adds `task` to the writers of `key` and removes those above it. */
static bool add_writer(json_t *writers, const plan *p, const char *key, uint32_t task)
{
    json_t *list = json_object_get(writers, key);

    if (list == NULL && json_object_set_new(writers, key, list = json_array()) != 0)
        return false;
    for (size_t i = json_array_size(list); i-- > 0;)
        if (plan_is_above(p, (uint32_t)json_integer_value(json_array_get(list, i)), task))
            json_array_remove(list, i);
    return json_array_append_new(list, json_integer(task)) == 0;
}

static bool add_writes(json_t *writers, const context_writes *writes, uint32_t task)
{
    json_t *set = json_object_get(writes->of[task], "set");
    json_t *gone = json_object_get(writes->of[task], "delete"), *item;
    const char *key;
    size_t i;

    json_object_foreach(set, key,
                        item) if (!add_writer(writers, writes->plan, key, task)) return false;
    json_array_foreach(gone, i, item) if (!add_writer(writers, writes->plan,
                                                      json_string_value(item), task)) return false;
    return true;
}

/* --- The merge --- */

static uint32_t last_of(const json_t *list)
{
    json_int_t last = 0;
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item) if (json_integer_value(item) > last) last =
        json_integer_value(item);
    return (uint32_t)last;
}

static weir_status tell_clash(const plan *p, const char *key, const json_t *list, uint32_t winner,
                              context_clash clash, void *arg, weir_error **error)
{
    weir_buffer text = {0};
    json_t *item;
    size_t i;

    weir_buffer_printf(&text, "the key '%s' was written side by side by", key);
    json_array_foreach(list, i, item) weir_buffer_printf(&text, "%s '%s'", i != 0 ? " and" : "",
                                                         p->tasks[json_integer_value(item)].name);
    weir_buffer_printf(&text, "; '%s' holds, which is later in the spec", p->tasks[winner].name);
    weir_status status = text.failed ? no_memory(error) : clash(arg, key, text.data, error);
    weir_buffer_free(&text);
    return status;
}

static weir_status choose(const context_writes *writes, json_t *writers, context_clash clash,
                          void *arg, json_t *into, weir_error **error)
{
    weir_status status = WEIR_OK;
    const char *key;
    json_t *list;

    json_object_foreach(writers, key, list)
    {
        uint32_t winner = last_of(list);
        json_t *value = json_object_get(json_object_get(writes->of[winner], "set"), key);
        if (value != NULL && json_object_set(into, key, value) != 0)
            return no_memory(error);
        if (json_array_size(list) > 1 && clash != NULL)
            status = tell_clash(writes->plan, key, list, winner, clash, arg, error);
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

weir_status context_merge(const context_writes *writes, uint32_t reader, context_clash clash,
                          void *arg, json_t **ret, weir_error **error)
{
    const plan *p = writes->plan;
    json_t *writers = json_object(), *into = json_object();
    bool good = writers != NULL && into != NULL;

    for (uint32_t i = 0; i < p->task_count && good; i++) {
        uint32_t task = p->order[i];
        if (writes->of[task] != NULL && (reader == p->task_count || plan_is_above(p, task, reader)))
            good = add_writes(writers, writes, task);
    }
    weir_status status = good ? choose(writes, writers, clash, arg, into, error) : no_memory(error);
    json_decref(writers);
    if (status == WEIR_OK)
        *ret = into;
    else
        json_decref(into);
    return status;
}
