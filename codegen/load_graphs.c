/* SPDX-License-Identifier: Apache-2.0 */
/* load_graphs.c - reactors, graphs and nodes as they are written. */
#include <string.h>

#include "codegen/load.h"

/* --- Criteria --- */

static void load_criterion(spec_front *front, const yaml_node *node, spec_criteria *criteria);

static void load_children(spec_front *front, const yaml_node *node, spec_criteria *criteria)
{
    *criteria = (spec_criteria){.kind = strcmp(node->key, "when_all") == 0 ? SPEC_ALL : SPEC_ANY,
                                .where = node->key_where};
    if (node->kind != YAML_LIST || node->count == 0) {
        load_expected(front, node, "a list of names, as in [quotes, trades]");
        return;
    }
    criteria->children =
        front_array(front, node->count, sizeof *criteria->children, &criteria->child_count);
    const yaml_node *item = node->first;
    for (size_t i = 0; i < criteria->child_count; i++, item = item->next)
        load_criterion(front, item, &criteria->children[i]);
}

static void load_criterion(spec_front *front, const yaml_node *node, spec_criteria *criteria)
{
    const yaml_node *inner = node->kind == YAML_MAP ? node->first : NULL;

    *criteria = (spec_criteria){.kind = SPEC_NAME, .where = node->where};
    if (inner == NULL) {
        criteria->name = load_name(front, node, "a name, or {when_any: [...]}");
        return;
    }
    if (node->count == 1 && inner->kind != YAML_BAD &&
        (strcmp(inner->key, "when_any") == 0 || strcmp(inner->key, "when_all") == 0))
        load_children(front, inner, criteria);
    else
        diagnostics_error(front->log, node->where,
                          "criteria inside others are {when_any: [...]} or {when_all: [...]}");
}

void load_criteria(spec_front *front, const yaml_node *node, spec_criteria **criteria)
{
    if (*criteria != NULL) {
        diagnostics_error(front->log, node->key_where,
                          "one criteria word stands at the top; put the other inside it, as in "
                          "`when_all: [fills, {when_any: [bid, ask]}]`");
        diagnostics_note(front->log, (*criteria)->where, "the first is here");
        return;
    }
    *criteria = front_alloc(front, sizeof **criteria);
    if (*criteria != NULL)
        load_children(front, node, *criteria);
}

/* --- Nodes --- */

/* "decide.trade", "optional policies". */
static void load_operand(spec_front *front, const yaml_node *node, spec_operand *operand)
{
    *operand = (spec_operand){.name = "", .where = node->where};
    if (!load_is_text(front, node, "the name of an accumulator or a node"))
        return;
    const char *text = node->text;
    if (strncmp(text, "optional ", 9) == 0) {
        operand->optional = true;
        text += 9 + strspn(text + 9, " ");
        operand->where.column += (uint32_t)(text - node->text);
    }
    size_t length = strcspn(text, ".");
    operand->name = weir_arena_copy(&front->spec->arena, text, length);
    if (operand->name == NULL)
        front->log->failed = true;
    if (text[length] == '.')
        operand->route = text + length + 1;
}

void load_operands(spec_front *front, const yaml_node *node, spec_node *into)
{
    bool list = node->kind == YAML_LIST;
    const yaml_node *item = list ? node->first : node;

    if (list && node->count == 0)
        load_expected(front, node, "a name, or a list that is not empty");
    into->in = front_array(front, list ? node->count : 1, sizeof *into->in, &into->in_count);
    for (size_t i = 0; i < into->in_count; i++, item = item->next)
        load_operand(front, item, &into->in[i]);
}

static void load_route(spec_front *front, const yaml_node *node, spec_route *route)
{
    *route = (spec_route){.name = node->key, .where = node->key_where};
    front_check_name(front, node->key, node->key_where, "a route");
    if (node->kind == YAML_MAP)
        load_keys(front, &spec_route_section, node, route, NULL);
    else
        route->type_name = load_name(front, node, "the type of the route, or none");
}

void load_routes(spec_front *front, const yaml_node *node, spec_node *into)
{
    if (!load_is_map(front, node, "a map of routes and their types"))
        return;
    if (node->count == 0)
        diagnostics_error(front->log, node->where, "a node with `routes:` has at least one");
    into->routes = front_array(front, node->count, sizeof *into->routes, &into->route_count);
    const yaml_node *value = node->first;
    for (size_t i = 0; i < into->route_count; i++, value = value->next)
        load_route(front, value, &into->routes[i]);
}

void load_targets(spec_front *front, const yaml_node *node, spec_node *into)
{
    bool list = node->kind == YAML_LIST;
    const yaml_node *item = list ? node->first : node;

    if (list && node->count == 0)
        load_expected(front, node, "a name, or a list that is not empty");
    into->to = front_array(front, list ? node->count : 1, sizeof *into->to, &into->to_count);
    for (size_t i = 0; i < into->to_count; i++, item = item->next)
        into->to[i].name = load_name(front, item, "the name of a sink or an accumulator");
}

/* What a node with mistakes would have read and given is not known. */
static void pass_over(spec_front *front, spec_node *node)
{
    node->in_count = node->to_count = 0;
    node->set = (spec_assignments){0};
    node->out_name.text = NULL;
    front->lost = true;
}

void load_nodes(spec_front *front, const yaml_node *node, spec_graph *graph)
{
    if (!load_is_map(front, node, "a map of nodes"))
        return;
    if (node->count == 0)
        diagnostics_error(front->log, node->where, "a graph has at least one node");
    graph->nodes = front_array(front, node->count, sizeof *graph->nodes, &graph->node_count);
    const yaml_node *value = node->first;
    for (size_t i = 0; i < graph->node_count; i++, value = value->next) {
        spec_node *item = &graph->nodes[i];
        *item = (spec_node){.name = value->key, .where = value->key_where};
        front_check_free_name(front, value->key, value->key_where, "a node");
        size_t errors = front->log->errors;
        if (value->kind == YAML_BAD)
            pass_over(front, item);
        else if (load_is_map(front, value, "a map, as in {in: quotes, out: Spread}"))
            load_keys(front, &spec_node_section, value, item, NULL);
        if (errors != front->log->errors)
            pass_over(front, item);
    }
}

/* --- Graphs --- */

static bool has_option(const weir_option_list *options, const char *name)
{
    for (size_t i = 0; i < options->count; i++)
        if (strcmp(options->items[i].name, name) == 0)
            return true;
    return false;
}

/* Settings of the reactor's table move behind those of the graph, and belong to the reactor. */
static void split_settings(spec_front *front, spec_graph_parts *parts)
{
    spec_settings *all = &parts->graph.settings;
    size_t kept = 0;

    if (all->count == 0)
        return;
    for (size_t i = 0; i < all->count; i++) {
        weir_setting setting = all->items[i];
        weir_place name = all->names[i];
        if (has_option(&front->kinds->reactor, setting.name))
            continue;
        all->items[i] = all->items[kept];
        all->names[i] = all->names[kept];
        all->names[kept] = name;
        all->items[kept++] = setting;
    }
    parts->reactor.settings.items = all->items + kept;
    parts->reactor.settings.names = all->names + kept;
    parts->reactor.settings.count = all->count - kept;
    all->count = kept;
}

/* The first key of a graph that belongs to a reactor of its own, or NULL. */
static const yaml_node *find_own_key(spec_front *front, const yaml_node *node)
{
    for (const yaml_node *value = node->first; value != NULL; value = value->next) {
        const spec_key *key = spec_key_find(&spec_graph_section, value->key);
        if (key != NULL ? key->of_reactor : has_option(&front->kinds->reactor, value->key))
            return value;
    }
    return NULL;
}

static void add_own_reactor(spec_front *front, const spec_graph_parts *parts)
{
    spec *model = front->spec;
    spec_reactor *reactor = front_alloc(front, sizeof *reactor);

    if (reactor == NULL)
        return;
    *reactor = parts->reactor;
    reactor->name = parts->graph.name;
    reactor->where = parts->graph.where;
    reactor->implied = true;
    model->reactors[model->reactor_count++] = reactor;
}

/* One may well be what fires the graph, and is complained about by itself. */
static bool has_misspelt_key(const yaml_node *node)
{
    for (const yaml_node *value = node->first; value != NULL; value = value->next)
        if (load_is_misspelt(&spec_graph_section, value))
            return true;
    return false;
}

/* What a graph says of when it fires must go together. */
static bool has_own_reactor(spec_front *front, const yaml_node *node, spec_graph_parts *parts)
{
    const yaml_node *own = find_own_key(front, node), *args = yaml_get(node, "args");
    const char *name = parts->graph.name;

    if (own != NULL && parts->graph.trigger.text != NULL)
        diagnostics_error(front->log, own->key_where,
                          "the graph '%s' is fired by the reactor '%s': '%s' belongs there", name,
                          parts->graph.trigger.text, own->key);
    else if (own != NULL && parts->reactor.criteria == NULL)
        diagnostics_error(front->log, own->key_where,
                          "'%s' needs criteria: give the graph '%s' `when_any:` or `when_all:`",
                          own->key, name);
    else if (own == NULL && parts->graph.trigger.text == NULL && args == NULL &&
             !has_misspelt_key(node))
        diagnostics_error(front->log, node->key_where,
                          "nothing fires the graph '%s': give it `trigger:`, or criteria "
                          "(`when_any:`, `when_all:`), or `args:` to be called with",
                          name);
    else if (args != NULL && (own != NULL || parts->graph.trigger.text != NULL))
        diagnostics_error(front->log, args->key_where,
                          "`args:` are the inputs of a graph that is only called, but a reactor "
                          "fires '%s'",
                          name);
    parts->graph.unfired =
        args == NULL && parts->graph.trigger.text == NULL && parts->reactor.criteria == NULL;
    return own != NULL && parts->graph.trigger.text == NULL && parts->reactor.criteria != NULL;
}

static void load_graph(spec_front *front, const yaml_node *node, spec_graph *graph)
{
    spec_graph_parts parts = {.graph = {.name = node->key, .where = node->key_where}};

    front_check_name(front, node->key, node->key_where, "a graph");
    if (load_is_map(front, node, "a map with `nodes:`")) {
        load_keys(front, &spec_graph_section, node, &parts, &parts.graph.settings);
        split_settings(front, &parts);
        if (has_own_reactor(front, node, &parts))
            add_own_reactor(front, &parts);
    }
    *graph = parts.graph;
}

/* There is room in model->reactors for one reactor a graph. */
void load_graphs(spec_front *front, const yaml_node *node)
{
    spec *model = front->spec;

    if (!load_is_map(front, node, "a map of graphs"))
        return;
    size_t room;
    model->graphs = front_array(front, node->count, sizeof *model->graphs, &room);
    for (const yaml_node *value = node->first; room != 0 && value != NULL; value = value->next) {
        if (value->kind == YAML_BAD)
            continue;
        load_graph(front, value, &model->graphs[model->graph_count]);
        model->graphs[model->graph_count].index = model->graph_count;
        model->graph_count++;
    }
}

/* --- Reactors --- */

static spec_reactor *load_reactor(spec_front *front, const yaml_node *node)
{
    spec_reactor *reactor = front_alloc(front, sizeof *reactor);

    if (reactor == NULL)
        return NULL;
    *reactor = (spec_reactor){.name = node->key, .where = node->key_where};
    front_check_name(front, node->key, node->key_where, "a reactor");
    if (!load_is_map(front, node, "a map, as in {when_any: [quotes]}"))
        return reactor;
    size_t errors = front->log->errors;
    load_keys(front, &spec_reactor_section, node, reactor, &reactor->settings);
    if (reactor->criteria == NULL && errors == front->log->errors)
        diagnostics_error(front->log, node->key_where,
                          "the reactor '%s' needs `when_any:` or `when_all:`", node->key);
    return reactor;
}

void load_reactors(spec_front *front, const yaml_node *node, const yaml_node *graphs)
{
    spec *model = front->spec;
    bool map = node != NULL && load_is_map(front, node, "a map of reactors");
    size_t room = (map ? node->count : 0) + (graphs != NULL ? graphs->count : 0), got;

    model->reactors = front_array(front, room, sizeof *model->reactors, &got);
    for (const yaml_node *value = map ? node->first : NULL; got != 0 && value != NULL;
         value = value->next) {
        spec_reactor *reactor = value->kind != YAML_BAD ? load_reactor(front, value) : NULL;
        if (reactor != NULL)
            model->reactors[model->reactor_count++] = reactor;
    }
}
