/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - what a running module counts: as Prometheus text in a file, as lines for people. */
#include "cli/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/metric_table.h"
#include "core/buffer.h"
#include "core/text.h"

/* --- Prometheus text --- */

static void head(weir_buffer *out, const char *room, const cli_metric *metric)
{
    weir_buffer_printf(out, "# HELP weir_%s_%s %s\n# TYPE weir_%s_%s %s\n", room, metric->name,
                       metric->help, room, metric->name,
                       metric->kind == METRIC_COUNTER ? "counter" : "gauge");
}

static void put_line(weir_buffer *out, const char *room, const cli_metric *metric,
                     const char *const *names, const char *label, const char *value,
                     uint64_t number)
{
    weir_buffer_printf(out, "weir_%s_%s{module=\"%s\",%s=\"%s\"", room, metric->name, names[0],
                       room, names[1]);
    if (value != NULL)
        weir_buffer_printf(out, ",%s=\"%s\"", label, value);
    weir_buffer_printf(out, "} %" PRIu64 "\n", number);
}

static void put_states(weir_buffer *out, const char *room, const cli_metric *metric,
                       const char *const *item)
{
    const char *label = metric->kind == METRIC_REASONS ? "reason" : "state", *word;
    bool on;

    for (size_t i = 0; (word = metric_state(metric, item, i, &on)) != NULL; i++)
        put_line(out, room, metric, item, label, word, on);
}

static void put_room(const metric_room *room, const weir_report *report, weir_buffer *out)
{
    const char *newest = "";

    for (size_t m = 0; m < room->metric_count; m++) {
        const cli_metric *metric = &room->metrics[m];
        if (strcmp(newest, metric->name) != 0)
            head(out, room->name, metric);
        newest = metric->name;
        for (size_t i = 0; i < metric_items(room, report); i++) {
            const char *const *item = metric_item(room, report, i);
            if (metric->kind >= METRIC_HEALTH)
                put_states(out, room->name, metric, item);
            else
                put_line(out, room->name, metric, item, METRIC_LABEL, metric->label,
                         metric_number(metric, item));
        }
    }
}

static void put_nodes(const weir_report *report, weir_buffer *out)
{
    weir_buffer_text(out, "# HELP weir_node_runs_total Runs of a node.\n"
                          "# TYPE weir_node_runs_total counter\n");
    for (size_t g = 0; g < report->graph_count; g++) {
        const weir_graph_report *graph = &report->graphs[g];
        for (uint32_t n = 0; n < graph->graph->node_count; n++)
            weir_buffer_printf(
                out, "weir_node_runs_total{module=\"%s\",graph=\"%s\",node=\"%s\"} %" PRIu64 "\n",
                graph->module, graph->name, graph->graph->nodes[n].name,
                weir_graph_report_runs(graph, n));
    }
}

static void put_partition(weir_buffer *out, const char *name,
                          const weir_partition_report *partition, int64_t position)
{
    weir_buffer_printf(
        out, "weir_source_%s{module=\"%s\",source=\"%s\",partition=\"%d\"} %" PRId64 "\n", name,
        partition->module, partition->source, (int)partition->partition, position);
}

static void put_partitions(const weir_report *report, weir_buffer *out)
{
    if (report->partition_count == 0)
        return;
    weir_buffer_text(out,
                     "# HELP weir_source_position Behind the newest event that was handed on.\n"
                     "# TYPE weir_source_position gauge\n");
    for (size_t i = 0; i < report->partition_count; i++)
        put_partition(out, "position", &report->partitions[i], report->partitions[i].next);
    weir_buffer_text(out, "# HELP weir_source_done_position Below it all events are done.\n"
                          "# TYPE weir_source_done_position gauge\n");
    for (size_t i = 0; i < report->partition_count; i++)
        put_partition(out, "done_position", &report->partitions[i], report->partitions[i].done);
}

static void put_all(const weir_report *report, weir_buffer *out)
{
    weir_buffer_printf(out,
                       "# HELP weir_turns_total Turns of the runtime.\n"
                       "# TYPE weir_turns_total counter\nweir_turns_total %" PRIu64 "\n"
                       "# HELP weir_dead_letters_total Dead letters.\n"
                       "# TYPE weir_dead_letters_total counter\nweir_dead_letters_total %" PRIu64
                       "\n",
                       report->turns, report->dead_letters);
    for (size_t r = 0; r < metric_room_count; r++)
        put_room(&metric_rooms[r], report, out);
    put_partitions(report, out);
    put_nodes(report, out);
}

weir_status cli_write_metrics(weir_runtime *runtime, const char *path, weir_error **error)
{
    weir_report *report = NULL;
    weir_buffer out = {0};
    bool changed;
    weir_status status = weir_runtime_metrics(runtime, &report, error);

    if (status != WEIR_OK)
        return status;
    put_all(report, &out);
    weir_report_free(report);
    status = out.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                        : cli_write_file(path, out.data, out.size, &changed, error);
    weir_buffer_free(&out);
    return status;
}

/* --- Lines for people --- */

static void print_source(const weir_source_report *source)
{
    fprintf(stderr,
            "source %s: %s%s, %" PRIu64 " received, %" PRIu64 " bytes, %" PRIu64
            " waiting, %" PRIu64 " dead, %" PRIu64 " dropped, %" PRIu64 "/%" PRIu64 " buffered",
            source->name, weir_source_health_text(source->health), source->held ? ", held" : "",
            source->ledger.received, source->bytes, source->waiting, source->ledger.dead,
            source->ledger.dropped, source->gauges.buffered, source->gauges.buffer_limit);
    if (source->gauges.client_limit != 0)
        fprintf(stderr, ", %" PRIu64 "/%" PRIu64 " clients", source->gauges.clients,
                source->gauges.client_limit);
    if (source->gauges.partitions != 0)
        fprintf(stderr, ", %" PRIu64 "/s, lag %" PRIu64, source->gauges.rate, source->gauges.lag);
    if (source->gauges.catch_up != 0)
        fprintf(stderr, " (%.0f s)", (double)source->gauges.catch_up / 1e9);
    fputc('\n', stderr);
}

static void print_reactor(const weir_reactor_report *reactor)
{
    const char *sink = reactor->awaited;

    fprintf(
        stderr, "reactor %s: %" PRIu64 " firings, %" PRIu64 " filtered, %" PRIu64 " failed%s%s%s\n",
        reactor->name, reactor->metrics.fired, reactor->metrics.filtered, reactor->metrics.failed,
        sink != NULL ? ", held by sink '" : "", sink != NULL ? sink : "", sink != NULL ? "'" : "");
}

static void print_sink(const weir_sink_report *sink)
{
    const weir_sink_metrics *metrics = &sink->metrics;

    fprintf(stderr,
            "sink %s: %s, %" PRIu64 " results, %" PRIu64 " bytes, %" PRIu64 "/%" PRIu64
            " pending%s%s\n",
            sink->name, weir_source_health_text(sink->health), metrics->results, metrics->bytes,
            metrics->pending, metrics->limit, sink->trouble != NULL ? ": " : "",
            sink->trouble != NULL ? sink->trouble : "");
}

static void print_stats(weir_runtime *runtime)
{
    weir_report *report = NULL;

    if (weir_runtime_metrics(runtime, &report, NULL) != WEIR_OK)
        return;
    for (size_t i = 0; i < report->source_count; i++)
        print_source(&report->sources[i]);
    for (size_t i = 0; i < report->reactor_count; i++)
        print_reactor(&report->reactors[i]);
    for (size_t i = 0; i < report->sink_count; i++)
        print_sink(&report->sinks[i]);
    weir_report_free(report);
}

/* --- The beat of a run --- */

weir_status cli_metrics_beat(const cli_arguments *arguments, weir_runtime *runtime,
                             weir_error **error)
{
    const char *path = cli_value(arguments, "--metrics");

    if (cli_has(arguments, "--stats"))
        print_stats(runtime);
    return path != NULL ? cli_write_metrics(runtime, path, error) : WEIR_OK;
}

weir_status cli_metrics_interval(const cli_arguments *arguments, int64_t *ret_ms,
                                 weir_error **error)
{
    const char *text = cli_value(arguments, "--stats");
    int64_t ns = 10000000000;

    if (text != NULL && (!weir_text_duration(text, &ns) || ns < 1000000))
        return weir_error_set(error, WEIR_INVALID,
                              "--stats takes a duration of a millisecond or more, such as 10s, not "
                              "'%s'",
                              text);
    *ret_ms = ns / 1000000;
    return WEIR_OK;
}
