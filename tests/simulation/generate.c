/* SPDX-License-Identifier: Apache-2.0 */
/* generate.c - random cases as spec files with their node functions: generate FOLDER COUNT SEED.
 *
 * Writes sim0.weir.yaml, sim0.nodes.c ..., and seeds.inc with the seed that each was made of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/random_case.h"

static random_case made;
static unsigned number; /* of the module */

static bool is_kind(const rig_accumulator *a, const char *kind)
{
    return a->kind != NULL && strcmp(a->kind, kind) == 0;
}

static const rig_accumulator *accumulator_of(const char *name)
{
    for (unsigned i = 0; i < made.accumulators; i++)
        if (strcmp(made.spec.accumulators[i].name, name) == 0)
            return &made.spec.accumulators[i];
    return NULL; /* a source that stands for itself */
}

static bool is_window(const char *name)
{
    const rig_accumulator *a = accumulator_of(name);

    return a != NULL && (is_kind(a, "state") || is_kind(a, "batch"));
}

/* "capacity=4 wait=5s" as "capacity: 4, wait: 5s", with `before` in front of them. */
static void put_settings(FILE *file, const char *settings, const char *before)
{
    char copy[256], *rest = NULL;

    snprintf(copy, sizeof copy, "%s", settings != NULL ? settings : "");
    for (char *one = strtok_r(copy, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(one, '=');
        fprintf(file, "%s%.*s: %s", before, (int)(equals - one), one, equals + 1);
        before = ", ";
    }
}

/* --- The rooms --- */

static void put_accumulator(FILE *file, const rig_accumulator *a)
{
    static const char where[] = "event.id % 10 != 3";
    bool polls = is_kind(a, "polling"), stream = is_kind(a, "stream");

    fprintf(file, "  %s: {kind: %s", a->name, a->kind != NULL ? a->kind : "passthrough");
    if (a->source != NULL)
        fprintf(file, ", source: %s", a->source);
    else if (polls)
        fprintf(file, ", out: Item, call: sim%u_poll", number);
    else
        fprintf(file, ", type: Item");
    if (stream)
        fprintf(file,
                ", out: Item, state: {sum: i64}, update: {sum: (state.sum + event.id) %% %d}"
                ", where: %s, set: {id: state.sum, key: event.key, time: 0}",
                RIG_SUMS, where);
    if (a->keyed)
        fprintf(file, ", key: key");
    if (a->where)
        fprintf(file, ", where: %s", where);
    put_settings(file, a->settings, ", ");
    fprintf(file, "}\n");
}

/* all(a,any(b,c)) as `when_all: [a, {when_any: [b, c]}]`. */
static void put_criteria(FILE *file, const char *text)
{
    bool named = text[strcspn(text, "(,)")] == '(';

    if (!named)
        fprintf(file, "when_any: [%s]", text);
    for (bool first = true; named && *text != '\0'; first = false) {
        size_t size = strcspn(text, "(,)");
        if (text[size] == '(')
            fprintf(file, "%swhen_%.*s: [", first ? "" : "{", (int)size, text);
        else
            fprintf(file, "%.*s", (int)size, text);
        for (text += size + (text[size] == '('); *text == ')'; text++)
            fprintf(file, text[1] != '\0' ? "]}" : "]");
        if (*text == ',')
            text += fprintf(file, ", ") - 1;
    }
}

/* The first item of each input that is there must be none that is left out. */
static void put_where(FILE *file, const rig_reactor *r)
{
    char inputs[256], *rest = NULL;
    const char *and = "";

    fprintf(file, ", where: \"");
    snprintf(inputs, sizeof inputs, "%s", r->inputs);
    for (char *name = strtok_r(inputs, " ", &rest); name != NULL;
         name = strtok_r(NULL, " ", &rest)) {
        bool optional = strchr(name, '?') != NULL;
        name[strcspn(name, "?")] = '\0';
        fprintf(file, "%s(", and);
        if (optional)
            fprintf(file, "!has(%s) || ", name);
        fprintf(file, "%s%s.id %% 10 != 3)", name, is_window(name) ? "[0]" : "");
        and = " && ";
    }
    fprintf(file, "\"");
}

static void put_reactor(FILE *file, const rig_reactor *r)
{
    fprintf(file, "  %s: {", r->name);
    put_criteria(file, r->criteria);
    fprintf(file, ", strategy: %s", r->strategy == WEIR_LATEST ? "latest" : "sequential");
    put_settings(file, r->settings, ", ");
    if (r->where)
        put_where(file, r);
    fprintf(file, "}\n");
}

static void put_list(FILE *file, const char *words, const char *mark)
{
    char copy[256], *rest = NULL;
    const char *comma = "";

    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        bool marked = strchr(word, '?') != NULL;
        fprintf(file, "%s%s%.*s", comma, marked ? mark : "", (int)strcspn(word, "?"), word);
        comma = ", ";
    }
}

static void put_graph(FILE *file, const rig_reactor *r, unsigned graph, const char *options)
{
    fprintf(file, "  %s_%u:\n    trigger: %s\n", r->name, graph, r->name);
    if (strncmp(options, "on_error=", 9) == 0) {
        const char *tries = options + strcspn(options, " ");
        fprintf(file, "    on_error: {retry: {");
        put_settings(file, tries + 1, "");
        fprintf(file, "}}\n");
    }
    fprintf(file, "    nodes:\n      node: {in: [");
    put_list(file, r->inputs, "optional ");
    fprintf(file, "], state: {sum: i64}, ");
    if (graph != 0) {
        fprintf(file, "routes: {done: none}}\n");
        return;
    }
    fprintf(file, "out: Item, to: [");
    put_list(file, r->to, "");
    fprintf(file, "]}\n");
}

static void for_each_graph(FILE *file, void (*put)(FILE *file, const rig_reactor *r, unsigned graph,
                                                   const char *options))
{
    for (unsigned i = 0; i < made.reactors; i++) {
        const rig_reactor *r = &made.spec.reactors[i];
        char options[256];
        const char *bar = strchr(r->graphs, '|');
        snprintf(options, sizeof options, "%.*s", (int)strcspn(r->graphs, "|"), r->graphs);
        put(file, r, 0, options);
        if (bar != NULL)
            put(file, r, 1, bar + 1);
    }
}

static void put_spec(FILE *file)
{
    fprintf(file, "module: sim%u\nmax_rounds: 3\ndead_letters: dead\n", number);
    fprintf(file, "types:\n  Item: {id: i64, key: i64, time: i64}\nsources:\n");
    for (unsigned i = 0; i < made.sources; i++) {
        fprintf(file, "  %s: {kind: channel, type: Item", made.spec.sources[i].name);
        put_settings(file, made.spec.sources[i].settings, ", ");
        fprintf(file, "}\n");
    }
    fprintf(file, "accumulators:\n");
    for (unsigned i = 0; i < made.accumulators; i++)
        if (made.spec.accumulators[i].source == NULL ||
            strcmp(made.spec.accumulators[i].source, made.spec.accumulators[i].name) != 0)
            put_accumulator(file, &made.spec.accumulators[i]);
    fprintf(file, "reactors:\n");
    for (unsigned i = 0; i < made.reactors; i++)
        put_reactor(file, &made.spec.reactors[i]);
    fprintf(file, "graphs:\n");
    for_each_graph(file, put_graph);
    fprintf(file, "sinks:\n  dead: {kind: callback}\n  out: {kind: callback, type: Item}\n");
}

/* --- The node functions --- */

static void put_node(FILE *file, const rig_reactor *r, unsigned graph, const char *options)
{
    char inputs[256], list[512] = "", *rest = NULL;
    unsigned index = (unsigned)(r - made.spec.reactors);

    (void)options;
    fprintf(file, "weir_status sim%u_%s_%u_node(weir_firing *firing", number, r->name, graph);
    snprintf(inputs, sizeof inputs, "%s", r->inputs);
    for (char *name = strtok_r(inputs, " ?", &rest); name != NULL;
         name = strtok_r(NULL, " ?", &rest)) {
        size_t size = strlen(list);
        fprintf(file, ", const sim%u_item *%s", number, name);
        if (is_window(name))
            fprintf(file, ", size_t %s_count", name);
        snprintf(list + size, sizeof list - size,
                 is_window(name) ? "%s != NULL ? &(weir_window){%s, %s_count} : NULL, " : "%s, ",
                 name, name, name);
    }
    fprintf(file, ", sim%u_%s_%u_node_state *state, sim%u_%s%s *out)\n{\n", number, r->name, graph,
            number, graph == 0 ? "item" : r->name, graph == 0 ? "" : "_1_node_out");
    fprintf(file, "    const void *inputs[] = {%s};\n    rig_item item;\n", list);
    fprintf(file,
            "    weir_status status = rig_node(firing, %u, %u, inputs, &state->sum, &item);\n",
            index, graph);
    if (graph == 0)
        fprintf(file, "    *out = (sim%u_item){item.id, item.key, item.time};\n", number);
    else
        fprintf(file, "    out->route = SIM%u_%c_1_NODE_DONE;\n", number, r->name[0] - 'a' + 'A');
    fprintf(file, "    return status;\n}\n\n");
}

static void put_nodes(FILE *file)
{
    fprintf(file, "#include \"sim%u.weir.h\"\n#include \"tests/pipeline/rig_spec.h\"\n\n", number);
    if (accumulator_of("p") != NULL)
        fprintf(file,
                "weir_status sim%u_poll(weir_firing *firing, sim%u_item *out)\n{\n"
                "    return rig_poll(firing, out);\n}\n\n",
                number, number);
    for_each_graph(file, put_node);
}

/* --- Files --- */

static void write_file(const char *folder, const char *ending, void (*put)(FILE *file))
{
    char path[4096];

    snprintf(path, sizeof path, "%s/sim%u.%s", folder, number, ending);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    put(file);
    if (fclose(file) != 0)
        exit(1);
}

int main(int argc, char **argv)
{
    char path[4096];

    if (argc != 4)
        return 2;
    unsigned count = (unsigned)atoi(argv[2]);
    uint64_t seed = strtoull(argv[3], NULL, 10);
    snprintf(path, sizeof path, "%s/seeds.inc", argv[1]);
    FILE *seeds = fopen(path, "w");
    if (seeds == NULL)
        return 1;
    for (; number < count; seed++) {
        if (!random_make_generated(&made, seed))
            continue;
        write_file(argv[1], "weir.yaml", put_spec);
        write_file(argv[1], "nodes.c", put_nodes);
        fprintf(seeds, "MODULE(%u, %lluu)\n", number++, (unsigned long long)seed);
    }
    return fclose(seeds) != 0;
}
