/* SPDX-License-Identifier: Apache-2.0 */
/* db.c - what an operator does with a store. */
#include "workflow/db.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "workflow/json.h"

enum { PRUNED = 500 }; /* in one transaction */

static const int64_t BUSY = 30000000000;

/* --- Questions --- */

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

static weir_status take_value(void *arg, const char *name, const char *value, weir_error **error)
{
    int64_t number;
    json_t *json = weir_text_integer(value, &number) ? json_integer(number) : json_string(value);

    return json_object_set_new(arg, name, json) == 0 ? WEIR_OK : no_memory(error);
}

static weir_status take_wrong(void *arg, const char *name, const char *value, weir_error **error)
{
    return json_array_append_new(arg, json_sprintf("%s: %s", value, name)) == 0 ? WEIR_OK
                                                                                : no_memory(error);
}

weir_status db_ask(weir_store *store, store_question question, json_t *into, weir_error **error)
{
    int64_t now;
    weir_status status = store->kind->begin(store, false, &now, error);

    if (status != WEIR_OK)
        return status;
    status = store->kind->answer(store, question,
                                 question == STORE_STATUS ? take_value : take_wrong, into, error);
    store->kind->rollback(store);
    return status;
}

/* Takes `into`. */
static weir_status give(const char *url, store_question question, json_t *into, char **ret,
                        weir_error **error)
{
    weir_store *store = NULL;
    char *text = NULL;
    weir_status status = into != NULL ? store_open_old(url, BUSY, &store, error) : no_memory(error);

    if (status == WEIR_OK && question == STORE_STATUS)
        status = take_value(into, "store", store->kind->name, error);
    if (status == WEIR_OK)
        status = db_ask(store, question, into, error);
    store_close(store);
    if (status == WEIR_OK && (text = json_to_text(into)) == NULL)
        status = no_memory(error);
    json_decref(into);
    if (status == WEIR_OK)
        *ret = text;
    return status;
}

weir_status weir_db_status(const char *store, char **ret_json, weir_error **error)
{
    return give(store, STORE_STATUS, json_object(), ret_json, error);
}

weir_status weir_db_check(const char *store, char **ret_json, weir_error **error)
{
    return give(store, STORE_CHECK, json_array(), ret_json, error);
}

/* --- Copies, and room --- */

weir_status weir_db_backup(const char *url, const char *path, weir_error **error)
{
    weir_store *store = NULL;
    weir_status status = store_open_old(url, BUSY, &store, error);

    if (status == WEIR_OK)
        status = store->kind->backup(store, path, error);
    store_close(store);
    return status;
}

weir_status weir_db_vacuum(const char *url, weir_error **error)
{
    weir_store *store = NULL;
    weir_status status = store_open_old(url, BUSY, &store, error);

    if (status == WEIR_OK)
        status = store->kind->vacuum(store, error);
    store_close(store);
    return status;
}

static weir_status prune_some(weir_store *store, int64_t older_than, store_pruned *ret,
                              weir_error **error)
{
    int64_t now;
    weir_status status = store->kind->begin(store, true, &now, error);

    if (status != WEIR_OK)
        return status;
    status = store->kind->prune(store, now - older_than, PRUNED, ret, error);
    if (status == WEIR_OK)
        status = store->kind->commit(store, error);
    else
        store->kind->rollback(store);
    if (status != WEIR_OK)
        *ret = (store_pruned){0};
    return status;
}

weir_status db_prune(weir_store *store, int64_t older_than, weir_db_pruned *ret, weir_error **error)
{
    store_pruned some = {.executions = PRUNED};
    weir_status status = WEIR_OK;

    *ret = (weir_db_pruned){0};
    while (status == WEIR_OK && (some.executions == PRUNED || some.plans == PRUNED)) {
        some = (store_pruned){0};
        status = prune_some(store, older_than, &some, error);
        ret->executions += some.executions;
        ret->plans += some.plans;
    }
    return status;
}

weir_status weir_db_prune(const char *url, int64_t older_than, weir_db_pruned *ret,
                          weir_error **error)
{
    weir_store *store = NULL;
    weir_status status = store_open_old(url, BUSY, &store, error);

    *ret = (weir_db_pruned){0};
    if (status == WEIR_OK)
        status = db_prune(store, older_than, ret, error);
    store_close(store);
    return status;
}
