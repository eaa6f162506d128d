/* SPDX-License-Identifier: Apache-2.0 */
/* db.h - what an operator does with a store of workflows: look, check, copy, tidy up.
 *
 * Every call opens the store by its URL, brings it up to this version, and closes it; runners may
 * use it meanwhile. A file that is not there is not made.
 *
 * Blocking: every call waits for the disk or the server, and for others for at most 30 s each time.
 * Memory:  what is returned as `char *` is the caller's, freed by weir_free.
 * Errors:  WEIR_NOT_FOUND (no such file), WEIR_INVALID (no such kind of store), WEIR_MISMATCH (of a
 *          newer weir, or of another program), WEIR_IO, WEIR_AGAIN, WEIR_NOMEM.
 *
 * Functions of libweir-workflow.
 */
#ifndef WEIR_DB_H
#define WEIR_DB_H

#include <weir/core.h>

/* A JSON object of numbers and texts: "schema", "bytes", "tasks", "events", "plans", "runners"
 * (alive), "executions.STATE", "oldest_ended" (nanoseconds since 1970; 0: none), and settings that
 * matter.
 */
WEIR_API WEIR_MUST_USE weir_status weir_db_status(const char *store, char **ret_json,
                                                  weir_error **error);

/* Holds rows against the events, and lets SQLite check its file: a JSON array of sentences, one for
 * each thing that is wrong. Reads everything. */
WEIR_API WEIR_MUST_USE weir_status weir_db_check(const char *store, char **ret_json,
                                                 weir_error **error);

/* Copies a SQLite store, as it is at one moment, into a new file. WEIR_INVALID: a server has tools
 * of its own for that, which the message names; WEIR_STATE: the file is there already. */
WEIR_API WEIR_MUST_USE weir_status weir_db_backup(const char *store, const char *path,
                                                  weir_error **error);

/* Gives back the room of rows that are gone. With SQLite others wait meanwhile. */
WEIR_API WEIR_MUST_USE weir_status weir_db_vacuum(const char *store, weir_error **error);

/* What weir_db_prune has removed. */
typedef struct weir_db_pruned {
    int64_t executions;
    int64_t plans; /* of versions of workflows */
} weir_db_pruned;

/* Removes executions that ended longer than `older_than` nanoseconds ago, with their tasks,
 * contexts and events, 500 in one transaction, but for those of which something goes on that has
 * begun them or that they have begun; and runners that ended before that. Their keys can be used
 * anew. Also the plans of versions that nobody needs any more: no execution has begun with them, no
 * runner that is alive has them, and they are not the newest of a workflow with a schedule or a
 * trigger; the newest of all stays. */
WEIR_API WEIR_MUST_USE weir_status weir_db_prune(const char *store, int64_t older_than,
                                                 weir_db_pruned *ret, weir_error **error);

#endif
