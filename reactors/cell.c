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
    uint64_t *key = (uint64_t *)(void *)cell - weir_key_room(reactor->key_words);

    return (weir_entry *)(void *)key - 1;
}

uint64_t weir_cell_age(const weir_reactor *reactor, weir_reactor_cell *cell)
{
    return reactor->key_words != 0 ? entry_of(reactor, cell)->age : 0;
}

/* Only where there is a `ttl:`. */
static weir_timer *timer_of(const weir_reactor *reactor, weir_reactor_cell *cell)
{
    return (weir_timer *)(void *)((unsigned char *)cell + reactor->timer_offset);
}

void weir_cell_arm_ttl(weir_reactor *reactor, weir_reactor_cell *cell)
{
    int64_t now = reactor->host->now(reactor);
    int64_t due = weir_later(cell->last_event, reactor->config.ttl);

    if (reactor->key_words != 0 && reactor->config.ttl != INT64_MAX)
        weir_timer_arm(reactor->timers, timer_of(reactor, cell), due > now ? due : now);
}

/* The key has had no event for `ttl`: it goes, with what waits under it. A retry keeps it till its
 * end. */
static void forget(weir_timer *timer)
{
    weir_reactor_cell *cell = timer->arg;
    weir_reactor *reactor = cell->reactor;
    int64_t due = weir_later(cell->last_event, reactor->config.ttl);

    if (cell->retry != NULL)
        return;
    /* Events only note their time; the timer follows when it was due. */
    if (due > reactor->host->now(reactor)) {
        weir_cell_arm_ttl(reactor, cell);
        return;
    }
    weir_queue_drop_all(reactor, cell, "its key had no event for the time of 'ttl'");
    weir_timers_unreserve(reactor->timers);
    weir_table_remove(&reactor->keys, entry_of(reactor, cell));
}

static bool start_ttl(weir_reactor *reactor, weir_reactor_cell *cell, uint64_t age)
{
    if (reactor->config.ttl == INT64_MAX)
        return true;
    if (!weir_timers_reserve(reactor->timers))
        return false;
    *timer_of(reactor, cell) =
        (weir_timer){.fire = forget, .arg = cell, .rank = reactor->rank, .age = age, .late = true};
    cell->last_event = reactor->host->now(reactor);
    weir_timer_arm(reactor->timers, timer_of(reactor, cell),
                   weir_later(cell->last_event, reactor->config.ttl));
    return true;
}

weir_reactor_cell *weir_reactor_cell_for(weir_reactor *reactor, const uint64_t *key, uint64_t hash,
                                         bool *full)
{
    weir_entry *entry = weir_table_add(&reactor->keys, key, hash, full);

    if (entry == NULL)
        return NULL;
    weir_reactor_cell *cell = weir_entry_data(&reactor->keys, entry);
    if (cell->reactor != NULL)
        return cell;
    cell->reactor = reactor;
    if (!start_ttl(reactor, cell, entry->age)) {
        weir_table_remove(&reactor->keys, entry);
        return NULL;
    }
    return cell;
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
