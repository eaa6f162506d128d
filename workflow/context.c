/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - views of the context: joining those of several tasks, and adding a task's writes. */
#include "workflow/context.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "workflow/json.h"

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

static weir_status read_view(const char *text, json_t **ret, weir_error **error)
{
    char reason[200];

    *ret = json_from_text(text, reason, sizeof reason);
    if (json_is_object(*ret))
        return WEIR_OK;
    json_decref(*ret);
    *ret = NULL;
    return weir_error_set(error, WEIR_IO, "what the store has of a task cannot be read: %s",
                          reason);
}

/* --- Joining --- */

void context_view_free(context_view *view)
{
    weir_free(view->only);
    json_decref(view->all);
    *view = (context_view){0};
}

static bool has(const json_t *list, json_int_t writer)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item) if (json_integer_value(item) == writer) return true;
    return false;
}

/* Adds what is in `more`; its lists may become those of `all`. */
static bool unite(json_t *all, json_t *more)
{
    const char *key;
    json_t *list, *item;
    size_t i;

    json_object_foreach(more, key, list)
    {
        json_t *own = json_object_get(all, key);
        if (own == NULL && json_object_set(all, key, list) != 0)
            return false;
        json_array_foreach(list, i, item) if (own != NULL && !has(own, json_integer_value(item)) &&
                                              json_array_append(own, item) != 0) return false;
    }
    return true;
}

static weir_status unite_text(context_view *view, const char *seen, weir_error **error)
{
    json_t *more = NULL;
    weir_status status = read_view(seen, &more, error);

    if (status == WEIR_OK && view->all == NULL)
        view->all = more;
    else if (status == WEIR_OK) {
        status = unite(view->all, more) ? WEIR_OK : no_memory(error);
        json_decref(more);
    }
    return status;
}

weir_status context_view_add(context_view *view, const char *seen, weir_error **error)
{
    if (seen == NULL || (view->only != NULL && strcmp(view->only, seen) == 0))
        return WEIR_OK;
    if (view->only == NULL) {
        if ((view->only = weir_strdup(seen)) == NULL)
            return no_memory(error);
        return view->all != NULL ? unite_text(view, seen, error) : WEIR_OK;
    }
    weir_status status = view->all == NULL ? unite_text(view, view->only, error) : WEIR_OK;
    return status == WEIR_OK ? unite_text(view, seen, error) : status;
}

/* Takes those out of a list that are above another one of it. */
static bool prune(const plan *p, json_t *list)
{
    uint64_t *above = weir_alloc_array(p->row_words, sizeof *above);
    json_t *item;
    size_t i;

    if (above == NULL)
        return false;
    json_array_foreach(list, i, item)
    {
        const uint64_t *row = plan_above(p, (uint32_t)json_integer_value(item));
        for (size_t w = 0; w < p->row_words; w++)
            above[w] |= row[w];
    }
    for (i = json_array_size(list); i-- > 0;) {
        uint32_t task = (uint32_t)json_integer_value(json_array_get(list, i));
        if ((above[task / 64] >> task % 64 & 1) != 0)
            json_array_remove(list, i);
    }
    weir_free(above);
    return true;
}

weir_status context_view_end(context_view *view, const plan *p, char **ret, weir_error **error)
{
    const char *key;
    json_t *list;
    bool good = true;

    *ret = NULL;
    if (view->all == NULL) {
        *ret = view->only;
        view->only = NULL;
        return WEIR_OK;
    }
    json_object_foreach(view->all, key, list) if (json_array_size(list) > 1) good &= prune(p, list);
    *ret = good ? json_to_text(view->all) : NULL;
    context_view_free(view);
    return *ret != NULL ? WEIR_OK : no_memory(error);
}

/* --- Writing --- */

char *context_after(const char *seen, uint32_t task, const json_t *set, const json_t *gone)
{
    const json_t *const written[] = {set, gone};
    char reason[200];
    json_t *view = seen != NULL ? json_from_text(seen, reason, sizeof reason) : json_object();

    for (size_t i = 0; i < 2; i++) {
        void *at = json_object_iter((json_t *)(uintptr_t)written[i]);
        for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)written[i], at))
            if (json_object_set_new(view, json_object_iter_key(at), json_pack("[i]", (int)task)) !=
                0) {
                json_decref(view);
                return NULL;
            }
    }
    char *text = json_to_text(view);
    json_decref(view);
    return text;
}

/* Nobody above it has a key from it alone: it has written that. */
static bool renew(json_t *view, json_t *before, uint32_t task)
{
    const char *key;
    json_t *list;

    json_object_foreach(before, key, list) if (has(list, task) &&
                                               json_object_set(view, key, list) != 0) return false;
    return true;
}

weir_status context_renew(const char *seen, const char *before, uint32_t task, char **ret,
                          weir_error **error)
{
    json_t *view = NULL, *old = NULL;
    weir_status status = read_view(seen != NULL ? seen : "{}", &view, error);

    if (status == WEIR_OK)
        status = read_view(before != NULL ? before : "{}", &old, error);
    if (status == WEIR_OK && (!renew(view, old, task) || (*ret = json_to_text(view)) == NULL))
        status = no_memory(error);
    json_decref(view);
    json_decref(old);
    return status;
}

/* --- Keys --- */

static uint32_t last_of(const json_t *writers)
{
    json_int_t last = 0;
    json_t *item;
    size_t i;

    json_array_foreach(writers, i, item) if (json_integer_value(item) > last) last =
        json_integer_value(item);
    return (uint32_t)last;
}

static int by_writer(const void *a, const void *b)
{
    const context_key *left = a, *right = b;

    if (left->writer != right->writer)
        return left->writer < right->writer ? -1 : 1;
    return strcmp(left->name, right->name);
}

context_key *context_keys(const json_t *seen, size_t *ret_count)
{
    context_key *keys = weir_alloc_array(json_object_size(seen) + 1, sizeof *keys);
    const char *name;
    json_t *writers;

    *ret_count = 0;
    json_object_foreach((json_t *)(uintptr_t)seen, name, writers) if (keys != NULL)
        keys[(*ret_count)++] = (context_key){name, last_of(writers), writers};
    if (keys != NULL)
        qsort(keys, *ret_count, sizeof *keys, by_writer);
    return keys;
}

char *context_clash_text(const plan *p, const context_key *key)
{
    weir_buffer text = {0};
    json_t *item;
    size_t i;

    weir_buffer_printf(&text, "the key '%s' was written side by side by", key->name);
    json_array_foreach(key->writers, i, item) weir_buffer_printf(
        &text, "%s '%s'", i != 0 ? " and" : "", p->tasks[json_integer_value(item)].name);
    weir_buffer_printf(&text, "; '%s' holds, which is later in the spec",
                       p->tasks[key->writer].name);
    if (!text.failed)
        return text.data;
    weir_buffer_free(&text);
    return NULL;
}
