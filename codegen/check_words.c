/* SPDX-License-Identifier: Apache-2.0 */
/* check_words.c - names that no expression can read, because CEL keeps the words for itself (E24).
 *
 * Where an expression begins with a name more words are kept than behind a '.': `package` names no
 * input, and `quote.package` is a field.
 */
#include "codegen/check.h"
#include "codegen/expr/expr.h"

static void warn_of_name(checker *check, const char *name, weir_place where, const char *what)
{
    if (expr_is_word(name))
        diagnostics_warning(check->log, where,
                            "no expression can read the %s '%s': CEL keeps the word for itself; "
                            "choose another name",
                            what, name);
}

static void warn_of_member(checker *check, const char *name, weir_place where, const char *what,
                           const char *way_out)
{
    if (expr_is_operator_word(name))
        diagnostics_warning(check->log, where,
                            "no expression can read the %s '%s': CEL keeps the word for itself; "
                            "choose another name%s",
                            what, name, way_out);
}

static void warn_of_type(checker *check, const spec_type *type)
{
    if (type->builtin)
        return;
    if (type->kind == SPEC_ENUM)
        warn_of_name(check, type->name, type->where, "enum");
    for (size_t i = 0; i < type->fields.count; i++)
        warn_of_member(check, type->fields.items[i].name, type->fields.items[i].where, "field",
                       ", and keep this one on the wire with `wire: in`");
    for (size_t i = 0; i < type->enumerator_count; i++)
        warn_of_member(check, type->enumerators[i].name, type->enumerators[i].where, "enum value",
                       "");
}

static void warn_of_graph(checker *check, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->args.count; i++)
        warn_of_name(check, graph->args.items[i].name, graph->args.items[i].where, "argument");
    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        warn_of_name(check, node->name, node->where, "node");
        for (size_t r = 0; r < node->route_count; r++)
            warn_of_member(check, node->routes[r].name, node->routes[r].where, "route", "");
    }
}

void check_words(checker *check)
{
    const spec *model = check->model;

    for (size_t i = 0; i < model->type_count; i++)
        warn_of_type(check, model->types[i]);
    for (size_t i = 0; i < model->param_count; i++)
        warn_of_member(check, model->params[i].name, model->params[i].where, "parameter", "");
    for (size_t i = 0; i < model->accumulator_count; i++) {
        const spec_accumulator *accumulator = model->accumulators[i];
        warn_of_name(check, accumulator->name, accumulator->where,
                     accumulator->implied ? "source" : "accumulator");
        for (size_t s = 0; s < accumulator->state.count; s++)
            warn_of_member(check, accumulator->state.items[s].name,
                           accumulator->state.items[s].where, "state field", "");
    }
    for (size_t i = 0; i < model->graph_count; i++)
        warn_of_graph(check, &model->graphs[i]);
}
