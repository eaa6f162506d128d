/* SPDX-License-Identifier: Apache-2.0 */
/* starter.c - executions that are started beside a loop. */
#include "workflow/starter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "workflow/ledger.h"

enum { MOST = 256 }; /* in one transaction */

static const int64_t SECOND = 1000000000;

/* As it stands in a buffer; key and input follow, each with its NUL. */
typedef struct order_head {
    uint64_t credit;
    uint32_t size, key_size; /* of all; of the key with its NUL */
} order_head;

struct starter {
    ledger ledger;
    const plan *plan;
    char *url;
    char who[200];
    size_t buffer;
    int wake; /* an eventfd */
    bool runs;
    pthread_t thread;
    weir_buffer working; /* the thread's alone, as the ledger is */

    pthread_mutex_t mutex; /* of the rest */
    pthread_cond_t changed;
    weir_buffer waiting;
    bool stopping;
    starter_report report;
};

/* --- The thread --- */

static void wake(const starter *s)
{
    uint64_t one = 1;

    ssize_t written = write(s->wake, &one, sizeof one); /* full is readable, too */
    (void)written;
}

static order_head head_at(const weir_buffer *orders, size_t at)
{
    order_head head;

    memcpy(&head, orders->data + at, sizeof head);
    return head;
}

/* The orders of one transaction; what it comes to when it was committed. */
typedef struct batch {
    starter *s;
    size_t at, end; /* in `working` */
    uint64_t credit, refused;
    char refusal[320];
} batch;

/* The first keeps its execution; that there was another one can be read there. */
static weir_status refuse(batch *b, int64_t id, const weir_error *why, weir_error **error)
{
    const ledger *l = &b->s->ledger;
    char reason[600];

    b->refused++;
    snprintf(b->refusal, sizeof b->refusal, "%s", weir_error_message(why));
    snprintf(reason, sizeof reason, "a start by %s was refused: %s", b->s->who,
             weir_error_message(why));
    return l->store->kind->note(
        l->store, id, &(store_event){.position = -1, .time = l->now, .reason = reason}, error);
}

static weir_status start_one(batch *b, const char *key, const char *input, weir_error **error)
{
    weir_error *why = NULL;
    int64_t id = 0;
    weir_status status = ledger_start(&b->s->ledger, b->s->plan, input, key, &id, &why);

    if (status == WEIR_INVALID)
        status = refuse(b, id, why, error);
    else if (status != WEIR_OK)
        weir_error_set(error, status, "%s", weir_error_message(why));
    weir_error_free(why);
    return status;
}

static weir_status start_some(ledger *l, void *arg, weir_error **error)
{
    batch *b = arg;
    const weir_buffer *orders = &b->s->working;
    weir_status status = WEIR_OK;

    (void)l;
    b->end = b->at;
    b->credit = b->refused = 0;
    for (int i = 0; i < MOST && b->end < orders->size && status == WEIR_OK; i++) {
        order_head head = head_at(orders, b->end);
        const char *key = orders->data + b->end + sizeof head;
        status = start_one(b, key, key + head.key_size, error);
        b->credit += head.credit;
        b->end += head.size;
    }
    return status;
}

static weir_status start_batch(batch *b, weir_error **error)
{
    starter *s = b->s;
    weir_status status = WEIR_OK;

    if (s->ledger.store == NULL)
        status = store_open(s->url, s->ledger.config.busy, &s->ledger.store, error);
    return status == WEIR_OK ? ledger_do(&s->ledger, true, start_some, b, error) : status;
}

static void note_done(const batch *b)
{
    starter *s = b->s;

    pthread_mutex_lock(&s->mutex);
    s->report.done += b->credit;
    s->report.status = WEIR_OK;
    s->report.refused += b->refused;
    if (b->refused != 0)
        memcpy(s->report.refusal, b->refusal, sizeof b->refusal);
    pthread_mutex_unlock(&s->mutex);
    wake(s);
}

static void note_trouble(starter *s, weir_status status, const weir_error *error)
{
    bool lasting = status == WEIR_MISMATCH || status == WEIR_INVALID;

    pthread_mutex_lock(&s->mutex);
    s->report.status = lasting ? WEIR_CLOSED : WEIR_IO;
    snprintf(s->report.reason, sizeof s->report.reason, "%s",
             error != NULL ? weir_error_message(error) : weir_status_text(status));
    pthread_mutex_unlock(&s->mutex);
    wake(s);
}

/* For a quarter of a second. True: it is to end. */
static bool rest(starter *s)
{
    int64_t end = weir_monotonic_now() + SECOND / 4;
    struct timespec until = {.tv_sec = end / SECOND, .tv_nsec = end % SECOND};

    pthread_mutex_lock(&s->mutex);
    while (!s->stopping && pthread_cond_timedwait(&s->changed, &s->mutex, &until) != ETIMEDOUT)
        ;
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->mutex);
    return stopping;
}

/* Starts all of `working`. False: it is to end. */
static bool work_off(starter *s)
{
    batch b = {.s = s};

    while (b.at < s->working.size) {
        weir_error *error = NULL;
        weir_status status = start_batch(&b, &error);
        if (status == WEIR_OK) {
            note_done(&b);
            b.at = b.end;
        } else {
            note_trouble(s, status, error);
        }
        weir_error_free(error);
        if (status != WEIR_OK && rest(s))
            return false;
    }
    return true;
}

/* False: it is to end. */
static bool take_orders(starter *s)
{
    pthread_mutex_lock(&s->mutex);
    while (s->waiting.size == 0 && !s->stopping)
        pthread_cond_wait(&s->changed, &s->mutex);
    bool stopping = s->stopping;
    weir_buffer empty = s->working;
    s->working = s->waiting;
    s->waiting = empty;
    s->waiting.size = 0;
    pthread_mutex_unlock(&s->mutex);
    return !stopping;
}

static void *work(void *arg)
{
    starter *s = arg;

    while (take_orders(s) && work_off(s)) {
    }
    return NULL;
}

/* --- The loop's side --- */

/* Signals are the host's threads' to take. */
static weir_status begin(starter *s, weir_error **error)
{
    pthread_condattr_t clock;
    sigset_t all, before;

    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, &clock);
    pthread_condattr_destroy(&clock);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&s->thread, NULL, work, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    s->runs = code == 0;
    return code == 0 ? WEIR_OK
                     : weir_error_set(error, WEIR_IO, "%s: no thread: %s", s->who, strerror(code));
}

static weir_status open_starter(starter *s, const char *store, weir_error **error)
{
    weir_error *away = NULL;
    weir_status status = runner_options_read(NULL, 0, &s->ledger.config, error);

    if (status != WEIR_OK)
        return status;
    s->ledger.config.busy = SECOND; /* then it says what it waits for */
    if ((s->url = weir_strdup(store)) == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", s->who);
    if ((s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return weir_error_set(error, WEIR_IO, "%s: cannot make a descriptor: %s", s->who,
                              strerror(errno));
    status = store_open(store, s->ledger.config.busy, &s->ledger.store, &away);
    if (status != WEIR_OK && status != WEIR_AGAIN)
        weir_error_set(error, status, "%s: %s", s->who, weir_error_message(away));
    weir_error_free(away);
    return status == WEIR_AGAIN ? WEIR_OK : status;
}

static weir_status load(starter *s, const weir_module *module, const char *workflow,
                        weir_error **error)
{
    weir_status status = ledger_load(&s->ledger, module, NULL, error);

    if (status == WEIR_OK && (s->plan = ledger_plan_named(&s->ledger, workflow)) == NULL)
        return weir_error_set(error, WEIR_NOT_FOUND, "%s: there is no workflow '%s'", s->who,
                              workflow);
    return status;
}

weir_status starter_new(const char *store, const weir_module *module, const char *workflow,
                        const char *who, size_t buffer, starter **ret, weir_error **error)
{
    starter *s = weir_alloc(sizeof *s);

    if (s == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", who);
    s->buffer = buffer;
    s->wake = -1;
    snprintf(s->who, sizeof s->who, "%s", who);
    weir_status status = load(s, module, workflow, error);
    if (status == WEIR_OK)
        status = open_starter(s, store, error);
    if (status == WEIR_OK)
        status = begin(s, error);
    if (status == WEIR_OK)
        *ret = s;
    else
        starter_free(s);
    return status;
}

const plan *starter_plan(const starter *s)
{
    return s->plan;
}

int starter_descriptor(const starter *s)
{
    return s->wake;
}

static bool append(weir_buffer *to, const starter_order *order)
{
    size_t before = to->size, key_size = strlen(order->key) + 1;
    size_t input_size = strlen(order->input) + 1;
    order_head head = {.credit = order->credit,
                       .size = (uint32_t)(sizeof head + key_size + input_size),
                       .key_size = (uint32_t)key_size};

    weir_buffer_append(to, &head, sizeof head);
    weir_buffer_append(to, order->key, key_size);
    weir_buffer_append(to, order->input, input_size);
    if (!to->failed)
        return true;
    to->failed = false;
    to->size = before;
    return false;
}

bool starter_give(starter *s, const starter_order *order)
{
    size_t size = sizeof(order_head) + strlen(order->key) + strlen(order->input) + 2;

    pthread_mutex_lock(&s->mutex);
    bool taken =
        (s->waiting.size == 0 || s->waiting.size + size <= s->buffer) && append(&s->waiting, order);
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    return taken;
}

void starter_ask(starter *s, starter_report *ret)
{
    uint64_t count;

    ssize_t got = read(s->wake, &count, sizeof count);
    (void)got;
    pthread_mutex_lock(&s->mutex);
    *ret = s->report;
    s->report.refused = 0;
    pthread_mutex_unlock(&s->mutex);
}

static void end_thread(starter *s)
{
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->changed);
}

void starter_free(starter *s)
{
    if (s == NULL)
        return;
    if (s->runs)
        end_thread(s);
    store_close(s->ledger.store);
    ledger_free(&s->ledger);
    runner_options_free(&s->ledger.config);
    if (s->wake >= 0)
        close(s->wake);
    weir_buffer_free(&s->waiting);
    weir_buffer_free(&s->working);
    weir_free(s->url);
    weir_free(s);
}
