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

/* One number in each report of a room; reports begin with their module's name and their own. */
typedef struct metric {
    const char *name, *type, *help;
    size_t offset;
} metric;

typedef struct reports {
    const char *room;
    const void *items;
    size_t count, size;
} reports;

static const char *const *names_of(const reports *all, size_t index)
{
    const void *item = (const char *)all->items + index * all->size;

    return item;
}

static void put_numbers(const reports *all, const metric *metrics, size_t count, weir_buffer *out)
{
    for (size_t m = 0; m < count; m++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s", all->room, metrics[m].name);
        head(out, name, metrics[m].type, metrics[m].help);
        for (size_t i = 0; i < all->count; i++) {
            const char *const *names = names_of(all, i);
            const void *at = (const char *)names + metrics[m].offset;
            weir_buffer_printf(out, "weir_%s{module=\"%s\",%s=\"%s\"} %" PRIu64 "\n", name,
                               names[0], all->room, names[1], *(const uint64_t *)at);
        }
    }
}

/* 1 for the state that it is in. `offset` is of a weir_source_health. */
static void put_health(const reports *all, size_t offset, weir_buffer *out)
{
    char name[64];

    snprintf(name, sizeof name, "%s_health", all->room);
    head(out, name, "gauge", "1 for the state that it is in.");
    for (size_t i = 0; i < all->count; i++)
        for (int state = WEIR_SOURCE_STARTING; state <= WEIR_SOURCE_ENDED; state++) {
            const char *const *names = names_of(all, i);
            const void *at = (const char *)names + offset;
            weir_buffer_printf(out, "weir_%s{module=\"%s\",%s=\"%s\",state=\"%s\"} %d\n", name,
                               names[0], all->room, names[1],
                               weir_source_health_text((weir_source_health)state),
                               *(const weir_source_health *)at == (weir_source_health)state);
        }
}

static void put_outcomes(const weir_report *report, weir_buffer *out)
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
}

static void put_sources(const weir_report *report, weir_buffer *out)
{
    static const metric metrics[] = {
        {"received_total", "counter", "Events received.",
         offsetof(weir_source_report, ledger.received)},
        {"bytes_total", "counter", "Bytes of the messages received.",
         offsetof(weir_source_report, bytes)},
        {"waiting", "gauge", "Events that are not done.", offsetof(weir_source_report, waiting)},
        {"in_flight", "gauge", "Events that somebody waits for.",
         offsetof(weir_source_report, in_flight)},
        {"in_flight_limit", "gauge", "How many of those there may be: max_in_flight.",
         offsetof(weir_source_report, max_in_flight)},
        {"buffered", "gauge", "Bytes that are not handed on yet; of a channel events.",
         offsetof(weir_source_report, gauges.buffered)},
        {"buffered_limit", "gauge", "How many of those there may be.",
         offsetof(weir_source_report, gauges.buffer_limit)},
        {"clients", "gauge", "Connections.", offsetof(weir_source_report, gauges.clients)},
        {"clients_limit", "gauge", "How many of those there may be: max_clients.",
         offsetof(weir_source_report, gauges.client_limit)},
        {"clients_refused_total", "counter", "Connections that were turned away.",
         offsetof(weir_source_report, gauges.refused)},
    };
    const reports all = {"source", report->sources, report->source_count, sizeof *report->sources};

    put_outcomes(report, out);
    put_numbers(&all, metrics, sizeof metrics / sizeof *metrics, out);
    put_health(&all, offsetof(weir_source_report, health), out);
    head(out, "source_held", "gauge", "1 while reading has stopped because firing is held.");
    for (size_t i = 0; i < report->source_count; i++)
        weir_buffer_printf(out, "weir_source_held{module=\"%s\",source=\"%s\"} %d\n",
                           report->sources[i].module, report->sources[i].name,
                           report->sources[i].held);
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
    static const metric metrics[] = {
        {"results_total", "counter", "Results that have left.",
         offsetof(weir_sink_report, metrics.results)},
        {"bytes_total", "counter", "Bytes that were written.",
         offsetof(weir_sink_report, metrics.bytes)},
        {"failures_total", "counter", "Attempts to write that failed.",
         offsetof(weir_sink_report, metrics.failures)},
        {"pending_bytes", "gauge", "Bytes that are not written yet.",
         offsetof(weir_sink_report, metrics.pending)},
        {"pending_limit_bytes", "gauge", "From so many on its writers are held: buffer.",
         offsetof(weir_sink_report, metrics.limit)},
        {"lost_bytes_total", "counter", "Bytes that were given up.",
         offsetof(weir_sink_report, metrics.lost)},
    };
    const reports all = {"sink", report->sinks, report->sink_count, sizeof *report->sinks};

    put_numbers(&all, metrics, sizeof metrics / sizeof *metrics, out);
    put_health(&all, offsetof(weir_sink_report, health), out);
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
