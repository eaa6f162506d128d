/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the order in which a model is checked, and its names. */
#include "codegen/check.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { MOST_HINTS = 100 };

/* --- Names --- */

bool check_names_init(checker *check, check_names *names, size_t count)
{
    size_t room;

    names->count = 0;
    names->items = front_array(check->front, count, sizeof *names->items, &room);
    return room == count;
}

void check_names_add(check_names *names, const char *name, size_t index)
{
    names->items[names->count++] = (check_entry){.name = name, .index = index};
}

static int compare_entries(const void *first, const void *second)
{
    const check_entry *a = first, *b = second;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

void check_names_sort(check_names *names)
{
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, compare_entries);
}

long check_find(const check_names *names, const char *name)
{
    size_t low = 0, high = names->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->items[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < names->count && strcmp(names->items[low].name, name) == 0)
        return (long)names->items[low].index;
    return CHECK_NONE;
}

/* Looking for near names takes long where names are many; nobody reads so many hints. */
bool check_offers_names(const checker *check)
{
    return weir_diagnostics_error_count(check->log) < MOST_HINTS;
}

void check_unknown(checker *check, const spec_name *name, const char *what,
                   const check_names *const *tables, size_t count)
{
    weir_nearest nearest = {.wanted = name->text};
    char hint[128];

    check->front->lost = true;
    if (front_is_unread(check->front, name->text))
        return;
    for (size_t i = 0; i < count && check_offers_names(check); i++)
        for (size_t j = 0; j < tables[i]->count; j++)
            weir_nearest_offer(&nearest, tables[i]->items[j].name);
    diagnostics_error(check->log, name->where, "there is no %s '%s'%s", what, name->text,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
}

long check_resolve(checker *check, const check_names *names, const spec_name *name,
                   const char *what)
{
    if (name->text == NULL)
        return CHECK_NONE;
    long index = check_find(names, name->text);
    if (index == CHECK_NONE)
        check_unknown(check, name, what, &names, 1);
    return index;
}

/* --- The tables --- */

static bool name_rooms(checker *check)
{
    spec *model = check->model;
    spec_front *front = check->front;

    if (!check_names_init(check, &check->sources, model->source_count) ||
        !check_names_init(check, &check->sinks, model->sink_count) ||
        !check_names_init(check, &check->graphs, model->graph_count) ||
        !check_names_init(check, &check->reactors, model->reactor_count) ||
        !check_names_init(check, &check->types, front->type_count))
        return false;
    for (size_t i = 0; i < model->source_count; i++)
        check_names_add(&check->sources, model->sources[i].name, i);
    for (size_t i = 0; i < model->sink_count; i++)
        check_names_add(&check->sinks, model->sinks[i].name, i);
    for (size_t i = 0; i < model->graph_count; i++)
        check_names_add(&check->graphs, model->graphs[i].name, i);
    for (size_t i = 0; i < model->reactor_count; i++)
        check_names_add(&check->reactors, model->reactors[i]->name, i);
    for (size_t i = 0; i < front->type_count; i++)
        check_names_add(&check->types, front->types[i]->name, i);
    check_names_sort(&check->sources);
    check_names_sort(&check->sinks);
    check_names_sort(&check->graphs);
    check_names_sort(&check->reactors);
    check_names_sort(&check->types);
    return true;
}

static bool prepare(checker *check)
{
    size_t count;

    if (!name_rooms(check))
        return false;
    check->source_read =
        front_array(check->front, check->model->source_count + 1, sizeof(bool), &count);
    check->sink_written =
        front_array(check->front, check->model->sink_count + 1, sizeof(bool), &count);
    return check->source_read != NULL && check->sink_written != NULL;
}

void front_check(spec_front *front)
{
    checker check = {.front = front, .model = front->spec, .log = front->log};

    if (!prepare(&check))
        return;
    check_types(&check);
    check_params(&check);
    check_sources(&check);
    check_sinks(&check);
    check_dead_letters(&check);
    check_accumulators(&check);
    check_imply_accumulators(&check);
    check_conflation(&check);
    check_graphs(&check);
    check_reactors(&check);
    check_deletes(&check);
    check_workflows(&check);
    check_starts(&check);
    check_tests(&check);
    check_unused(&check);
    check_used_types(&check);
    check_c_names(&check);
    check_warnings(&check);
}
