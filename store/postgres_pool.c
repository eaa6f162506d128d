/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_pool.c - the connections of a process to one server: a handle has one while a
 * transaction is under way, and waits its turn where all are in use. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "store/postgres.h"

static const int64_t MS = 1000000;
enum { FIRST_DELAY_MS = 50, LAST_DELAY_MS = 2000 };

struct postgres_pool {
    char *url, *name;
    int64_t size, open;
    size_t handles;
    pthread_mutex_t lock;
    pthread_cond_t given; /* one came back */
    postgres_link *idle;
    postgres_holder *holders;
    bool plain;
    int64_t retry_at, delay; /* when a server that was not there is tried again */
    struct postgres_pool *next;
};

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static postgres_pool *pools;

/* --- Pools --- */

static const char *value_of(const PQconninfoOption *given, const PQconninfoOption *fallback,
                            const char *name)
{
    const PQconninfoOption *lists[] = {given, fallback};

    for (size_t i = 0; i < 2; i++)
        for (const PQconninfoOption *at = lists[i]; at != NULL && at->keyword != NULL; at++)
            if (strcmp(at->keyword, name) == 0 && at->val != NULL && at->val[0] != '\0')
                return at->val;
    return "";
}

/* postgresql://HOST:PORT/DATABASE. NULL: *error says what is wrong with the URL. */
static char *name_of(const char *url, weir_error **error)
{
    char *reason = NULL;
    weir_buffer text = {0};
    PQconninfoOption *given = PQconninfoParse(url, &reason);
    PQconninfoOption *fallback = PQconndefaults();

    if (given == NULL)
        weir_error_set(error, WEIR_INVALID, "the URL of the store cannot be read: %.*s",
                       reason != NULL ? (int)strcspn(reason, "\n") : 0,
                       reason != NULL ? reason : "");
    else
        weir_buffer_printf(&text, "postgresql://%s:%s/%s", value_of(given, fallback, "host"),
                           value_of(given, fallback, "port"),
                           value_of(given, NULL, "dbname")[0] != '\0'
                               ? value_of(given, NULL, "dbname")
                               : value_of(given, fallback, "user"));
    if (given != NULL && text.data == NULL)
        weir_error_set(error, WEIR_NOMEM, "out of memory");
    PQconninfoFree(given);
    PQconninfoFree(fallback);
    PQfreemem(reason);
    return text.data;
}

static void free_pool(postgres_pool *pool)
{
    while (pool->idle != NULL) {
        postgres_link *link = pool->idle;
        pool->idle = link->next;
        PQfinish(link->connection);
        weir_free(link);
    }
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    weir_free(pool->url);
    weir_free(pool->name);
    weir_free(pool);
}

static weir_status new_pool(const char *url, int64_t size, postgres_pool **ret, weir_error **error)
{
    char *name = name_of(url, error);
    postgres_pool *pool = name != NULL ? weir_alloc(sizeof *pool) : NULL;
    pthread_condattr_t monotonic;

    if (name == NULL)
        return error != NULL ? weir_error_status(*error) : WEIR_INVALID;
    if (pool == NULL || (pool->url = weir_strdup(url)) == NULL) {
        weir_free(pool);
        weir_free(name);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    pool->name = name;
    pool->size = size;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pool->next = pools;
    pools = pool;
    *ret = pool;
    return WEIR_OK;
}

static postgres_pool *find_pool(const char *url)
{
    postgres_pool *pool = pools;

    while (pool != NULL && strcmp(pool->url, url) != 0)
        pool = pool->next;
    return pool;
}

weir_status postgres_pool_join(const char *url, int64_t size, postgres_pool **ret,
                               weir_error **error)
{
    weir_status status = WEIR_OK;

    pthread_mutex_lock(&pools_lock);
    postgres_pool *pool = find_pool(url);
    if (pool == NULL)
        status = new_pool(url, size, &pool, error);
    if (status == WEIR_OK && pool != NULL) {
        pool->handles++;
        *ret = pool;
    }
    pthread_mutex_unlock(&pools_lock);
    return status;
}

void postgres_pool_leave(postgres_pool *pool)
{
    pthread_mutex_lock(&pools_lock);
    postgres_pool **at = &pools;
    while (*at != pool)
        at = &(*at)->next;
    bool last = --pool->handles == 0;
    if (last)
        *at = pool->next;
    pthread_mutex_unlock(&pools_lock);
    if (last)
        free_pool(pool);
}

const char *postgres_pool_name(const postgres_pool *pool)
{
    return pool->name;
}

bool postgres_pool_is_plain(const postgres_pool *pool)
{
    return __atomic_load_n(&pool->plain, __ATOMIC_RELAXED);
}

void postgres_pool_set_plain(postgres_pool *pool)
{
    __atomic_store_n(&pool->plain, true, __ATOMIC_RELAXED);
}

/* --- Connecting --- */

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/* What the URL says comes last, and holds. */
static const char *const parameters[] = {"fallback_application_name",
                                         "connect_timeout",
                                         "keepalives_idle",
                                         "keepalives_interval",
                                         "keepalives_count",
                                         "dbname",
                                         NULL};
#define PARAMETERS_OF(pool)                                                                        \
    (const char *const[])                                                                          \
    {                                                                                              \
        "weir", "5", "10", "5", "3", (pool)->url, NULL                                             \
    }

static PGconn *connect_once(const postgres_pool *pool)
{
    PGconn *connection = PQconnectdbParams(parameters, PARAMETERS_OF(pool), 1);

    PQsetNoticeReceiver(connection, ignore_notice, NULL);
    return connection;
}

/* Refused for now: the server begins or ends, or has no room. */
static bool is_passing(const postgres_pool *pool, const PGconn *connection)
{
    const char *text = PQerrorMessage(connection);

    return strstr(text, "too many") != NULL || strstr(text, "connection slots") != NULL ||
           PQpingParams(parameters, PARAMETERS_OF(pool), 1) == PQPING_REJECT;
}

static void pause_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS};

    nanosleep(&time, NULL);
}

/* Some time around it, so that not all come at once. */
static int64_t jitter(int64_t delay)
{
    return delay * 3 / 4 + weir_monotonic_now() / 1000 % (delay / 2 + 1);
}

weir_status postgres_connect(const postgres_pool *pool, int64_t most, PGconn **ret,
                             weir_error **error)
{
    int64_t end = weir_later(weir_monotonic_now(), most), delay = FIRST_DELAY_MS;

    for (;;) {
        PGconn *connection = connect_once(pool);
        if (PQstatus(connection) == CONNECTION_OK) {
            *ret = connection;
            return WEIR_OK;
        }
        bool again = weir_monotonic_now() < end && is_passing(pool, connection);
        const char *reason = PQerrorMessage(connection);
        bool full = strstr(reason, "too many") != NULL || strstr(reason, "slots") != NULL;
        weir_status status = weir_error_set(
            error, WEIR_AGAIN, "the store '%s' cannot be reached: %.*s%s", pool->name,
            (int)strcspn(reason, "\n"), reason,
            full ? " (pg_stat_activity of the server names who has connections)" : "");
        PQfinish(connection);
        if (!again)
            return status;
        pause_ms(jitter(delay));
        delay = delay * 2 < LAST_DELAY_MS ? delay * 2 : LAST_DELAY_MS;
    }
}

static weir_status open_link(postgres_pool *pool, int64_t most, postgres_link **ret,
                             weir_error **error)
{
    postgres_link *link = weir_alloc(sizeof *link);
    weir_status status = link != NULL ? postgres_connect(pool, most, &link->connection, error)
                                      : weir_error_set(error, WEIR_NOMEM, "out of memory");

    if (status == WEIR_OK && (PQsetnonblocking(link->connection, 1) != 0 ||
                              PQenterPipelineMode(link->connection) != 1)) {
        PQfinish(link->connection);
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    if (status == WEIR_OK)
        *ret = link;
    else
        weir_free(link);
    return status;
}

/* --- Borrowing --- */

/* The server says nothing to a connection that is idle, unless it ends it. */
static bool is_whole(postgres_link *link)
{
    struct pollfd ready = {.fd = PQsocket(link->connection), .events = POLLIN};

    return poll(&ready, 1, 0) == 0 ||
           (PQconsumeInput(link->connection) == 1 && PQstatus(link->connection) == CONNECTION_OK &&
            poll(&ready, 1, 0) == 0);
}

static postgres_link *take_idle(postgres_pool *pool)
{
    while (pool->idle != NULL) {
        postgres_link *link = pool->idle;
        pool->idle = link->next;
        if (is_whole(link))
            return link;
        PQfinish(link->connection);
        weir_free(link);
        pool->open--;
    }
    return NULL;
}

static weir_status tell_holders(const postgres_pool *pool, int64_t most, weir_error **error)
{
    weir_buffer text = {0};
    size_t count = 0;

    for (const postgres_holder *at = pool->holders; at != NULL && count < 5;
         at = at->next, count++) {
        long long ms = (long long)((weir_monotonic_now() - at->since) / MS);
        weir_buffer_printf(&text, "%s%s", count != 0 ? ", " : "",
                           at->runner != 0 ? "runner " : "a handle that is no runner");
        if (at->runner != 0)
            weir_buffer_printf(&text, "%lld", (long long)at->runner);
        weir_buffer_printf(&text, " for %lld ms", ms);
    }
    weir_status status = weir_error_set(
        error, WEIR_AGAIN,
        "all %lld connections of this process to the store '%s' have been in use for %lld ms, by "
        "%s; `pool=N` in its URL allows more",
        (long long)pool->size, pool->name, (long long)(most / MS),
        text.data != NULL ? text.data : "");
    weir_buffer_free(&text);
    return status;
}

/* A place among the open ones, and perhaps a connection with it. */
static weir_status take_place(postgres_pool *pool, int64_t most, postgres_link **ret,
                              weir_error **error)
{
    int64_t end = weir_later(weir_monotonic_now(), most);
    struct timespec until = {.tv_sec = end / (1000 * MS), .tv_nsec = end % (1000 * MS)};

    while ((*ret = take_idle(pool)) == NULL && pool->open >= pool->size)
        if (pthread_cond_timedwait(&pool->given, &pool->lock, &until) == ETIMEDOUT)
            return tell_holders(pool, most, error);
    if (*ret == NULL && weir_monotonic_now() < pool->retry_at)
        return weir_error_set(
            error, WEIR_AGAIN, "the store '%s' could not be reached, and is tried again in %lld ms",
            pool->name, (long long)((pool->retry_at - weir_monotonic_now()) / MS));
    if (*ret == NULL)
        pool->open++;
    return WEIR_OK;
}

/* One that could not be opened is tried less and less often. */
static void note_opened(postgres_pool *pool, bool well)
{
    if (well) {
        pool->delay = 0;
        return;
    }
    pool->open--;
    pool->delay = pool->delay == 0 ? FIRST_DELAY_MS : pool->delay * 2;
    if (pool->delay > LAST_DELAY_MS)
        pool->delay = LAST_DELAY_MS;
    pool->retry_at = weir_monotonic_now() + jitter(pool->delay) * MS;
    pthread_cond_signal(&pool->given);
}

weir_status postgres_pool_borrow(postgres_pool *pool, postgres_holder *holder, int64_t most,
                                 postgres_link **ret, weir_error **error)
{
    postgres_link *link = NULL;

    pthread_mutex_lock(&pool->lock);
    weir_status status = take_place(pool, most, &link, error);
    if (status == WEIR_OK && link == NULL) {
        pthread_mutex_unlock(&pool->lock);
        status = open_link(pool, most, &link, error);
        pthread_mutex_lock(&pool->lock);
        note_opened(pool, status == WEIR_OK);
    }
    if (status == WEIR_OK) {
        holder->since = weir_monotonic_now();
        holder->next = pool->holders;
        pool->holders = holder;
        *ret = link;
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

void postgres_pool_return(postgres_pool *pool, postgres_holder *holder, postgres_link *link,
                          bool broken)
{
    if (broken) {
        PQfinish(link->connection);
        weir_free(link);
    }
    pthread_mutex_lock(&pool->lock);
    postgres_holder **at = &pool->holders;
    while (*at != holder)
        at = &(*at)->next;
    *at = holder->next;
    if (broken) {
        pool->open--;
    } else {
        link->next = pool->idle;
        pool->idle = link;
    }
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}
