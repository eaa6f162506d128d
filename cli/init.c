/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - weir init: a project that builds, runs and passes its test at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "core/buffer.h"

/* In the files @ stands for the project's name. */
static const char spec[] =
    "# What @ does. 'weir check' says what is wrong with it, 'weir test' runs its tests.\n"
    "module: @\n"
    "params:\n"
    "  limit: {type: f64, default: 0.3, doc: A wider spread is reported.}\n"
    "types:\n"
    "  Quote: {symbol: string(8), bid: f64, ask: f64}\n"
    "  Spread: {symbol: string(8), spread: f64, wide: bool}\n"
    "sources:\n"
    "  quotes: {kind: file, type: Quote, path: quotes.csv}\n"
    "graphs:\n"
    "  watch:\n"
    "    when_any: [quotes]\n"
    "    nodes:\n"
    "      measure: {in: quotes, out: Spread, set: {symbol: quotes.symbol, spread: quotes.ask - "
    "quotes.bid, wide: false}}\n"
    "      judge: {in: measure, out: Spread, to: spreads, doc: Says whether the spread is wide.}\n"
    "sinks:\n"
    "  spreads: {kind: stdout, type: Spread, format: json}\n"
    "tests:\n"
    "  a_wide_spread_is_told:\n"
    "    - send: {quotes: {symbol: ABC, bid: 9, ask: 10}}\n"
    "    - expect: {spreads: [{symbol: ABC, spread: 1, wide: true}]}\n"
    "    - send: {quotes: {symbol: ABC, bid: 9.75, ask: 10}}\n"
    "    - expect: {spreads: [{spread: 0.25, wide: false}]}\n";

static const char nodes[] =
    "/* The node functions of @.weir.yaml. */\n"
    "#include \"@.weir.h\"\n\n"
    "weir_status @_watch_judge(weir_firing *firing, const @_spread *measure, @_spread *out)\n"
    "{\n"
    "    const @_params *params = firing->params;\n\n"
    "    *out = *measure;\n"
    "    out->wide = measure->spread > params->limit;\n"
    "    return WEIR_OK;\n"
    "}\n";

static const char quotes[] = "symbol,bid,ask\nABC,99.5,100.5\nXYZ,20.25,20.5\n";

static const char readme[] = "# @\n\n"
                             "```sh\n"
                             "weir run @.weir.yaml nodes.c     # reads quotes.csv, prints spreads\n"
                             "weir test @.weir.yaml nodes.c    # runs the tests in the spec\n"
                             "weir graph @.weir.yaml -o @.svg\n"
                             "```\n";

static const char cmake[] = "cmake_minimum_required(VERSION 3.25)\n"
                            "project(@ LANGUAGES C)\n"
                            "find_package(weir REQUIRED)\n"
                            "weir_add_module(@ SPEC @.weir.yaml SOURCES nodes.c)\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"@.weir.yaml", spec}, {"nodes.c", nodes},        {"quotes.csv", quotes},
    {"README.md", readme}, {"CMakeLists.txt", cmake},
};

static void fill_in(const char *text, const char *name, weir_buffer *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '@')
            weir_buffer_text(out, name);
        else
            weir_buffer_append(out, text, 1);
    }
}

static weir_status write_one(const char *folder, const char *name, size_t index, weir_error **error)
{
    weir_buffer path = {0}, text = {0};
    bool changed;

    weir_buffer_printf(&path, "%s/", folder);
    fill_in(files[index].name, name, &path);
    fill_in(files[index].text, name, &text);
    weir_status status = path.failed || text.failed
                             ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                             : cli_write_file(path.data, text.data, text.size, &changed, error);
    weir_buffer_free(&path);
    weir_buffer_free(&text);
    return status;
}

/* A module's name: a small letter, then letters, digits and '_'. */
static bool is_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(name) &&
           name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= 40;
}

static int run(const cli_arguments *arguments)
{
    const char *folder = arguments->operands[0], *slash = strrchr(folder, '/');
    const char *name = slash != NULL ? slash + 1 : folder;
    weir_error *error = NULL;

    if (!is_name(name)) {
        cli_complain("'%s' cannot name a module: it begins with a small letter and has small "
                     "letters, digits and '_'",
                     name);
        return CLI_USAGE;
    }
    if (mkdir(folder, 0777) != 0) {
        int why = errno;
        cli_complain("cannot make the folder '%s': %s", folder, strerror(why));
        return why == EEXIST ? CLI_USAGE : CLI_ENVIRONMENT;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (write_one(folder, name, i, &error) != WEIR_OK)
            return cli_report_error(error);
    cli_tell(arguments, "made %s; now: cd %s && weir run %s.weir.yaml nodes.c\n", folder, folder,
             name);
    return CLI_DONE;
}

const cli_verb cli_init = {
    .name = "init",
    .summary = "Makes a project that builds, runs and passes its test at once.",
    .operands = "NAME",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
