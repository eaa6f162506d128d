/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - the kinds that the command knows: weir's own, those of libweir-workflow and
 * libweir-kafka, and by --kinds LIB.so those that a user brings along.
 *
 * Kafka's options are always known, so that a spec can be checked and generated anywhere; the
 * library itself is loaded when a module names the kind.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/buffer.h"
#include "kafka/options.h"
#include "workflow/schedule.h"
#include <weir/workflow.h>

static const weir_kind kafka_source = KAFKA_SOURCE_HEAD, kafka_sink = KAFKA_SINK_HEAD;

/* Kinds begin with their heads, so a list of kinds is a list of heads. */
typedef struct kind_lists {
    weir_kind_list sources, accumulators, sinks;
} kind_lists;

/* Libraries stay loaded to the end of the process. */
static struct {
    kind_lists own; /* the workflow's, the user's, and kafka's once loaded */
    weir_kinds kinds;
    weir_catalog catalog;
    bool workflow, kafka;
} known;

/* The kinds of `list` and `count` more. NULL: out of memory. */
static const weir_kind **join(const weir_kind_list *list, const void *kinds, size_t count)
{
    const weir_kind **heads = weir_alloc_array(list->count + count, sizeof(const weir_kind *));

    if (heads != NULL && list->count != 0)
        memcpy(heads, list->items, list->count * sizeof *heads);
    if (heads != NULL && count != 0)
        memcpy(heads + list->count, kinds, count * sizeof *heads);
    return heads;
}

/* `list` is empty, or was made here. */
static bool add(weir_kind_list *list, const void *kinds, size_t count)
{
    const weir_kind **heads = join(list, kinds, count);

    if (heads == NULL)
        return false;
    weir_free((void *)(uintptr_t)list->items);
    *list = (weir_kind_list){heads, list->count + count};
    return true;
}

static bool add_all(kind_lists *lists, const weir_kinds *kinds)
{
    return add(&lists->sources, kinds->sources, kinds->source_count) &&
           add(&lists->accumulators, kinds->accumulators, kinds->accumulator_count) &&
           add(&lists->sinks, kinds->sinks, kinds->sink_count);
}

/* What the runtime looks in. */
static void publish(void)
{
    const void *sources = known.own.sources.items, *sinks = known.own.sinks.items;
    const void *accumulators = known.own.accumulators.items;

    known.kinds = (weir_kinds){.generation = WEIR_GENERATION,
                               .sources = sources,
                               .source_count = known.own.sources.count,
                               .accumulators = accumulators,
                               .accumulator_count = known.own.accumulators.count,
                               .sinks = sinks,
                               .sink_count = known.own.sinks.count};
}

static int take(const weir_kinds *kinds)
{
    if (!add_all(&known.own, kinds)) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    publish();
    return CLI_DONE;
}

/* --- The user's --- */

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
    return take(kinds);
}

/* `list` is weir's own; kafka's and the user's kinds come behind. */
static bool make_list(weir_kind_list *list, const weir_kind *kafka, const weir_kind_list *own)
{
    weir_kind_list whole = {0};

    bool good = add(&whole, list->items, list->count) &&
                add(&whole, &kafka, kafka != NULL ? 1 : 0) && add(&whole, own->items, own->count);
    if (good)
        *list = whole;
    else
        weir_free((void *)(uintptr_t)whole.items);
    return good;
}

static bool make_catalog(void)
{
    weir_catalog *catalog = &known.catalog;

    *catalog = *weir_builtin_catalog();
    catalog->check_schedule = schedule_check;
    return make_list(&catalog->sources, &kafka_source, &known.own.sources) &&
           make_list(&catalog->accumulators, NULL, &known.own.accumulators) &&
           make_list(&catalog->sinks, &kafka_sink, &known.own.sinks);
}

int cli_load_kinds(const cli_arguments *arguments)
{
    const char *path = cli_value(arguments, "--kinds");
    int code = known.workflow ? CLI_DONE : take(weir_workflow_kinds());

    known.workflow = true;
    if (code == CLI_DONE && path != NULL)
        code = load(path);
    if (code == CLI_DONE && !make_catalog()) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    return code;
}

/* --- Kafka --- */

static bool names_kafka(const weir_module *module)
{
    bool found = false;

    for (uint32_t i = 0; i < module->source_count; i++)
        found = found || strcmp(module->sources[i].kind, "kafka") == 0;
    for (uint32_t i = 0; i < module->sink_count; i++)
        found = found || strcmp(module->sinks[i].kind, "kafka") == 0;
    return found;
}

/* Beside the command, where it is installed or built; else where the system looks. */
static void *open_kafka(void)
{
    static const char *const folders[] = {WEIR_LIBRARY_FOLDER, "../kafka"};
    char self[4096], path[4096 + 128];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

    self[size > 0 ? size : 0] = '\0';
    const char *slash = strrchr(self, '/');
    for (size_t i = 0; slash != NULL && i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%.*s/%s/" WEIR_KAFKA_LIBRARY, (int)(slash - self), self,
                 folders[i]);
        if (access(path, R_OK) == 0)
            return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return dlopen(WEIR_KAFKA_LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

void *cli_kafka_function(const char *name)
{
    void *object = open_kafka();
    void *symbol = object != NULL ? dlsym(object, name) : NULL;

    if (symbol == NULL) {
        const char *reason = dlerror();
        cli_complain("libweir-kafka cannot be loaded: %s",
                     reason != NULL ? reason : "it was built without");
    }
    return symbol;
}

/* Where it is missing the runtime says that there is no such kind, if it comes to that. */
int cli_load_needed(const cli_arguments *arguments, const weir_module *module)
{
    if (known.kafka || !names_kafka(module))
        return CLI_DONE;
    known.kafka = true;
    void *object = open_kafka();
    void *symbol = object != NULL ? dlsym(object, "weir_kafka_kinds") : NULL;
    if (symbol == NULL) {
        const char *reason = dlerror();
        cli_tell(arguments, "the kind kafka cannot be loaded: %s",
                 reason != NULL ? reason : "it was built without");
        return CLI_DONE;
    }
    const weir_kinds *(*kinds)(void);
    memcpy(&kinds, &symbol, sizeof kinds);
    return take(kinds());
}

const weir_kinds *cli_kinds(void)
{
    return &known.kinds;
}

const weir_catalog *cli_catalog(void)
{
    return &known.catalog;
}
