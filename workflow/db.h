/* SPDX-License-Identifier: Apache-2.0 */
/* db.h - what an operator does, with a store that is open (weir/db.h: by its URL). */
#ifndef WEIR_WORKFLOW_DB_H
#define WEIR_WORKFLOW_DB_H

#include <jansson.h>

#include "store/store.h"
#include <weir/db.h>

/* Adds the answers to an object (STORE_STATUS), or sentences to a list (STORE_CHECK). */
weir_status db_ask(weir_store *store, store_question question, json_t *into, weir_error **error);
/* *ret counts what is gone also where it fails in the end. */
weir_status db_prune(weir_store *store, int64_t older_than, weir_db_pruned *ret,
                     weir_error **error);

#endif
