/* SPDX-License-Identifier: Apache-2.0 */
/* fire.c - one firing: run the fused function, then settle what became of what it took.
 *
 * A graph that failed ends, by its `on_error`, as dead letters of all that was taken, as a halt, or
 * as a retry: then the firing's inputs are copied, its tickets kept, and its cell is held until the
 * graph has succeeded or its attempts are spent.
 */
#include "reactors/reactor.h"

#include <string.h>

static void release_all(const weir_reactor *reactor, weir_ticket *const *tickets, uint32_t outcome)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++)
        if (tickets[i] != NULL)
            weir_ticket_release(tickets[i], outcome);
}

static void hold_all(const weir_reactor *reactor, weir_ticket *const *tickets)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++)
        if (tickets[i] != NULL)
            weir_ticket_hold(tickets[i]);
}

/* The firing under way has its number no more: the next has the next. */
static void note_fired(weir_reactor *reactor)
{
    reactor->firing.number++;
    reactor->metrics.last_fired = (uint64_t)reactor->firing.now;
}

/* `firing` NULL: none came of it. */
static void note_failure(weir_reactor *reactor, const weir_module_graph *graph,
                         const weir_firing *firing, const weir_failure *failure)
{
    reactor->newest_failure = *failure;
    reactor->failed_graph = graph;
    reactor->failed_firing = firing != NULL ? firing->number : 0;
    reactor->failed_at = reactor->host->now(reactor);
}

/* What the firing took ends as dead letters, joined by its number. */
static void bury(weir_reactor *reactor, const weir_module_graph *graph, const weir_firing *firing,
                 const weir_failure *failure, const void *const *inputs,
                 weir_ticket *const *tickets)
{
    weir_death death = {.burial = ++*reactor->burials,
                        .reason = failure->message,
                        .graph = graph,
                        .node = graph != NULL ? failure->node : WEIR_NONE,
                        .firing = firing,
                        .inputs = inputs};

    note_failure(reactor, graph, firing, failure);
    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        if (tickets[i] == NULL)
            continue;
        death.ticket = tickets[i];
        death.input = i;
        death.value = inputs[i];
        reactor->host->dead(reactor, &death);
    }
}

/* --- Retries --- */

void weir_retry_free(weir_reactor *reactor, weir_retry *retry)
{
    if (retry == NULL)
        return;
    if (retry->inputs != NULL)
        for (uint32_t i = 0; i < reactor->module->input_count; i++)
            weir_free(retry->inputs[i]);
    weir_free(retry->inputs);
    weir_free(retry->tickets);
    weir_free(retry->failed);
    weir_free(retry);
}

static bool copy_inputs(const weir_reactor *reactor, weir_retry *retry, const void *const *inputs)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        if (inputs[i] == NULL)
            continue;
        retry->inputs[i] = weir_alloc(reactor->inputs[i].value_size);
        if (retry->inputs[i] == NULL)
            return false;
        weir_input_copy(&reactor->inputs[i], retry->inputs[i], inputs[i]);
    }
    return true;
}

static weir_retry *make_retry(const weir_reactor *reactor, const void *const *inputs,
                              weir_ticket *const *tickets)
{
    uint32_t count = reactor->module->input_count;
    weir_retry *retry = weir_alloc(sizeof *retry);

    if (retry == NULL)
        return NULL;
    retry->failed = weir_alloc_array(reactor->module->graph_count, sizeof *retry->failed);
    retry->tickets = weir_alloc_array(count, sizeof(weir_ticket *));
    retry->inputs = weir_alloc_array(count, sizeof(unsigned char *));
    if (retry->failed == NULL || retry->tickets == NULL || retry->inputs == NULL ||
        !copy_inputs(reactor, retry, inputs)) {
        return retry;
    }
    memcpy(retry->tickets, tickets, count * sizeof(weir_ticket *));
    retry->ready = true;
    return retry;
}

static int64_t delay_after(const weir_graph_config *config, int64_t attempts)
{
    int64_t delay = config->delay;

    if (config->backoff == WEIR_BACKOFF_LINEAR && __builtin_mul_overflow(delay, attempts, &delay))
        delay = INT64_MAX;
    for (int64_t i = 1; config->backoff == WEIR_BACKOFF_EXPONENTIAL && i < attempts; i++) {
        if (delay >= config->max_delay)
            break;
        delay = weir_later(delay, delay);
    }
    return delay < config->max_delay ? delay : config->max_delay;
}

/* The next run comes after the longest delay that one of the failed graphs asks for. */
static void arm_retry(weir_reactor *reactor, weir_retry *retry)
{
    int64_t delay = 0;

    for (uint32_t i = 0; i < reactor->module->graph_count; i++) {
        int64_t own =
            retry->failed[i] ? delay_after(&reactor->graphs[i].config, retry->attempts) : 0;
        delay = own > delay ? own : delay;
    }
    weir_timer_arm(reactor->timers, &retry->timer, weir_later(reactor->host->now(reactor), delay));
}

static void end_retry(weir_reactor *reactor, weir_retry *retry, uint32_t outcome)
{
    weir_reactor_cell *cell = retry->cell;

    release_all(reactor, retry->tickets, outcome);
    cell->retry = NULL;
    weir_timers_unreserve(reactor->timers);
    if (--reactor->retries == 0)
        reactor->blocked &= ~(uint32_t)WEIR_BLOCKED_RETRY;
    weir_retry_free(reactor, retry);
    weir_cell_arm_ttl(reactor, cell);
    if (reactor->module->strategy == WEIR_SEQUENTIAL)
        weir_reactor_ask(reactor, cell);
    else
        weir_reactor_look(reactor, cell);
}

static void run_again(weir_timer *timer);

static bool begin_retry(weir_reactor *reactor, weir_reactor_cell *cell, const weir_firing *firing,
                        const void *const *inputs, weir_ticket *const *tickets, const bool *failed)
{
    weir_retry *retry = make_retry(reactor, inputs, tickets);

    if (retry == NULL || !retry->ready || !weir_timers_reserve(reactor->timers)) {
        weir_retry_free(reactor, retry);
        return false;
    }
    retry->reactor = reactor;
    retry->cell = cell;
    retry->number = firing->number;
    retry->now = firing->now;
    retry->attempts = 1;
    retry->rounds = reactor->rounds;
    memcpy(retry->failed, failed, reactor->module->graph_count * sizeof *failed);
    retry->timer = (weir_timer){.fire = run_again,
                                .arg = retry,
                                .rank = reactor->rank,
                                .age = weir_cell_age(reactor, cell),
                                .lasting = true};
    hold_all(reactor, tickets);
    cell->retry = retry;
    reactor->retries++;
    reactor->blocked |= WEIR_BLOCKED_RETRY;
    weir_queues_note_hold(reactor, cell, true);
    arm_retry(reactor, retry);
    return true;
}

/* One graph, without the reactor's condition and its other graphs. */
static weir_status run_alone(weir_reactor *reactor, uint32_t index, weir_firing *firing,
                             const void *const *inputs, weir_reactor_cell *cell)
{
    const weir_module_graph *graph = reactor->graphs[index].module;
    unsigned char *state = weir_cell_states(reactor, cell);

    return graph->run(firing, inputs, state + graph->state_offset, &reactor->frames[index]);
}

static void run_again(weir_timer *timer)
{
    weir_retry *retry = timer->arg;
    weir_reactor *reactor = retry->reactor;
    const void *const *inputs = (const void *const *)retry->inputs;
    weir_firing firing = reactor->firing;
    uint32_t outcome = WEIR_FIRED;
    bool again = false;

    if (reactor->held) {
        retry->next_overdue = reactor->overdue;
        reactor->overdue = retry;
        return;
    }
    firing.number = retry->number;
    firing.now = retry->now;
    firing.key = weir_cell_key(reactor, retry->cell);
    reactor->tickets = retry->tickets;
    reactor->rounds = retry->rounds;
    retry->attempts++;
    for (uint32_t i = 0; i < reactor->module->graph_count; i++) {
        if (!retry->failed[i])
            continue;
        reactor->metrics.retried++;
        reactor->graphs[i].reruns++;
        retry->failed[i] = run_alone(reactor, i, &firing, inputs, retry->cell) != WEIR_OK;
        if (!retry->failed[i])
            continue;
        if (retry->attempts < reactor->graphs[i].config.attempts) {
            again = true;
            continue;
        }
        retry->failed[i] = false;
        retry->dead = true;
        reactor->graphs[i].failures++;
        bury(reactor, reactor->graphs[i].module, &firing, firing.failure, inputs, retry->tickets);
    }
    if (again) {
        arm_retry(reactor, retry);
        return;
    }
    if (retry->dead) {
        outcome |= WEIR_DEAD;
        reactor->metrics.failed++;
    }
    end_retry(reactor, retry, outcome);
}

void weir_retries_resume(weir_reactor *reactor)
{
    while (reactor->overdue != NULL) {
        weir_retry *retry = reactor->overdue;
        reactor->overdue = retry->next_overdue;
        weir_timer_arm(reactor->timers, &retry->timer, reactor->host->now(reactor));
    }
}

/* --- Firings --- */

/* What is to be done with each graph that failed. Returns whether one of them is dead. */
static bool settle_failures(weir_reactor *reactor, weir_reactor_cell *cell,
                            const weir_firing *firing, const void *const *inputs,
                            weir_ticket *const *tickets)
{
    static const weir_failure no_memory = {.message = "out of memory for a retry"};
    bool dead = false, retry = false;
    bool *failed = reactor->failed;

    for (uint32_t i = 0; i < reactor->module->graph_count; i++) {
        weir_reactor_graph *graph = &reactor->graphs[i];
        const weir_failure *failure = reactor->frames[i].failure;
        bool again = graph->config.on_error == WEIR_ON_ERROR_RETRY && graph->config.attempts > 1;
        if (!failed[i])
            continue;
        retry = retry || again;
        if (again)
            continue;
        failed[i] = false;
        graph->failures++;
        if (graph->config.on_error == WEIR_ON_ERROR_HALT) {
            note_failure(reactor, graph->module, firing, failure);
            reactor->host->halt(reactor, graph->module->name, failure->message);
            hold_all(reactor, tickets); /* the events stay undone */
            continue;
        }
        dead = true;
        bury(reactor, graph->module, firing, failure, inputs, tickets);
    }
    if (retry && !begin_retry(reactor, cell, firing, inputs, tickets, failed)) {
        dead = true;
        bury(reactor, NULL, firing, &no_memory, inputs, tickets);
    }
    return dead;
}

static bool any(const bool *flags, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (flags[i])
            return true;
    return false;
}

weir_series weir_reactor_series(const weir_reactor *reactor, weir_reactor_cell *cell,
                                const void **room)
{
    const void **inputs = weir_cell_inputs(reactor, cell, room);

    return (weir_series){.inputs = inputs,
                         .values = inputs[0],
                         .count = 1,
                         .held = &reactor->blocked,
                         .states = weir_cell_states(reactor, cell),
                         .frames = reactor->frames,
                         .failed = reactor->failed};
}

weir_status weir_reactor_fire(weir_reactor *reactor, weir_reactor_cell *cell,
                              weir_ticket *const *tickets)
{
    const void *room[WEIR_INPUT_LIMIT];
    weir_series series = weir_reactor_series(reactor, cell, room);
    weir_firing *firing = &reactor->firing;

    firing->now = reactor->host->now(reactor);
    firing->key = weir_cell_key(reactor, cell);
    reactor->tickets = tickets;
    weir_status status = reactor->module->fire(firing, &series);
    if (series.filtered != 0)
        status = WEIR_SKIP;
    if (status == WEIR_OK) {
        reactor->metrics.last_fired = (uint64_t)firing->now;
        release_all(reactor, tickets, WEIR_FIRED);
        if (reactor->tells)
            reactor->host->fired(reactor, cell);
        return status;
    }
    return weir_reactor_not_ok(reactor, cell, status, series.inputs, tickets);
}

weir_status weir_reactor_not_ok(weir_reactor *reactor, weir_reactor_cell *cell, weir_status status,
                                const void *const *inputs, weir_ticket *const *tickets)
{
    const weir_firing *firing = &reactor->firing;
    uint32_t outcome = WEIR_FIRED;

    if (status == WEIR_SKIP) {
        reactor->metrics.filtered++;
        release_all(reactor, tickets, WEIR_FILTERED);
        return status;
    }
    if (!any(reactor->failed, reactor->module->graph_count)) {
        /* The reactor's `where:` could not be asked: no firing came of it. */
        bury(reactor, NULL, NULL, firing->failure, inputs, tickets);
        outcome = WEIR_DEAD;
        reactor->metrics.failed++;
    } else {
        if (settle_failures(reactor, cell, firing, inputs, tickets)) {
            outcome |= WEIR_DEAD;
            reactor->metrics.failed++;
        }
        note_fired(reactor);
        memset(reactor->failed, 0, reactor->module->graph_count * sizeof *reactor->failed);
        if (reactor->tells)
            reactor->host->fired(reactor, cell);
    }
    release_all(reactor, tickets, outcome);
    return status;
}

const weir_failure *weir_reactor_fire_by_hand(weir_reactor *reactor, weir_reactor_cell *cell)
{
    const void *room[WEIR_INPUT_LIMIT];
    const void *const *inputs = weir_cell_inputs(reactor, cell, room);
    weir_firing *firing = &reactor->firing;
    const weir_failure *failure = NULL;

    firing->now = reactor->host->now(reactor);
    firing->key = weir_cell_key(reactor, cell);
    reactor->tickets = NULL;
    reactor->rounds = 0;
    for (uint32_t i = 0; i < reactor->module->graph_count; i++) {
        if (run_alone(reactor, i, firing, inputs, cell) == WEIR_OK)
            continue;
        reactor->graphs[i].failures++;
        reactor->failures[i] = *firing->failure;
        note_failure(reactor, reactor->graphs[i].module, firing, &reactor->failures[i]);
        failure = failure != NULL ? failure : &reactor->failures[i];
    }
    reactor->metrics.failed += failure != NULL;
    note_fired(reactor);
    if (reactor->tells)
        reactor->host->fired(reactor, cell);
    return failure;
}
