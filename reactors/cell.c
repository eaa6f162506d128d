/* SPDX-License-Identifier: Apache-2.0 */
/* cell.c - what a reactor keeps, once or per key: the cache, the states, the time of the key. */
#include "reactors/reactor.h"

#include <string.h>

weir_reactor_cell *weir_reactor_find(const weir_reactor *reactor, const uint64_t *key,
                                     uint64_t hash)
{
    weir_entry *entry = weir_table_find(&reactor->keys, key, hash);

    return entry != NULL ? weir_entry_data(&reactor->keys, entry) : NULL;
}

static weir_entry *entry_of(const weir_reactor *reactor, weir_reactor_cell *cell)
{
    return (weir_entry *)(void *)((unsigned char *)cell - reactor->keys.data_offset);
}

uint64_t weir_cell_age(const weir_reactor *reactor, weir_reactor_cell *cell)
{
    if (reactor->key_words == 0)
        return 0;
    /* Where no key goes no number comes again. */
    return reactor->mortal ? weir_reactor_life_of(reactor, cell)->timer.age
                           : entry_of(reactor, cell)->number;
}

void weir_cell_arm_ttl(weir_reactor *reactor, weir_reactor_cell *cell)
{
    if (reactor->key_words == 0 || reactor->config.ttl == INT64_MAX)
        return;
    weir_reactor_life *life = weir_reactor_life_of(reactor, cell);
    int64_t now = reactor->host->now(reactor);
    int64_t due = weir_later(life->last_event, reactor->config.ttl);
    weir_timer_arm(reactor->timers, &life->timer, due > now ? due : now);
}

bool weir_cell_is_needed(const weir_reactor *reactor, const weir_reactor_cell *cell)
{
    bool waits = reactor->module->strategy == WEIR_SEQUENTIAL && cell->backlog != NULL;

    return cell->retry != NULL || (waits && reactor->held);
}

void weir_cell_forget(weir_reactor *reactor, weir_reactor_cell *cell, const char *reason,
                      bool overwrites)
{
    if (overwrites && reactor->module->strategy == WEIR_LATEST)
        weir_queue_collapse_all(reactor, cell);
    else
        weir_queue_drop_all(reactor, cell, reason);
    weir_timer_disarm(reactor->timers, &weir_reactor_life_of(reactor, cell)->timer);
    weir_timers_unreserve(reactor->timers);
    weir_table_remove(&reactor->keys, entry_of(reactor, cell));
}

/* The key has had no event for `ttl`. A retry keeps it till its end. */
static void forget(weir_timer *timer)
{
    weir_reactor_cell *cell = timer->arg;
    weir_reactor_life *life =
        (weir_reactor_life *)(void *)((unsigned char *)timer - offsetof(weir_reactor_life, timer));
    weir_reactor *reactor = life->reactor;

    if (cell->retry != NULL)
        return;
    /* Events only note their time; the timer follows when it was due. */
    if (weir_later(life->last_event, reactor->config.ttl) > reactor->host->now(reactor)) {
        weir_cell_arm_ttl(reactor, cell);
        return;
    }
    weir_cell_forget(reactor, cell, "its key had no event for the time of 'ttl'", false);
}

static bool begin_life(weir_reactor *reactor, weir_reactor_cell *cell)
{
    weir_reactor_life *life = weir_reactor_life_of(reactor, cell);

    if (!weir_timers_reserve(reactor->timers))
        return false;
    life->reactor = reactor;
    life->last_event = reactor->host->now(reactor);
    life->timer = (weir_timer){.fire = forget,
                               .arg = cell,
                               .rank = reactor->rank,
                               .age = reactor->keys.added,
                               .late = true};
    weir_cell_arm_ttl(reactor, cell);
    return true;
}

weir_reactor_cell *weir_reactor_cell_for(weir_reactor *reactor, const uint64_t *key, uint64_t hash,
                                         bool *full)
{
    weir_entry *entry = weir_table_add(&reactor->keys, key, hash, full);

    if (entry == NULL)
        return NULL;
    weir_reactor_cell *cell = weir_entry_data(&reactor->keys, entry);
    if (!reactor->mortal || weir_reactor_life_of(reactor, cell)->reactor != NULL ||
        begin_life(reactor, cell))
        return cell;
    weir_table_remove(&reactor->keys, entry);
    return NULL;
}

void weir_input_copy(const weir_reactor_input *input, void *to, const void *value)
{
    if (input->item_size == 0) {
        memcpy(to, value, input->value_size);
        return;
    }
    const weir_window *window = value;
    weir_window *copy = to;
    *copy = (weir_window){.items = copy + 1, .count = window->count};
    memcpy(copy + 1, window->items, window->count * input->item_size);
}

void weir_cell_keep(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                    const void *value)
{
    const weir_reactor_input *kept = &reactor->inputs[input];
    uint64_t bit = 1ull << input;

    reactor->ever_present |= bit;
    if (kept->keyed) {
        weir_input_copy(kept, (unsigned char *)cell + kept->cell_offset, value);
        cell->present |= bit;
    } else {
        weir_input_copy(kept, kept->shared, value);
        reactor->current[input] = kept->shared;
        reactor->shared_present |= bit;
    }
}

void weir_cell_clear(weir_reactor *reactor, weir_reactor_cell *cell)
{
    cell->present = 0;
    if (reactor->key_words != 0)
        return;
    reactor->shared_present = 0;
    for (uint32_t i = 0; i < reactor->module->input_count; i++)
        reactor->current[i] = NULL;
}

const void **weir_cell_inputs(const weir_reactor *reactor, weir_reactor_cell *cell,
                              const void **room)
{
    if (reactor->key_words == 0)
        return reactor->current;
    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        const weir_reactor_input *input = &reactor->inputs[i];
        if (!input->keyed)
            room[i] = reactor->current[i];
        else if ((cell->present >> i & 1) != 0)
            room[i] = (unsigned char *)cell + input->cell_offset;
        else
            room[i] = NULL;
    }
    return room;
}

void weir_reactor_settle(weir_reactor *reactor, const void *from, size_t size)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        const weir_reactor_input *input = &reactor->inputs[i];
        const unsigned char *value = reactor->current[i];
        if (value == NULL || value == input->shared)
            continue;
        const unsigned char *start = from;
        if (value < start || value >= start + size)
            continue;
        weir_input_copy(input, input->shared, value);
        reactor->current[i] = input->shared;
    }
}
