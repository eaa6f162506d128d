/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c - weir graph: the module as a picture; and the same after a run, coloured by counts. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/run.h"
#include "graph/picture.h"

/* --- Counts of a run --- */

static const weir_graph_report *find_graph(const weir_report *report,
                                           const weir_module_graph *graph)
{
    for (size_t i = 0; i < report->graph_count; i++)
        if (report->graphs[i].graph == graph)
            return &report->graphs[i];
    return NULL;
}

static uint64_t count_node(void *arg, const weir_module_graph *graph, uint32_t node)
{
    const weir_graph_report *found = find_graph(arg, graph);

    return found != NULL ? weir_graph_report_runs(found, node) : UINT64_MAX;
}

static uint64_t count_route(void *arg, const weir_module_graph *graph, uint32_t counter)
{
    const weir_graph_report *found = find_graph(arg, graph);

    return found != NULL ? found->counts[counter] : UINT64_MAX;
}

static uint64_t count_source(void *arg, uint32_t source)
{
    const weir_report *report = arg;

    return report->sources[source].ledger.received;
}

/* --- Files --- */

static weir_status render(const char *dot_path, const char *path, weir_error **error)
{
    char command[] = "dot", format[] = "-Tsvg", dash_o[] = "-o";
    char *words[] = {command, format, dash_o, (char *)(uintptr_t)path, (char *)(uintptr_t)dot_path,
                     NULL};
    pid_t child;
    int state = 0;

    if (posix_spawnp(&child, command, NULL, NULL, words, environ) != 0)
        return weir_error_set(error, WEIR_IO,
                              "there is no 'dot' to draw '%s' with; install graphviz, or ask for a "
                              ".dot file",
                              path);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return WEIR_OK;
    return weir_error_set(error, WEIR_IO, "'dot' could not draw '%s'", path);
}

static weir_status write_svg(const weir_buffer *dot, const char *path, weir_error **error)
{
    weir_buffer temporary = {0};
    bool changed;

    weir_buffer_printf(&temporary, "%s.%ld.dot", path, (long)getpid());
    if (temporary.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = cli_write_file(temporary.data, dot->data, dot->size, &changed, error);
    if (status == WEIR_OK)
        status = render(temporary.data, path, error);
    unlink(temporary.data);
    weir_buffer_free(&temporary);
    return status;
}

weir_status cli_draw(const weir_module *module, weir_report *report, const char *path,
                     weir_error **error)
{
    weir_picture_counts counts = {count_node, count_route, count_source, report};
    weir_buffer dot = {0};
    const char *ending = path != NULL ? strrchr(path, '.') : NULL;
    weir_status status = WEIR_OK;
    bool changed;

    weir_module_dot(module, report != NULL ? &counts : NULL, &dot);
    if (dot.failed)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    else if (path == NULL)
        fputs(dot.data, stdout);
    else if (ending != NULL && strcmp(ending, ".svg") == 0)
        status = write_svg(&dot, path, error);
    else
        status = cli_write_file(path, dot.data, dot.size, &changed, error);
    weir_buffer_free(&dot);
    return status;
}

static int run(const cli_arguments *arguments)
{
    weir_error *error = NULL;
    cli_module module;
    int code = cli_open_module(arguments, false, &module);

    if (code != CLI_DONE)
        return code;
    weir_status status = WEIR_OK;
    if (cli_has(arguments, "--json"))
        cli_print_json(cli_topology(module.module));
    else
        status = cli_draw(module.module, NULL, cli_value(arguments, "--output"), &error);
    cli_close_module(&module);
    return status == WEIR_OK ? CLI_DONE : cli_report_error(error);
}

static const cli_option options[] = {
    {"--output|-o", "FILE",
     "a .svg (drawn by graphviz) or .dot file (default: dot on standard "
     "output)"},
    {"--json", NULL, "prints the topology as one JSON object instead"},
};

const cli_verb cli_graph = {
    .name = "graph",
    .summary = "Draws a spec: sources, accumulators, graphs and sinks.",
    .operands = "SPEC | MODULE.so",
    .details = "'weir run --graph FILE' draws the same after a run, coloured by counts.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
