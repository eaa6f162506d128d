/* SPDX-License-Identifier: Apache-2.0 */
/* killer.c - preloaded into the command: at the N-th call of its store's library, before or after
 * it is done, the process is gone (WEIR_KILL_BEFORE=N, WEIR_KILL_AFTER=N).
 *
 * A call is a step of a statement of SQLite, or a question to or an answer of a server of
 * PostgreSQL: more than there are calls of the store itself.
 */
#include <dlfcn.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef WEIR_LIBPQ
#include <libpq-fe.h>
#endif

static long calls; /* atomic */

static void kill_if(const char *variable, long call)
{
    const char *text = getenv(variable);

    if (text != NULL && strtol(text, NULL, 10) == call)
        kill(getpid(), SIGKILL);
}

/* name, what it is given, and how that is passed on */
#define WRAP(type, name, parameters, arguments)                                                    \
    __attribute__((visibility("default"))) type name parameters                                    \
    {                                                                                              \
        type(*real) parameters = NULL;                                                             \
        long call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);                               \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                 \
        kill_if("WEIR_KILL_BEFORE", call);                                                         \
        type result = real arguments;                                                              \
        kill_if("WEIR_KILL_AFTER", call);                                                          \
        return result;                                                                             \
    }

WRAP(int, sqlite3_step, (sqlite3_stmt * statement), (statement))
#ifdef WEIR_LIBPQ
WRAP(PGresult *, PQgetResult, (PGconn * connection), (connection))
WRAP(int, PQsendQueryPrepared,
     (PGconn * connection, const char *name, int count, const char *const *values,
      const int *lengths, const int *formats, int format),
     (connection, name, count, values, lengths, formats, format))
WRAP(int, PQsendQueryParams,
     (PGconn * connection, const char *command, int count, const Oid *types,
      const char *const *values, const int *lengths, const int *formats, int format),
     (connection, command, count, types, values, lengths, formats, format))
#endif
