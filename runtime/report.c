/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - every counter and every reason of health, as data. */
#include <string.h>

#include "runtime/runtime.h"
#include "sources/channel.h"

static bool make_room(const weir_runtime *runtime, weir_report *report)
{
    size_t sources = 0, partitions = 0, accumulators = 0, reactors = 0, graphs = 0, sinks = 0;

    for (const weir_program *program = runtime->programs; program != NULL;
         program = program->next) {
        sources += program->module->source_count;
        for (uint32_t i = 0; i < program->module->source_count; i++)
            partitions += program->sources[i].source.origin.partition_count;
        accumulators += program->module->accumulator_count;
        reactors += program->module->reactor_count;
        graphs += program->module->graph_count;
        sinks += program->module->sink_count;
    }
    report->sources = weir_alloc_array(sources, sizeof *report->sources);
    report->partitions = weir_alloc_array(partitions, sizeof *report->partitions);
    report->accumulators = weir_alloc_array(accumulators, sizeof *report->accumulators);
    report->reactors = weir_alloc_array(reactors, sizeof *report->reactors);
    report->graphs = weir_alloc_array(graphs, sizeof *report->graphs);
    report->sinks = weir_alloc_array(sinks, sizeof *report->sinks);
    return report->sources != NULL && report->partitions != NULL && report->accumulators != NULL &&
           report->reactors != NULL && report->graphs != NULL && report->sinks != NULL;
}

static void report_partitions(const weir_program *program, const weir_source *source,
                              weir_report *report)
{
    for (uint32_t i = 0; i < source->origin.partition_count; i++) {
        const weir_partition *partition = &source->origin.partitions[i];
        if (!partition->vacant)
            report->partitions[report->partition_count++] =
                (weir_partition_report){.module = program->module->name,
                                        .source = source->module->name,
                                        .partition = partition->number,
                                        .next = partition->next,
                                        .done = partition->committed};
    }
}

static void report_sources(const weir_program *program, weir_report *report)
{
    for (uint32_t i = 0; i < program->module->source_count; i++) {
        weir_source_work *work = &program->sources[i];
        weir_source_report *to = &report->sources[report->source_count++];
        if (work->source.kind == &weir_channel)
            weir_channel_count(&work->source);
        *to = (weir_source_report){
            .module = program->module->name,
            .name = work->source.module->name,
            .health = work->source.health,
            .ledger = work->source.origin.ledger,
            .waiting = weir_ledger_waiting(&work->source.origin.ledger),
            .held = work->stalled,
            .undecodable = work->undecodable,
            .last_event = work->last_event,
            .bytes = work->source.bytes,
            .in_flight = work->source.origin.in_flight,
            .max_in_flight = work->source.origin.limit,
            .gauges = work->last_gauges,
        };
        if (work->source.kind->measure != NULL && work->source.state != NULL)
            work->source.kind->measure(&work->source, &to->gauges);
        report_partitions(program, &work->source, report);
    }
}

static void report_accumulators(const weir_program *program, weir_report *report)
{
    for (uint32_t i = 0; i < program->module->accumulator_count; i++) {
        const weir_accumulator_work *work = &program->accumulators[i];
        report->accumulators[report->accumulator_count++] = (weir_accumulator_report){
            .module = program->module->name,
            .name = work->accumulator.module->name,
            .events = work->events,
            .boundaries = work->boundaries,
            .filtered = work->filtered,
            .failed = work->failed,
            .ledger = work->accumulator.origin.ledger,
        };
    }
}

static const char *name_of_first(const weir_reactor *reactor, uint64_t inputs)
{
    return inputs != 0 ? reactor->inputs[__builtin_ctzll(inputs)].name : NULL;
}

static uint32_t health_of(const weir_reactor *reactor, uint64_t missing)
{
    uint32_t health = 0;
    int64_t age = reactor->host->now(reactor) - reactor->started;

    if ((reactor->blocked & WEIR_BLOCKED_PAUSED) != 0)
        health |= WEIR_REACTOR_PAUSED;
    if ((reactor->blocked & (WEIR_BLOCKED_RETRY | WEIR_BLOCKED_SINK)) != 0)
        health |= WEIR_REACTOR_HELD;
    if ((reactor->blocked & WEIR_BLOCKED_HALTED) != 0)
        health |= WEIR_REACTOR_HALTED;
    if (missing != 0)
        health |= WEIR_REACTOR_WARMING;
    if (missing != 0 && age > reactor->config.warming)
        health |= WEIR_REACTOR_DEGRADED;
    return health;
}

/* The inputs of which no boundary ever came, under any key. */
static uint64_t never_came(const weir_reactor *reactor)
{
    return ~(reactor->ever_offered | reactor->ever_present | reactor->shared_present);
}

static weir_failure_report failure_of(const weir_reactor *reactor)
{
    const weir_module_graph *graph = reactor->failed_graph;
    uint32_t node = reactor->newest_failure.node;
    weir_failure_report report = {.time = reactor->failed_at, .firing = reactor->failed_firing};

    if (graph != NULL) {
        report.graph = graph->name;
        report.node = node < graph->node_count ? graph->nodes[node].name : NULL;
    }
    memcpy(report.message, reactor->newest_failure.message, sizeof report.message);
    return report;
}

static void report_reactors(const weir_program *program, weir_report *report)
{
    for (uint32_t i = 0; i < program->module->reactor_count; i++) {
        const weir_reactor *reactor = &program->reactors[i];
        uint64_t never = never_came(reactor), missing = reactor->required_mask & never;
        weir_reactor_report *to = &report->reactors[report->reactor_count++];
        *to = (weir_reactor_report){.module = program->module->name,
                                    .name = reactor->module->name,
                                    .metrics = reactor->metrics,
                                    .missing = name_of_first(reactor, missing),
                                    .criteria_missing =
                                        name_of_first(reactor, reactor->criteria_mask & never),
                                    .awaited = weir_sink_awaited(program, reactor)};
        to->failure = failure_of(reactor);
        to->metrics.fired = reactor->firing.number - 1;
        to->metrics.keys = reactor->keys.count;
        to->metrics.health = health_of(reactor, missing);
        to->metrics.missing = missing;
        for (uint32_t g = 0; g < reactor->module->graph_count; g++)
            report->graphs[report->graph_count++] = (weir_graph_report){
                .module = program->module->name,
                .name = reactor->graphs[g].module->name,
                .graph = reactor->graphs[g].module,
                .runs = to->metrics.fired + reactor->graphs[g].reruns,
                .failures = reactor->graphs[g].failures,
                .counts = reactor->frames[g].counts,
            };
    }
}

static weir_source_health health_of_sink(const weir_runtime *runtime, const weir_sink_work *work)
{
    if (runtime->ended)
        return WEIR_SOURCE_ENDED;
    if (!work->started)
        return WEIR_SOURCE_STARTING;
    return work->failing ? WEIR_SOURCE_DISCONNECTED : WEIR_SOURCE_LIVE;
}

const char *weir_source_health_text(weir_source_health health)
{
    static const char *const texts[] = {"starting", "connecting", "live", "disconnected", "ended"};

    return health <= WEIR_SOURCE_ENDED ? texts[health] : "unknown";
}

static void report_sinks(const weir_program *program, weir_report *report)
{
    for (uint32_t i = 0; i < program->module->sink_count; i++) {
        const weir_sink_work *work = &program->sinks[i];
        report->sinks[report->sink_count] = (weir_sink_report){
            .module = program->module->name,
            .name = work->sink.module->name,
            .health = health_of_sink(program->runtime, work),
            .metrics = work->sink.metrics,
            .trouble = work->stuck || work->failing ? work->reason : NULL,
        };
        report->sinks[report->sink_count++].metrics.pending = weir_sink_owed(work);
    }
}

weir_status weir_runtime_metrics(weir_runtime *runtime, weir_report **ret, weir_error **error)
{
    weir_status status = weir_runtime_check_thread(runtime, error);
    if (status != WEIR_OK)
        return status;
    weir_report *report = weir_alloc(sizeof *report);
    if (report == NULL || !make_room(runtime, report)) {
        weir_report_free(report);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    report->turns = runtime->turns;
    report->dead_letters = runtime->dead_letters;
    for (const weir_program *program = runtime->programs; program != NULL;
         program = program->next) {
        report_sources(program, report);
        report_accumulators(program, report);
        report_reactors(program, report);
        report_sinks(program, report);
    }
    *ret = report;
    return WEIR_OK;
}

void weir_report_free(weir_report *report)
{
    if (report == NULL)
        return;
    weir_free(report->sources);
    weir_free(report->partitions);
    weir_free(report->accumulators);
    weir_free(report->reactors);
    weir_free(report->graphs);
    weir_free(report->sinks);
    weir_free(report);
}

uint64_t weir_graph_report_runs(const weir_graph_report *report, uint32_t node)
{
    const weir_module_node *module = &report->graph->nodes[node];

    if (module->counter != WEIR_NONE)
        return report->counts[module->counter];
    if (module->after == WEIR_NONE)
        return report->runs;
    return weir_graph_report_runs(report, module->after) - report->counts[module->after];
}
