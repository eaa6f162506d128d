/* SPDX-License-Identifier: Apache-2.0 */
/* codegen.c - how long `weir gen` and the compiler take for 10, 100 and 1,000 nodes.
 *
 * codegen.c COMMAND INCLUDE: the command, and the folder of the public headers. A chain of nodes,
 * each with an expression, in one graph. Generating is measured against 100 ms; compiling 1,000
 * nodes against compiling 100, fifteen times of which is the aim.
 */
#include "bench/harness.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AIM_MS = 100, COMPILES = 15 };

static char folder[] = "/tmp/weir-codegen-XXXXXX";

static void write_spec(const char *path, int nodes)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        bench_die("cannot write '%s'", path);
    fprintf(file,
            "module: nodes%d\n"
            "types:\n  Price: {value: f64, count: i64}\n"
            "sources:\n  prices: {kind: channel, type: Price}\n"
            "graphs:\n  chain:\n    when_any: [prices]\n    nodes:\n",
            nodes);
    for (int i = 1; i <= nodes; i++) {
        char input[32] = "prices";
        if (i > 1)
            snprintf(input, sizeof input, "n%d", i - 1);
        fprintf(file,
                "      n%d: {in: %s, out: Price, set: {value: %s.value * 0.5 + %d.0, count: "
                "%s.count}%s}\n",
                i, input, input, i, input, i == nodes ? ", to: results" : "");
    }
    fprintf(file, "sinks:\n  results: {kind: callback, type: Price}\n");
    fclose(file);
}

/* Milliseconds of a program, which must succeed. */
static double run_program(char *const *arguments)
{
    int64_t began = bench_now_ns();
    pid_t child;
    int status;

    if (posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        bench_die("'%s' failed", arguments[0]);
    return (double)(bench_now_ns() - began) / 1e6;
}

typedef struct sized {
    int nodes;
    char spec[64], source[64], object[64], include[512];
} sized;

static double generate(const sized *size, char *command)
{
    char *const arguments[] = {command,
                               (char[]){"gen"},
                               (char[]){"--quiet"},
                               (char[]){"-o"},
                               folder,
                               (char *)(uintptr_t)size->spec,
                               NULL};

    return run_program(arguments);
}

static double compile(const sized *size)
{
    char *const arguments[] = {(char[]){"cc"},
                               (char[]){"-O2"},
                               (char[]){"-c"},
                               (char *)(uintptr_t)size->include,
                               (char[]){"-o"},
                               (char *)(uintptr_t)size->object,
                               (char *)(uintptr_t)size->source,
                               NULL};

    return run_program(arguments);
}

static void prepare(sized *size, int nodes, char *command, const char *include)
{
    size->nodes = nodes;
    snprintf(size->spec, sizeof size->spec, "%s/nodes%d.weir.yaml", folder, nodes);
    snprintf(size->source, sizeof size->source, "%s/nodes%d.weir.c", folder, nodes);
    snprintf(size->object, sizeof size->object, "%s/nodes%d.o", folder, nodes);
    snprintf(size->include, sizeof size->include, "-I%s", include);
    write_spec(size->spec, nodes);
    generate(size, command);
}

static void measure_generate(const sized *size, char *command)
{
    double times[BENCH_ROUNDS], ours;
    char name[32];

    for (int i = 0; i < BENCH_ROUNDS; i++)
        times[i] = generate(size, command);
    ours = bench_median(times, BENCH_ROUNDS);
    snprintf(name, sizeof name, "generate_%d", size->nodes);
    bench_print(&(bench_case){.bench = "codegen", .name = name, .unit = "ms"}, ours, AIM_MS,
                ours / AIM_MS, BENCH_ROUNDS);
}

/* The larger against the smaller, in turn. */
static void measure_compile(const sized *small, const sized *large)
{
    double ours[COMPILES], reference[COMPILES], ratios[COMPILES];
    char name[32];

    for (int i = 0; i < COMPILES; i++) {
        ours[i] = compile(large);
        reference[i] = compile(small);
        ratios[i] = ours[i] / reference[i];
    }
    snprintf(name, sizeof name, "compile_%d_to_%d", large->nodes, small->nodes);
    bench_print(&(bench_case){.bench = "codegen", .name = name, .unit = "ms"},
                bench_median(ours, COMPILES), bench_median(reference, COMPILES),
                bench_median(ratios, COMPILES), COMPILES);
}

static void remove_folder(void)
{
    char *const arguments[] = {(char[]){"rm"}, (char[]){"-r"}, folder, NULL};

    run_program(arguments);
}

int main(int count, char **arguments)
{
    static const int nodes[] = {10, 100, 1000};
    sized sizes[3];

    if (count != 3)
        bench_die("codegen COMMAND INCLUDE");
    if (mkdtemp(folder) == NULL)
        bench_die("cannot make a folder in /tmp");
    for (int i = 0; i < 3; i++)
        prepare(&sizes[i], nodes[i], arguments[1], arguments[2]);
    for (int i = 0; i < 3; i++)
        measure_generate(&sizes[i], arguments[1]);
    measure_compile(&sizes[0], &sizes[1]);
    measure_compile(&sizes[1], &sizes[2]);
    remove_folder();
    return 0;
}
