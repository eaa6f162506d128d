/* SPDX-License-Identifier: Apache-2.0 */
/* accumulator.c - the cells of an accumulator: one, or one a key.
 *
 *     | life, where keys go | head | what the kind sees ... |
 */
#include "accumulators/accumulator.h"

static size_t life_size(const weir_cells *cells)
{
    return cells->mortal ? sizeof(weir_cell_life) : 0;
}

weir_status weir_cells_init(weir_cells *cells, size_t size, uint64_t seed, weir_error **error)
{
    size_t whole = life_size(cells) + offsetof(weir_cell_head, cell) + size;
    const char *name = cells->accumulator->module->name;

    if (whole > UINT32_MAX / 2)
        return weir_error_set(error, WEIR_LIMIT,
                              "accumulator '%s' would keep %zu bytes at once; make it smaller",
                              name, whole);
    if (cells->key_words != 0) {
        if (weir_table_init(&cells->table, cells->key_words, (uint32_t)whole, 16, cells->max_keys,
                            seed))
            return WEIR_OK;
        return weir_error_set(error, WEIR_NOMEM, "accumulator '%s': out of memory", name);
    }
    cells->single = weir_alloc(whole);
    if (cells->single == NULL)
        return weir_error_set(error, WEIR_NOMEM, "accumulator '%s': out of memory", name);
    return WEIR_OK;
}

void weir_cells_free(weir_cells *cells)
{
    weir_free(cells->single);
    weir_table_free(&cells->table);
}

static weir_cell_head *head_in(const weir_cells *cells, weir_entry *entry)
{
    unsigned char *data = weir_entry_data(&cells->table, entry);
    void *head = data + life_size(cells);

    return head;
}

static weir_entry *entry_of(const weir_cell *cell)
{
    const uint64_t *key = cell->key;

    return (weir_entry *)(uintptr_t)((const weir_entry *)(const void *)key - 1);
}

/* --- The life of a cell --- */

static bool begin_life(weir_cells *cells, weir_cell_head *head, uint64_t age)
{
    weir_cell_life *life = weir_cell_life_of(head);

    if (!weir_timers_reserve(cells->timers))
        return false;
    life->ttl = (weir_timer){
        .fire = cells->forget, .arg = &head->cell, .rank = cells->rank, .age = age, .late = true};
    life->older = cells->newest;
    if (cells->newest != NULL)
        weir_cell_life_of(cells->newest)->newer = head;
    else
        cells->oldest = head;
    cells->newest = head;
    return true;
}

static void end_life(weir_cells *cells, weir_cell_head *head)
{
    weir_cell_life *life = weir_cell_life_of(head);

    weir_timer_disarm(cells->timers, &life->ttl);
    if (life->older != NULL)
        weir_cell_life_of(life->older)->newer = life->newer;
    else
        cells->oldest = life->newer;
    if (life->newer != NULL)
        weir_cell_life_of(life->newer)->older = life->older;
    else
        cells->newest = life->older;
    weir_timers_unreserve(cells->timers);
}

/* Events only note their time: the timer follows when it was due. */
static void note_event(weir_cells *cells, weir_cell_head *head, int64_t now)
{
    weir_cell_life *life = weir_cell_life_of(head);

    life->last_event = now;
    if (life->ttl.slot == 0 && cells->ttl != INT64_MAX)
        weir_timer_arm(cells->timers, &life->ttl, weir_later(now, cells->ttl));
}

/* --- Finding --- */

/* A cell is new while it does not know its accumulator. */
static bool make_ready(weir_cells *cells, weir_cell_head *head, const uint64_t *key, uint64_t age)
{
    if (head->cell.accumulator != NULL)
        return true;
    if (!weir_timers_reserve(cells->timers))
        return false;
    if (life_size(cells) != 0 && !begin_life(cells, head, age)) {
        weir_timers_unreserve(cells->timers);
        return false;
    }
    head->cell = (weir_cell){.accumulator = cells->accumulator, .key = key};
    head->timer =
        (weir_timer){.fire = cells->flush, .arg = &head->cell, .rank = cells->rank, .age = age};
    return true;
}

weir_cell *weir_cells_find(weir_cells *cells, const uint64_t *key, uint64_t hash, int64_t now,
                           bool *full)
{
    *full = false;
    if (cells->key_words == 0)
        return make_ready(cells, cells->single, NULL, 0) ? &cells->single->cell : NULL;
    weir_entry *entry = weir_table_add(&cells->table, key, hash, full);
    if (entry == NULL)
        return NULL;
    weir_cell_head *head = head_in(cells, entry);
    if (!make_ready(cells, head, entry->key, cells->table.added)) {
        weir_table_remove(&cells->table, entry);
        return NULL;
    }
    if (life_size(cells) != 0)
        note_event(cells, head, now);
    return &head->cell;
}

weir_cell *weir_cells_at(const weir_cells *cells, const uint64_t *key)
{
    weir_entry *entry = weir_table_find(&cells->table, key, weir_table_hash(&cells->table, key));

    return entry != NULL ? &head_in(cells, entry)->cell : NULL;
}

void weir_cells_remove(weir_cells *cells, weir_cell *cell)
{
    weir_cell_head *head = weir_cell_head_of(cell);

    weir_timer_disarm(cells->timers, &head->timer);
    weir_timers_unreserve(cells->timers);
    end_life(cells, head);
    weir_table_remove(&cells->table, entry_of(cell));
}

weir_cell *weir_cells_next(const weir_cells *cells, const weir_cell *after)
{
    weir_cell_head *head = NULL;

    if (cells->key_words == 0)
        return after == NULL && cells->single != NULL ? &cells->single->cell : NULL;
    if (life_size(cells) == 0) {
        /* None is ever removed, so that entry numbers are their order of making. */
        weir_entry *entry =
            weir_table_next(&cells->table, after != NULL ? entry_of(after)->number : 0);
        head = entry != NULL ? head_in(cells, entry) : NULL;
    } else if (after == NULL) {
        head = cells->oldest;
    } else {
        head = weir_cell_life_of(weir_cell_head_of((weir_cell *)(uintptr_t)after))->newer;
    }
    return head != NULL ? &head->cell : NULL;
}
