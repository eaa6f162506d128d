/* SPDX-License-Identifier: Apache-2.0 */
/* poller.c - a helper thread for a poll function that may wait, so that the runtime never does.
 *
 *     idle --ask--> asked --the function has answered--> answered --collect--> idle
 *
 * Only the state and what is handed over with it are shared; the mutex guards both.
 */
#include <signal.h>
#include <string.h>

#include "runtime/runtime.h"

enum { IDLE, ASKED, ANSWERED, LEAVING };

struct weir_poller {
    weir_accumulator_work *work;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int state;
    weir_status status;
    weir_firing firing;
    weir_failure failure;
    _Alignas(16) unsigned char value[];
};

static void answer(weir_poller *poller)
{
    const weir_module_accumulator *module = poller->work->accumulator.module;

    pthread_mutex_unlock(&poller->mutex);
    memset(poller->value, 0, module->boundary->size);
    poller->status = module->poll(&poller->firing, poller->value);
    pthread_mutex_lock(&poller->mutex);
    if (poller->state == ASKED)
        poller->state = ANSWERED;
}

static void *thread_main(void *arg)
{
    weir_poller *poller = arg;

    pthread_mutex_lock(&poller->mutex);
    while (poller->state != LEAVING) {
        if (poller->state != ASKED) {
            pthread_cond_wait(&poller->changed, &poller->mutex);
            continue;
        }
        answer(poller);
        weir_loop_wake(poller->work->program->runtime);
    }
    pthread_mutex_unlock(&poller->mutex);
    return NULL;
}

/* Signals are the host's: none is delivered to the helper. */
static bool start_thread(weir_poller *poller)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&poller->thread, NULL, thread_main, poller) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static weir_poller *make(weir_accumulator_work *work)
{
    weir_poller *poller = weir_alloc(sizeof *poller + work->accumulator.module->boundary->size);

    if (poller == NULL)
        return NULL;
    poller->work = work;
    pthread_mutex_init(&poller->mutex, NULL);
    pthread_cond_init(&poller->changed, NULL);
    if (start_thread(poller))
        return poller;
    pthread_cond_destroy(&poller->changed);
    pthread_mutex_destroy(&poller->mutex);
    weir_free(poller);
    return NULL;
}

void weir_poller_free(weir_poller *poller)
{
    if (poller == NULL)
        return;
    pthread_mutex_lock(&poller->mutex);
    poller->state = LEAVING;
    pthread_cond_signal(&poller->changed);
    pthread_mutex_unlock(&poller->mutex);
    pthread_join(poller->thread, NULL);
    pthread_cond_destroy(&poller->changed);
    pthread_mutex_destroy(&poller->mutex);
    weir_free(poller);
}

static weir_status collect(weir_poller *poller, weir_firing *firing, void *value)
{
    memcpy(value, poller->value, poller->work->accumulator.module->boundary->size);
    *firing->failure = poller->failure;
    poller->state = IDLE;
    return poller->status;
}

static weir_status ask(weir_poller *poller, const weir_firing *firing)
{
    poller->firing = *firing;
    poller->firing.failure = &poller->failure;
    poller->state = ASKED;
    pthread_cond_signal(&poller->changed);
    return WEIR_AGAIN;
}

weir_status weir_poll_aside(weir_accumulator *accumulator, weir_firing *firing, void *value)
{
    weir_accumulator_work *work = accumulator->host_arg;
    weir_status status = WEIR_AGAIN;

    if (work->program->runtime->clock.is_virtual)
        return accumulator->module->poll(firing, value);
    if (work->poller == NULL && (work->poller = make(work)) == NULL)
        return weir_fail(firing, "no thread to poll on");
    weir_poller *poller = work->poller;
    pthread_mutex_lock(&poller->mutex);
    if (poller->state == ANSWERED)
        status = collect(poller, firing, value);
    else if (poller->state == IDLE)
        status = ask(poller, firing);
    pthread_mutex_unlock(&poller->mutex);
    return status;
}

static bool has_answered(weir_poller *poller)
{
    pthread_mutex_lock(&poller->mutex);
    bool answered = poller->state == ANSWERED;
    pthread_mutex_unlock(&poller->mutex);
    return answered;
}

void weir_collect_polls(weir_runtime *runtime)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t i = 0; i < program->module->accumulator_count; i++) {
            weir_accumulator_work *work = &program->accumulators[i];
            if (work->poller == NULL || !has_answered(work->poller))
                continue;
            weir_flush_cells(work);
        }
}
