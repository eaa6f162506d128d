/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - what became of everything, at the end of a run. */
#include <stdio.h>
#include <string.h>

#include "cli/metric_table.h"
#include "cli/run.h"

/* --- For people --- */

static double per_second(uint64_t count, int64_t elapsed_ns)
{
    return (double)count * 1e9 / (double)(elapsed_ns > 0 ? elapsed_ns : 1);
}

/* Of the first partitions, below where all is done, and behind it where reading is. */
static void print_positions(const weir_report *report, const weir_source_report *source)
{
    enum { MOST = 16 };
    size_t count = 0;

    for (size_t i = 0; i < report->partition_count; i++) {
        const weir_partition_report *partition = &report->partitions[i];
        if (strcmp(partition->module, source->module) != 0 ||
            strcmp(partition->source, source->name) != 0 || ++count > MOST)
            continue;
        fprintf(stderr, "%s %d: %lld", count == 1 ? "  done below" : ",", (int)partition->partition,
                (long long)partition->done);
        if (partition->next != partition->done)
            fprintf(stderr, " of %lld", (long long)partition->next);
    }
    if (count > MOST)
        fprintf(stderr, " and %zu more", count - MOST);
    if (count != 0)
        fputc('\n', stderr);
}

/* Of a source that reads partitions of a log. A cluster tells of its brokers only after a while. */
static void print_log(const weir_report *report, const weir_source_report *source,
                      int64_t elapsed_ns)
{
    const weir_source_gauges *gauges = &source->gauges;

    if (gauges->partitions == 0 && gauges->rebalances == 0)
        return;
    fprintf(stderr, "  %llu partitions, lag %llu", (unsigned long long)gauges->partitions,
            (unsigned long long)gauges->lag);
    if (gauges->catch_up != 0)
        fprintf(stderr, " (%.0f s to catch up)", (double)gauges->catch_up / 1e9);
    fprintf(stderr, ", %.0f/s", per_second(source->ledger.received, elapsed_ns));
    if (gauges->brokers != 0)
        fprintf(stderr, ", %llu of %llu brokers", (unsigned long long)gauges->brokers_up,
                (unsigned long long)gauges->brokers);
    fprintf(stderr, ", %llu rebalances, %llu commits (the newest took %.1f ms), %llu failed\n",
            (unsigned long long)gauges->rebalances, (unsigned long long)gauges->commits,
            (double)gauges->commit_time / 1e6, (unsigned long long)gauges->commit_failures);
    print_positions(report, source);
}

static void print_source(const weir_report *report, const weir_source_report *source,
                         int64_t elapsed_ns)
{
    const weir_ledger *ledger = &source->ledger;

    fprintf(stderr,
            "source %s: %llu received = %llu fired + %llu kept + %llu filtered + %llu collapsed + "
            "%llu dropped + %llu dead + %llu waiting\n",
            source->name, (unsigned long long)ledger->received, (unsigned long long)ledger->fired,
            (unsigned long long)ledger->kept, (unsigned long long)ledger->filtered,
            (unsigned long long)ledger->collapsed, (unsigned long long)ledger->dropped,
            (unsigned long long)ledger->dead, (unsigned long long)source->waiting);
    print_log(report, source, elapsed_ns);
}

/* One that never fired says why. */
static void print_reactor(const weir_reactor_report *reactor)
{
    const weir_reactor_metrics *metrics = &reactor->metrics;

    fprintf(stderr, "reactor %s: %llu firings, %llu filtered, %llu failed\n", reactor->name,
            (unsigned long long)metrics->fired, (unsigned long long)metrics->filtered,
            (unsigned long long)metrics->failed);
    if (metrics->fired != 0)
        return;
    if (reactor->criteria_missing != NULL)
        fprintf(stderr, "  it never fired: '%s' never gave anything\n", reactor->criteria_missing);
    else if (reactor->missing != NULL)
        fprintf(stderr, "  it never fired: its required input '%s' never had a value\n",
                reactor->missing);
    else if (metrics->filtered != 0)
        fprintf(stderr, "  it never fired: its 'where' was never true\n");
    else
        fprintf(stderr, "  it never fired: its criteria were never true\n");
}

static void print_graph(const weir_graph_report *graph)
{
    uint64_t skips = 0;

    for (uint32_t i = 0; i < graph->graph->node_count; i++)
        skips += graph->counts[i];
    fprintf(stderr, "graph %s: %llu runs, %llu skips, %llu failures\n", graph->name,
            (unsigned long long)graph->runs, (unsigned long long)skips,
            (unsigned long long)graph->failures);
}

static void print_rate(const weir_report *report, int64_t elapsed_ns)
{
    uint64_t received = 0;

    for (size_t i = 0; i < report->source_count; i++)
        received += report->sources[i].ledger.received;
    fprintf(stderr, "%llu events in %.3f s, %.0f events/s, %llu dead letters\n",
            (unsigned long long)received, (double)elapsed_ns / 1e9,
            per_second(received, elapsed_ns), (unsigned long long)report->dead_letters);
}

static void print_text(const weir_report *report, int64_t elapsed_ns)
{
    for (size_t i = 0; i < report->source_count; i++)
        print_source(report, &report->sources[i], elapsed_ns);
    for (size_t i = 0; i < report->reactor_count; i++)
        print_reactor(&report->reactors[i]);
    for (size_t i = 0; i < report->graph_count; i++)
        print_graph(&report->graphs[i]);
    print_rate(report, elapsed_ns);
}

/* --- For machines --- */

/* The word of the state that it is in, or a list of the reasons that hold. */
static json_t *states_json(const cli_metric *metric, const void *item)
{
    json_t *reasons = metric->kind == METRIC_REASONS ? json_array() : NULL;
    const char *word;
    bool on;

    for (size_t i = 0; (word = metric_state(metric, item, i, &on)) != NULL; i++) {
        if (on && reasons == NULL)
            return json_string(word);
        if (on)
            json_array_append_new(reasons, json_string(word));
    }
    return reasons;
}

static json_t *item_json(const metric_room *room, const char *const *item)
{
    json_t *json = json_pack("{s:s, s:s}", "module", item[0], "name", item[1]);

    for (size_t m = 0; m < room->metric_count; m++) {
        const cli_metric *metric = &room->metrics[m];
        const char *key = metric->label != NULL ? metric->label : metric->name;
        if (metric->kind >= METRIC_HEALTH)
            json_object_set_new(json, key, states_json(metric, item));
        else
            json_object_set_new(json, key, json_integer((json_int_t)metric_number(metric, item)));
    }
    return json;
}

static void add_nodes(json_t *json, const weir_graph_report *graph)
{
    json_t *nodes = json_object();

    for (uint32_t i = 0; i < graph->graph->node_count; i++)
        json_object_set_new(nodes, graph->graph->nodes[i].name,
                            json_integer((json_int_t)weir_graph_report_runs(graph, i)));
    json_object_set_new(json, "nodes", nodes);
}

static json_t *partitions_json(const weir_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->partition_count; i++) {
        const weir_partition_report *one = &report->partitions[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:i, s:I, s:I}", "module", one->module, "source",
                            one->source, "partition", (int)one->partition, "position",
                            (json_int_t)one->next, "done", (json_int_t)one->done));
    }
    return list;
}

static void print_json(const weir_report *report, int64_t elapsed_ns)
{
    json_t *json =
        json_pack("{s:I, s:I, s:I}", "elapsed_ns", (json_int_t)elapsed_ns, "turns",
                  (json_int_t)report->turns, "dead_letters", (json_int_t)report->dead_letters);

    for (size_t r = 0; r < metric_room_count; r++) {
        json_t *items = json_array();
        char key[32];
        for (size_t i = 0; i < metric_items(&metric_rooms[r], report); i++)
            json_array_append_new(
                items, item_json(&metric_rooms[r], metric_item(&metric_rooms[r], report, i)));
        snprintf(key, sizeof key, "%ss", metric_rooms[r].name);
        json_object_set_new(json, key, items);
    }
    json_object_set_new(json, "partitions", partitions_json(report));
    for (size_t g = 0; g < report->graph_count; g++)
        add_nodes(json_array_get(json_object_get(json, "graphs"), g), &report->graphs[g]);
    cli_print_json(json);
}

void cli_summarise(const cli_arguments *arguments, weir_runtime *runtime, int64_t elapsed_ns)
{
    weir_report *report = NULL;
    bool json = cli_has(arguments, "--json");

    if ((!json && cli_has(arguments, "--quiet")) ||
        weir_runtime_metrics(runtime, &report, NULL) != WEIR_OK)
        return;
    if (report->turns != 0) { /* it did start */
        if (json)
            print_json(report, elapsed_ns);
        else
            print_text(report, elapsed_ns);
    }
    weir_report_free(report);
}
