/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - what a running module counts: as Prometheus text in a file, as lines for people. */
#include "cli/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/buffer.h"
#include "core/text.h"

/* --- Prometheus text
 * ------------------------------------------------------------------------------ */

static void head(weir_buffer *out, const char *name, const char *type, const char *help)
{
    weir_buffer_printf(out, "# HELP weir_%s %s\n# TYPE weir_%s %s\n", name, help, name, type);
}

static void put_sources(const weir_report *report, weir_buffer *out)
{
    head(out, "source_events_total", "counter",
         "Events by what became of them; those that wait are a gauge of their own.");
    for (size_t i = 0; i < report->source_count; i++) {
        const weir_source_report *source = &report->sources[i];
        const struct {
            const char *name;
            uint64_t count;
        } outcomes[] = {
            {"fired", source->ledger.fired},       {"kept", source->ledger.kept},
            {"filtered", source->ledger.filtered}, {"collapsed", source->ledger.collapsed},
            {"dropped", source->ledger.dropped},   {"dead", source->ledger.dead},
        };
        for (size_t o = 0; o < sizeof outcomes / sizeof *outcomes; o++)
            weir_buffer_printf(out,
                               "weir_source_events_total{module=\"%s\",source=\"%s\","
                               "outcome=\"%s\"} %" PRIu64 "\n",
                               source->module, source->name, outcomes[o].name, outcomes[o].count);
    }
    head(out, "source_received_total", "counter", "Events received.");
    for (size_t i = 0; i < report->source_count; i++)
        weir_buffer_printf(
            out, "weir_source_received_total{module=\"%s\",source=\"%s\"} %" PRIu64 "\n",
            report->sources[i].module, report->sources[i].name, report->sources[i].ledger.received);
    head(out, "source_waiting", "gauge", "Events that are not done.");
    for (size_t i = 0; i < report->source_count; i++)
        weir_buffer_printf(out, "weir_source_waiting{module=\"%s\",source=\"%s\"} %" PRIu64 "\n",
                           report->sources[i].module, report->sources[i].name,
                           report->sources[i].waiting);
}

/* One number of each reactor. */
static void put_reactor(const weir_report *report, weir_buffer *out, const char *name,
                        const char *type, const char *help, size_t offset)
{
    head(out, name, type, help);
    for (size_t i = 0; i < report->reactor_count; i++) {
        const void *at = (const char *)&report->reactors[i].metrics + offset;
        weir_buffer_printf(out, "weir_%s{module=\"%s\",reactor=\"%s\"} %" PRIu64 "\n", name,
                           report->reactors[i].module, report->reactors[i].name,
                           *(const uint64_t *)at);
    }
}

static void put_reactors(const weir_report *report, weir_buffer *out)
{
    put_reactor(report, out, "reactor_firings_total", "counter", "Firings.",
                offsetof(weir_reactor_metrics, fired));
    put_reactor(report, out, "reactor_filtered_total", "counter", "Criteria true, where false.",
                offsetof(weir_reactor_metrics, filtered));
    put_reactor(report, out, "reactor_failed_total", "counter", "Firings that failed for good.",
                offsetof(weir_reactor_metrics, failed));
    put_reactor(report, out, "reactor_retried_total", "counter", "Runs after a graph's first.",
                offsetof(weir_reactor_metrics, retried));
    put_reactor(report, out, "reactor_unpaired_total", "counter",
                "Boundaries that waited too long, or were too many.",
                offsetof(weir_reactor_metrics, unpaired));
    put_reactor(report, out, "reactor_keys", "gauge", "Keys at present.",
                offsetof(weir_reactor_metrics, keys));
    put_reactor(report, out, "reactor_waiting", "gauge", "Boundaries that wait at present.",
                offsetof(weir_reactor_metrics, waiting));
    head(out, "reactor_health", "gauge", "Reasons as bits; 0 is live.");
    for (size_t i = 0; i < report->reactor_count; i++)
        weir_buffer_printf(out, "weir_reactor_health{module=\"%s\",reactor=\"%s\"} %u\n",
                           report->reactors[i].module, report->reactors[i].name,
                           report->reactors[i].metrics.health);
}

static void put_sinks(const weir_report *report, weir_buffer *out)
{
    head(out, "sink_results_total", "counter", "Results that have left.");
    for (size_t i = 0; i < report->sink_count; i++)
        weir_buffer_printf(out, "weir_sink_results_total{module=\"%s\",sink=\"%s\"} %" PRIu64 "\n",
                           report->sinks[i].module, report->sinks[i].name,
                           report->sinks[i].metrics.results);
    head(out, "sink_pending_bytes", "gauge", "Bytes that are not written yet.");
    for (size_t i = 0; i < report->sink_count; i++)
        weir_buffer_printf(out, "weir_sink_pending_bytes{module=\"%s\",sink=\"%s\"} %" PRIu64 "\n",
                           report->sinks[i].module, report->sinks[i].name,
                           report->sinks[i].metrics.pending);
}

weir_status cli_write_metrics(weir_runtime *runtime, const char *path, weir_error **error)
{
    weir_report *report = NULL;
    weir_buffer out = {0};
    bool changed;
    weir_status status = weir_runtime_metrics(runtime, &report, error);

    if (status != WEIR_OK)
        return status;
    head(&out, "turns_total", "counter", "Turns of the runtime.");
    weir_buffer_printf(&out, "weir_turns_total %" PRIu64 "\n", report->turns);
    head(&out, "dead_letters_total", "counter", "Dead letters.");
    weir_buffer_printf(&out, "weir_dead_letters_total %" PRIu64 "\n", report->dead_letters);
    put_sources(report, &out);
    put_reactors(report, &out);
    put_sinks(report, &out);
    weir_report_free(report);
    status = out.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                        : cli_write_file(path, out.data, out.size, &changed, error);
    weir_buffer_free(&out);
    return status;
}

/* --- Lines for people
 * ----------------------------------------------------------------------------- */

static void print_stats(weir_runtime *runtime)
{
    weir_report *report = NULL;

    if (weir_runtime_metrics(runtime, &report, NULL) != WEIR_OK)
        return;
    for (size_t i = 0; i < report->source_count; i++)
        fprintf(stderr, "%s: %" PRIu64 " received, %" PRIu64 " waiting, %" PRIu64 " dead%s\n",
                report->sources[i].name, report->sources[i].ledger.received,
                report->sources[i].waiting, report->sources[i].ledger.dead,
                report->sources[i].held ? ", held" : "");
    for (size_t i = 0; i < report->reactor_count; i++)
        fprintf(stderr, "%s: %" PRIu64 " firings, %" PRIu64 " filtered, %" PRIu64 " failed\n",
                report->reactors[i].name, report->reactors[i].metrics.fired,
                report->reactors[i].metrics.filtered, report->reactors[i].metrics.failed);
    weir_report_free(report);
}

/* --- The beat of a run
 * ---------------------------------------------------------------------------- */

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
