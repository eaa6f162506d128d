/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - --kinds LIB.so: sources, accumulators and sinks that a user brings along. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/buffer.h"

/* What the process was told, once; the library stays loaded to its end. */
static struct {
    const weir_kinds *kinds;
    weir_catalog catalog;
} user;

/* The heads of weir's own kinds, and behind them those of the user's. A kind begins with its head.
 */
static bool add_heads(weir_kind_list *list, const void *const *kinds, size_t count)
{
    size_t own = list->count;
    const weir_kind **heads = weir_alloc_array(own + count, sizeof(const weir_kind *));

    if (heads == NULL)
        return false;
    memcpy(heads, list->items, own * sizeof *heads);
    for (size_t i = 0; i < count; i++)
        heads[own + i] = kinds[i];
    *list = (weir_kind_list){heads, own + count};
    return true;
}

static int load(const char *path)
{
    weir_buffer full = {0};

    weir_buffer_printf(&full, "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    void *object = full.failed ? NULL : dlopen(full.data, RTLD_NOW | RTLD_LOCAL);
    weir_buffer_free(&full);
    if (object == NULL) {
        const char *reason = dlerror();
        cli_complain("cannot load the kinds of '%s': %s", path,
                     reason != NULL ? reason : "out of memory");
        return CLI_ENVIRONMENT;
    }
    const weir_kinds *kinds = dlsym(object, WEIR_USER_KINDS);
    if (kinds == NULL || kinds->generation != WEIR_GENERATION) {
        cli_complain(kinds == NULL
                         ? "'%s' exports no " WEIR_USER_KINDS
                         : "'%s' was built for another generation of weir: build it again",
                     path);
        return CLI_USAGE;
    }
    const void *const *sources = (const void *const *)kinds->sources;
    const void *const *accumulators = (const void *const *)kinds->accumulators;
    const void *const *sinks = (const void *const *)kinds->sinks;
    user.catalog = *weir_builtin_catalog();
    if (!add_heads(&user.catalog.sources, sources, kinds->source_count) ||
        !add_heads(&user.catalog.accumulators, accumulators, kinds->accumulator_count) ||
        !add_heads(&user.catalog.sinks, sinks, kinds->sink_count)) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    user.kinds = kinds;
    return CLI_DONE;
}

int cli_load_kinds(const cli_arguments *arguments)
{
    const char *path = cli_value(arguments, "--kinds");

    return path != NULL ? load(path) : CLI_DONE;
}

const weir_kinds *cli_kinds(void)
{
    return user.kinds;
}

const weir_catalog *cli_catalog(void)
{
    return user.kinds != NULL ? &user.catalog : weir_builtin_catalog();
}
