/* SPDX-License-Identifier: Apache-2.0 */
/* accumulator.c - the cells of an accumulator: one, or one a key. */
#include "accumulators/accumulator.h"

#include <string.h>

weir_status weir_cells_init(weir_cells *cells, weir_accumulator *accumulator, size_t size,
                            uint32_t key_words, uint32_t limit, uint64_t seed, weir_error **error)
{
    size_t whole = offsetof(weir_cell_head, cell) + size;
    const char *name = accumulator->module->name;

    cells->accumulator = accumulator;
    cells->key_words = key_words;
    if (whole > UINT32_MAX / 2)
        return weir_error_set(error, WEIR_LIMIT,
                              "accumulator '%s' would keep %zu bytes at once; make it smaller",
                              name, whole);
    if (key_words != 0) {
        if (weir_table_init(&cells->table, key_words, (uint32_t)whole, limit, seed))
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

static weir_cell *cell_in(const weir_cells *cells, weir_entry *entry)
{
    weir_cell_head *head = weir_entry_data(&cells->table, entry);

    return &head->cell;
}

/* A cell is new while it does not know its accumulator. */
static weir_cell *ready(weir_cells *cells, weir_cell_head *head, const uint64_t *key, uint64_t age,
                        void (*flush)(weir_timer *timer))
{
    if (head->cell.accumulator != NULL)
        return &head->cell;
    if (!weir_timers_reserve(cells->timers))
        return NULL;
    head->cell = (weir_cell){.accumulator = cells->accumulator, .key = key};
    head->timer = (weir_timer){.fire = flush, .arg = &head->cell, .rank = cells->rank, .age = age};
    return &head->cell;
}

weir_cell *weir_cells_find(weir_cells *cells, const uint64_t *key, uint64_t hash,
                           void (*flush)(weir_timer *timer))
{
    bool full;

    if (cells->key_words == 0)
        return ready(cells, cells->single, NULL, 0, flush);
    weir_entry *entry = weir_table_add(&cells->table, key, hash, &full);
    if (entry == NULL)
        return NULL;
    return ready(cells, weir_entry_data(&cells->table, entry), weir_entry_key(entry), entry->age,
                 flush);
}

weir_cell *weir_cells_get(const weir_cells *cells, const uint64_t *key)
{
    uint64_t hash = weir_table_hash(&cells->table, key);
    weir_entry *entry = weir_table_find(&cells->table, key, hash);

    return entry != NULL ? cell_in(cells, entry) : NULL;
}

weir_cell *weir_cells_next(const weir_cells *cells, const weir_cell *after)
{
    if (cells->key_words == 0)
        return after == NULL && cells->single != NULL ? &cells->single->cell : NULL;
    uint32_t number = 0;
    if (after != NULL) {
        const uint64_t *key = after->key;
        number = ((const weir_entry *)(const void *)key - 1)->number;
    }
    /* Cells are never removed, so that entry numbers are their order of making. */
    weir_entry *entry = weir_table_next(&cells->table, number);
    return entry != NULL ? cell_in(cells, entry) : NULL;
}
