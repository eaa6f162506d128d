/* SPDX-License-Identifier: Apache-2.0 */
/* check_reactors.c - what a reactor reads, in which order, and whether its keys go together. */
#include <string.h>

#include "codegen/check.h"
#include "codegen/expr/expr.h"

enum { INPUTS = 64 }; /* of a reactor, as the engine has it */

/* --- Inputs --- */

static spec_reactor_input *input_for(checker *check, spec_reactor *reactor,
                                     const spec_accumulator *accumulator, size_t *ret_index)
{
    for (size_t i = 0; i < reactor->input_count; i++)
        if (reactor->inputs[i].accumulator == accumulator) {
            *ret_index = i;
            return &reactor->inputs[i];
        }
    if (reactor->input_count == INPUTS) {
        diagnostics_error(check->log, reactor->where,
                          "reactor '%s' reads more than %d accumulators", reactor->name, INPUTS);
        return NULL;
    }
    *ret_index = reactor->input_count;
    reactor->inputs[reactor->input_count] = (spec_reactor_input){.accumulator = accumulator};
    return &reactor->inputs[reactor->input_count++];
}

static void resolve_criteria(checker *check, spec_reactor *reactor, spec_criteria *criteria)
{
    for (size_t i = 0; i < criteria->child_count; i++)
        resolve_criteria(check, reactor, &criteria->children[i]);
    if (criteria->kind != SPEC_NAME || criteria->name.text == NULL)
        return;
    long index = check_find(&check->accumulators, criteria->name.text);
    if (index == CHECK_NONE) {
        const check_names *tables[] = {&check->accumulators, &check->sources};
        check_unknown(check, &criteria->name, "accumulator or source", tables, 2);
        return;
    }
    spec_reactor_input *input =
        input_for(check, reactor, check->model->accumulators[index], &criteria->input);
    if (input != NULL && input->criteria)
        diagnostics_error(check->log, criteria->name.where, "the criteria name '%s' twice",
                          criteria->name.text);
    if (input != NULL)
        input->criteria = true;
}

static void read_filter(checker *check, spec_reactor *reactor)
{
    check_reactor_expressions(check, reactor);
    for (size_t i = 0; i < reactor->filter_root_count; i++) {
        const expr_root *root = &reactor->filter_roots[i];
        long index = root->read ? check_find(&check->accumulators, root->name) : CHECK_NONE;
        size_t at;
        if (index == CHECK_NONE)
            continue;
        spec_reactor_input *input =
            input_for(check, reactor, check->model->accumulators[index], &at);
        if (input != NULL)
            input->required = input->required || root->unguarded;
    }
}

static void read_graph(checker *check, spec_reactor *reactor, const spec_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < graph->nodes[n].in_count; i++) {
            const spec_operand *operand = &graph->nodes[n].in[i];
            size_t at;
            if (operand->accumulator == NULL)
                continue;
            spec_reactor_input *input = input_for(check, reactor, operand->accumulator, &at);
            if (input != NULL)
                input->required = input->required || !operand->optional;
        }
}

static void collect_graphs(checker *check, spec_reactor *reactor)
{
    spec *model = check->model;
    size_t count = 0, room;

    for (size_t i = 0; i < model->graph_count; i++)
        count += model->graphs[i].reactor == reactor;
    reactor->graphs = front_array(check->front, count, sizeof(const spec_graph *), &room);
    for (size_t i = 0; room != 0 && i < model->graph_count; i++)
        if (model->graphs[i].reactor == reactor)
            reactor->graphs[reactor->graph_count++] = &model->graphs[i];
}

/* --- Keys --- */

static bool same_key(const spec_accumulator *a, const spec_accumulator *b)
{
    if (a->key == NULL || b->key == NULL) /* was complained about */
        return true;
    if (a->key_names.count != b->key_names.count)
        return false;
    for (size_t i = 0; i < a->key_names.count; i++)
        if (a->key[i] == NULL || b->key[i] == NULL ||
            a->key[i]->shape.type != b->key[i]->shape.type ||
            a->key[i]->shape.size != b->key[i]->shape.size)
            return false;
    return true;
}

static bool is_keyed(const spec_accumulator *accumulator)
{
    return accumulator->key_names.count != 0;
}

/* All accumulators of the criteria have keys of one type, or none has. */
static void check_criteria_keys(checker *check, spec_reactor *reactor)
{
    const spec_accumulator *first = NULL;

    for (size_t i = 0; i < reactor->input_count; i++) {
        const spec_accumulator *accumulator = reactor->inputs[i].accumulator;
        if (!reactor->inputs[i].criteria)
            continue;
        if (is_keyed(accumulator) && reactor->keyed == NULL)
            reactor->keyed = accumulator;
        if (first == NULL) {
            first = accumulator;
        } else if (is_keyed(first) != is_keyed(accumulator)) {
            diagnostics_error(check->log, reactor->where,
                              "the criteria of '%s' name '%s', which has a key, and '%s', which "
                              "has none: a firing belongs to one key, or to none",
                              reactor->name, is_keyed(first) ? first->name : accumulator->name,
                              is_keyed(first) ? accumulator->name : first->name);
            return;
        } else if (!same_key(first, accumulator)) {
            diagnostics_error(check->log, reactor->where,
                              "the criteria of '%s' name '%s' and '%s', whose keys are of "
                              "different types: no key of one is a key of the other",
                              reactor->name, first->name, accumulator->name);
            return;
        }
    }
}

static void check_other_keys(checker *check, const spec_reactor *reactor)
{
    for (size_t i = 0; i < reactor->input_count; i++) {
        const spec_accumulator *accumulator = reactor->inputs[i].accumulator;
        if (reactor->inputs[i].criteria || !is_keyed(accumulator))
            continue;
        if (reactor->keyed == NULL)
            diagnostics_error(check->log, reactor->where,
                              "'%s' has no key and reads '%s', which has one: which key's value "
                              "would it see?",
                              reactor->name, accumulator->name);
        else if (!same_key(reactor->keyed, accumulator))
            diagnostics_error(check->log, reactor->where,
                              "'%s' reads '%s', whose key is of another type than that of '%s'",
                              reactor->name, accumulator->name, reactor->keyed->name);
    }
}

/* --- The whole --- */

static void check_reactor_options(checker *check, const spec_reactor *reactor)
{
    const char *what = weir_arena_printf(&check->model->arena, "%s '%s'",
                                         reactor->implied ? "graph" : "reactor", reactor->name);

    check_settings(check, &reactor->settings,
                   &(check_options){.what = what != NULL ? what : "the reactor",
                                    .where = reactor->where,
                                    .lists = &check->front->kinds->reactor,
                                    .list_count = 1,
                                    .section = &spec_reactor_section});
}

void check_reactors(checker *check)
{
    for (size_t i = 0; i < check->model->reactor_count; i++) {
        spec_reactor *reactor = check->model->reactors[i];
        size_t room;
        reactor->index = i;
        reactor->inputs = front_array(check->front, INPUTS, sizeof *reactor->inputs, &room);
        collect_graphs(check, reactor);
        if (reactor->inputs == NULL)
            return;
        if (reactor->criteria != NULL)
            resolve_criteria(check, reactor, reactor->criteria);
        read_filter(check, reactor);
        for (size_t g = 0; g < reactor->graph_count; g++)
            read_graph(check, reactor, reactor->graphs[g]);
        check_criteria_keys(check, reactor);
        check_other_keys(check, reactor);
        check_reactor_options(check, reactor);
    }
}
