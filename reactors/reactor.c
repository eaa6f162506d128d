/* SPDX-License-Identifier: Apache-2.0 */
/* reactor.c - making a reactor, and the two steps of its life: offer and ask. */
#include "reactors/reactor.h"

/* --- Making --- */

static uint32_t round_up(uint32_t size)
{
    return (size + 7) & ~7u;
}

/* The place of each input: in the cell where it has a key, else in a cache of its own. */
static bool lay_out_inputs(weir_reactor *reactor, const weir_input_shape *shapes)
{
    uint32_t offset = round_up(sizeof(weir_reactor_cell));

    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        weir_reactor_input *input = &reactor->inputs[i];
        const weir_module_input *module = &reactor->module->inputs[i];
        uint64_t bit = 1ull << i;
        bool window = shapes[i].item_size != 0;

        *input = (weir_reactor_input){.module = module,
                                      .name = shapes[i].name,
                                      .value_size = shapes[i].value_size,
                                      .item_size = shapes[i].item_size,
                                      .keyed = shapes[i].key_words != 0};
        if (window)
            input->value_size =
                (uint32_t)sizeof(weir_window) + shapes[i].max_items * shapes[i].item_size;
        reactor->has_windows = reactor->has_windows || window;
        reactor->criteria_mask |= module->criteria ? bit : 0;
        reactor->required_mask |= module->required ? bit : 0;
        reactor->keyed_mask |= input->keyed ? bit : 0;
        if (module->criteria && input->value_size > reactor->value_size)
            reactor->value_size = input->value_size;
        if (input->keyed) {
            reactor->key_words = shapes[i].key_words;
            input->cell_offset = offset;
            offset += round_up(input->value_size);
        } else if ((input->shared = weir_alloc(input->value_size)) == NULL) {
            return false;
        }
    }
    reactor->states_offset = offset;
    reactor->life_offset = offset + round_up(reactor->module->state_size);
    reactor->cell_size = reactor->life_offset;
    if (reactor->mortal)
        reactor->cell_size += (uint32_t)sizeof(weir_reactor_life);
    return true;
}

static bool allocate(weir_reactor *reactor, const weir_input_shape *shapes)
{
    uint32_t inputs = reactor->module->input_count, graphs = reactor->module->graph_count;

    reactor->inputs = weir_alloc_array(inputs, sizeof *reactor->inputs);
    reactor->current = weir_alloc_array(inputs, sizeof(const void *));
    reactor->graphs = weir_alloc_array(graphs, sizeof *reactor->graphs);
    reactor->frames = weir_alloc_array(graphs, sizeof *reactor->frames);
    reactor->failed = weir_alloc_array(graphs, sizeof *reactor->failed);
    reactor->failures = weir_alloc_array(graphs, sizeof *reactor->failures);
    for (uint32_t i = 0; reactor->frames != NULL && i < graphs; i++)
        reactor->frames[i].failure = &reactor->failures[i];
    return reactor->failures != NULL && reactor->inputs != NULL && reactor->current != NULL &&
           reactor->graphs != NULL && reactor->frames != NULL && reactor->failed != NULL &&
           lay_out_inputs(reactor, shapes);
}

static bool make_cells(weir_reactor *reactor, uint64_t seed)
{
    if (reactor->key_words != 0)
        return weir_table_init(&reactor->keys, reactor->key_words, reactor->cell_size, 8,
                               (uint32_t)reactor->config.max_keys, seed);
    reactor->single = weir_alloc(reactor->cell_size);
    return reactor->single != NULL;
}

weir_status weir_reactor_init(weir_reactor *reactor, const weir_module_reactor *module,
                              const weir_input_shape *shapes, uint64_t seed, weir_error **error)
{
    reactor->module = module;
    if (module->input_count > WEIR_INPUT_LIMIT)
        return weir_error_set_at(error, WEIR_LIMIT, module->place,
                                 "reactor '%s' has %u inputs; at most %d are possible",
                                 module->name, module->input_count, WEIR_INPUT_LIMIT);
    if (!allocate(reactor, shapes))
        return weir_error_set(error, WEIR_NOMEM, "reactor '%s': out of memory", module->name);
    if (reactor->config.capacity == 0)
        reactor->config.capacity =
            reactor->key_words != 0 ? WEIR_CAPACITY_DEFAULT_KEYED : WEIR_CAPACITY_DEFAULT;
    reactor->wait_timer = (weir_timer){.fire = weir_queue_expire, .arg = reactor};
    if (!make_cells(reactor, seed) || !weir_queues_init(reactor) ||
        !weir_timers_reserve(reactor->timers))
        return weir_error_set(error, WEIR_NOMEM, "reactor '%s': out of memory", module->name);
    reactor->wait_timer.rank = reactor->rank;
    reactor->firing.failure = &reactor->failure;
    reactor->firing.number = 1;
    reactor->blocked = reactor->required_mask != 0 ? WEIR_BLOCKED_WARMING : 0;
    return WEIR_OK;
}

/* --- Freeing --- */

void weir_reactor_release(weir_reactor *reactor)
{
    if (reactor->single != NULL)
        weir_retry_free(reactor, reactor->single->retry);
    weir_free(reactor->single);
    for (weir_entry *entry = weir_table_next(&reactor->keys, 0); entry != NULL;
         entry = weir_table_next(&reactor->keys, entry->number)) {
        const weir_reactor_cell *cell = weir_entry_data(&reactor->keys, entry);
        weir_retry_free(reactor, cell->retry);
    }
    weir_table_free(&reactor->keys);
    weir_queues_free(reactor);
    for (uint32_t i = 0; reactor->inputs != NULL && i < reactor->module->input_count; i++)
        weir_free(reactor->inputs[i].shared);
    weir_free(reactor->inputs);
    weir_free(reactor->current);
    weir_free(reactor->graphs);
    weir_free(reactor->frames);
    weir_free(reactor->failed);
    weir_free(reactor->failures);
}

/* --- Offer and ask --- */

/* A required input that the criteria name may still be taken along from its queue. */
static bool is_warm(const weir_reactor *reactor, const weir_reactor_cell *cell)
{
    uint64_t there = weir_cell_present(reactor, cell);

    if (cell->backlog != NULL)
        there |= cell->backlog->waiting;
    return (there & reactor->required_mask) == reactor->required_mask;
}

/* A firing is due, and held because a required input has no value. While the criteria are not true
 * it is a partner that has not come. */
static bool is_warming(const weir_reactor *reactor, const weir_reactor_cell *cell)
{
    uint64_t inputs;

    return cell->backlog != NULL && !is_warm(reactor, cell) &&
           weir_criteria_ask(reactor, cell->backlog, &inputs);
}

static bool is_held(const weir_reactor *reactor, const weir_reactor_cell *cell)
{
    const uint32_t holding = WEIR_BLOCKED_PAUSED | WEIR_BLOCKED_SINK | WEIR_BLOCKED_HALTED;

    return (reactor->blocked & holding) != 0 || cell->retry != NULL;
}

void weir_reactor_offer(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                        const void *value, weir_event *event, weir_ticket *ticket)
{
    reactor->ever_offered |= 1ull << input;
    if ((reactor->criteria_mask >> input & 1) == 0) {
        weir_cell_keep(reactor, cell, input, value);
        if (ticket != NULL)
            weir_ticket_release(ticket, WEIR_KEPT);
        else
            event->outcome |= WEIR_KEPT;
        return;
    }
    if (ticket == NULL)
        ticket = weir_event_hold(event);
    weir_queue_push(reactor, cell, input, value, event, ticket);
}

/* Moves what is taken from the queues into the cache. */
static void take(weir_reactor *reactor, weir_reactor_cell *cell, uint64_t inputs,
                 weir_ticket **tickets)
{
    /* The cell itself stays, although its backlog may go with the last boundary. */
    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        tickets[i] = NULL;
        if ((inputs >> i & 1) == 0)
            continue;
        weir_waiting *waiting = weir_queue_pop(reactor, cell, i);
        weir_cell_keep(reactor, cell, i, waiting->value);
        tickets[i] = waiting->ticket;
        if (waiting->rounds > reactor->rounds)
            reactor->rounds = waiting->rounds;
        weir_queue_recycle(reactor, waiting);
    }
}

bool weir_reactor_ask(weir_reactor *reactor, weir_reactor_cell *cell)
{
    weir_ticket *tickets[WEIR_INPUT_LIMIT];
    bool fired = false;
    uint64_t inputs;

    while (cell->backlog != NULL && !is_held(reactor, cell) && is_warm(reactor, cell) &&
           weir_criteria_ask(reactor, cell->backlog, &inputs)) {
        inputs |=
            reactor->required_mask & cell->backlog->waiting & ~weir_cell_present(reactor, cell);
        reactor->rounds = 0;
        take(reactor, cell, inputs, tickets);
        weir_reactor_fire(reactor, cell, tickets);
        fired = true;
    }
    weir_reactor_look(reactor, cell);
    return fired;
}

static void note_hold(weir_reactor *reactor, weir_reactor_cell *cell)
{
    if (cell->backlog != NULL)
        weir_queues_note_hold(reactor, cell, cell->retry != NULL || is_warming(reactor, cell));
}

void weir_reactor_look(weir_reactor *reactor, weir_reactor_cell *cell)
{
    uint64_t shared = reactor->required_mask & ~reactor->keyed_mask;
    uint32_t warming =
        (reactor->shared_present & shared) == shared ? 0 : (uint32_t)WEIR_BLOCKED_WARMING;

    reactor->blocked = (reactor->blocked & ~(uint32_t)WEIR_BLOCKED_WARMING) | warming;
    if (cell != NULL) {
        note_hold(reactor, cell);
        return;
    }
    for (cell = reactor->first_waiting; cell != NULL; cell = cell->backlog->next)
        note_hold(reactor, cell);
}

bool weir_reactor_ask_all(weir_reactor *reactor)
{
    bool fired = false;
    weir_reactor_cell *next;

    for (weir_reactor_cell *cell = reactor->first_waiting; cell != NULL; cell = next) {
        next = cell->backlog->next;
        fired = weir_reactor_ask(reactor, cell) || fired;
    }
    return fired;
}

/* Reading on may bring what a warming cell lacks, where it comes from the same source. */
static bool may_bring(const weir_reactor *reactor, const weir_reactor_cell *cell, uint64_t sources)
{
    uint64_t there = weir_cell_present(reactor, cell) | cell->backlog->waiting;

    return !is_held(reactor, cell) && (reactor->required_mask & ~there & sources) != 0;
}

bool weir_reactor_is_full(const weir_reactor *reactor, const weir_reactor_cell *cell,
                          uint32_t input, uint64_t sources)
{
    if ((reactor->criteria_mask >> input & 1) == 0)
        return false;
    if (weir_queue_is_full(reactor, cell, input))
        return is_held(reactor, cell) ||
               (is_warming(reactor, cell) && !may_bring(reactor, cell, sources));
    return weir_queue_needs_place(reactor, cell, input) &&
           weir_queue_oldest_free(reactor) == NULL &&
           !may_bring(reactor, reactor->oldest->cell, sources);
}

void weir_reactor_hold(weir_reactor *reactor, uint32_t reason, bool on)
{
    const uint32_t holding = WEIR_BLOCKED_PAUSED | WEIR_BLOCKED_SINK | WEIR_BLOCKED_HALTED;
    bool before = (reactor->blocked & holding) != 0;

    reactor->blocked = on ? reactor->blocked | reason : reactor->blocked & ~reason;
    bool after = (reactor->blocked & holding) != 0;
    reactor->held = after;
    if (after && !before)
        reactor->held_since = reactor->host->now(reactor);
    if (before && !after) {
        reactor->held_total += reactor->host->now(reactor) - reactor->held_since;
        weir_retries_resume(reactor);
    }
    weir_queues_rearm(reactor);
}
