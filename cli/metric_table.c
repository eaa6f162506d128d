/* SPDX-License-Identifier: Apache-2.0 */
/* metric_table.c - the table of all metrics. */
#include "cli/metric_table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* clang-format off: a table */
#define SOURCE(member) offsetof(weir_source_report, member)
static const cli_metric sources[] = {
    {"received_total", NULL, METRIC_COUNTER, "Events received.", SOURCE(ledger.received)},
    {"events_total", "fired", METRIC_COUNTER, "Events by what became of them.",
     SOURCE(ledger.fired)},
    {"events_total", "kept", METRIC_COUNTER, "", SOURCE(ledger.kept)},
    {"events_total", "filtered", METRIC_COUNTER, "", SOURCE(ledger.filtered)},
    {"events_total", "collapsed", METRIC_COUNTER, "", SOURCE(ledger.collapsed)},
    {"events_total", "dropped", METRIC_COUNTER, "", SOURCE(ledger.dropped)},
    {"events_total", "dead", METRIC_COUNTER, "", SOURCE(ledger.dead)},
    {"waiting", NULL, METRIC_GAUGE, "Events that are not done.", SOURCE(waiting)},
    {"bytes_total", NULL, METRIC_COUNTER, "Bytes of the messages received.", SOURCE(bytes)},
    {"in_flight", NULL, METRIC_GAUGE, "Events that somebody waits for.", SOURCE(in_flight)},
    {"in_flight_limit", NULL, METRIC_GAUGE, "How many of those there may be: max_in_flight.",
     SOURCE(max_in_flight)},
    {"buffered", NULL, METRIC_GAUGE, "Bytes that are not handed on yet; of a channel events.",
     SOURCE(gauges.buffered)},
    {"buffered_limit", NULL, METRIC_GAUGE, "How many of those there may be.",
     SOURCE(gauges.buffer_limit)},
    {"clients", NULL, METRIC_GAUGE, "Connections.", SOURCE(gauges.clients)},
    {"clients_limit", NULL, METRIC_GAUGE, "How many of those there may be: max_clients.",
     SOURCE(gauges.client_limit)},
    {"clients_refused_total", NULL, METRIC_COUNTER, "Connections that were turned away.",
     SOURCE(gauges.refused)},
    {"read_bytes_total", NULL, METRIC_COUNTER, "Bytes read of its files.", SOURCE(gauges.read)},
    {"total_bytes", NULL, METRIC_GAUGE, "Bytes that its files had at the start; 0: nobody knows.",
     SOURCE(gauges.total)},
    {"partitions", NULL, METRIC_GAUGE, "Partitions of a log that are read here.",
     SOURCE(gauges.partitions)},
    {"lag", NULL, METRIC_GAUGE, "Messages of those that are not read yet.", SOURCE(gauges.lag)},
    {"catch_up_ns", NULL, METRIC_GAUGE,
     "Nanoseconds until there are none, at the present pace; 0: unknown, or never.",
     SOURCE(gauges.catch_up)},
    {"rate", NULL, METRIC_GAUGE, "Messages of those a second, over the last seconds.",
     SOURCE(gauges.rate)},
    {"brokers", NULL, METRIC_GAUGE, "Servers of the cluster that are known.",
     SOURCE(gauges.brokers)},
    {"brokers_up", NULL, METRIC_GAUGE, "Those that are connected.", SOURCE(gauges.brokers_up)},
    {"rebalances_total", NULL, METRIC_COUNTER, "Changes of the partitions that are read here.",
     SOURCE(gauges.rebalances)},
    {"handed_over_total", NULL, METRIC_COUNTER,
     "Of those: partitions went before all that was under way was done.",
     SOURCE(gauges.handed_over)},
    {"commits_total", NULL, METRIC_COUNTER, "Commits of positions.", SOURCE(gauges.commits)},
    {"commit_failures_total", NULL, METRIC_COUNTER, "Commits that failed, and were tried again.",
     SOURCE(gauges.commit_failures)},
    {"commit_ns", NULL, METRIC_GAUGE, "Nanoseconds that the newest commit took.",
     SOURCE(gauges.commit_time)},
    {"undecodable_total", NULL, METRIC_COUNTER, "Events that could not be decoded.",
     SOURCE(undecodable)},
    {"last_event_ns", NULL, METRIC_GAUGE,
     "When the newest event was taken, nanoseconds since 1970; 0: none was.", SOURCE(last_event)},
    {"held", NULL, METRIC_FLAG, "1 while reading has stopped because firing is held.",
     SOURCE(held)},
    {"health", NULL, METRIC_HEALTH, "1 for the state that it is in.", SOURCE(health)},
};

#define ACCUMULATOR(member) offsetof(weir_accumulator_report, member)
static const cli_metric accumulators[] = {
    {"events_total", NULL, METRIC_COUNTER, "Events that came in.", ACCUMULATOR(events)},
    {"boundaries_total", NULL, METRIC_COUNTER, "Boundaries that it emitted.",
     ACCUMULATOR(boundaries)},
    {"filtered_total", NULL, METRIC_COUNTER, "Events for which its where was false.",
     ACCUMULATOR(filtered)},
    {"failed_total", NULL, METRIC_COUNTER, "Events that it could not take.", ACCUMULATOR(failed)},
};

#define REACTOR(member) offsetof(weir_reactor_report, metrics.member)
static const cli_metric reactors[] = {
    {"firings_total", NULL, METRIC_COUNTER, "Firings.", REACTOR(fired)},
    {"filtered_total", NULL, METRIC_COUNTER, "Criteria true, where false.", REACTOR(filtered)},
    {"failed_total", NULL, METRIC_COUNTER, "Firings that failed for good.", REACTOR(failed)},
    {"retried_total", NULL, METRIC_COUNTER, "Runs after a graph's first.", REACTOR(retried)},
    {"collapsed_total", NULL, METRIC_COUNTER, "Boundaries overwritten under latest.",
     REACTOR(collapsed)},
    {"unpaired_total", NULL, METRIC_COUNTER, "Boundaries that waited too long, or were too many.",
     REACTOR(unpaired)},
    {"slow_total", NULL, METRIC_COUNTER,
     "Spans of events in which a graph took longer than its slow.", REACTOR(slow)},
    {"last_fired_ns", NULL, METRIC_GAUGE,
     "The newest firing's time, nanoseconds since 1970; 0: none.", REACTOR(last_fired)},
    {"keys", NULL, METRIC_GAUGE, "Keys at present.", REACTOR(keys)},
    {"waiting", NULL, METRIC_GAUGE, "Boundaries that wait at present.", REACTOR(waiting)},
    {"health", NULL, METRIC_REASONS, "1 for each reason why it is not live.", REACTOR(health)},
};

#define GRAPH(member) offsetof(weir_graph_report, member)
static const cli_metric graphs[] = {
    {"runs_total", NULL, METRIC_COUNTER, "Runs.", GRAPH(runs)},
    {"failures_total", NULL, METRIC_COUNTER, "Runs that failed.", GRAPH(failures)},
};

#define SINK(member) offsetof(weir_sink_report, member)
static const cli_metric sinks[] = {
    {"results_total", NULL, METRIC_COUNTER, "Results that have left.", SINK(metrics.results)},
    {"bytes_total", NULL, METRIC_COUNTER, "Bytes that were written.", SINK(metrics.bytes)},
    {"failures_total", NULL, METRIC_COUNTER, "Attempts to write that failed.",
     SINK(metrics.failures)},
    {"pending_bytes", NULL, METRIC_GAUGE, "Bytes that are not written yet.", SINK(metrics.pending)},
    {"pending_limit_bytes", NULL, METRIC_GAUGE, "From so many on its writers are held: buffer.",
     SINK(metrics.limit)},
    {"lost_bytes_total", NULL, METRIC_COUNTER, "Bytes that were given up.", SINK(metrics.lost)},
    {"health", NULL, METRIC_HEALTH, "1 for the state that it is in.", SINK(health)},
};

#define ROOM(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(weir_report, member##s), offsetof(weir_report, member##_count),             \
            sizeof(weir_##member##_report), member##s, COUNT(member##s)                            \
    }
const metric_room metric_rooms[] = {
    ROOM("source", source),   ROOM("accumulator", accumulator),
    ROOM("reactor", reactor), ROOM("graph", graph),
    ROOM("sink", sink),
};
/* clang-format on */
const size_t metric_room_count = COUNT(metric_rooms);

size_t metric_items(const metric_room *room, const weir_report *report)
{
    const void *at = (const char *)report + room->count;

    return *(const size_t *)at;
}

const char *const *metric_item(const metric_room *room, const weir_report *report, size_t index)
{
    const void *list = (const char *)report + room->items;
    const void *item = *(const char *const *)list + index * room->size;

    return item;
}

uint64_t metric_number(const cli_metric *metric, const void *item)
{
    const void *at = (const char *)item + metric->offset;

    return metric->kind == METRIC_FLAG ? *(const bool *)at : *(const uint64_t *)at;
}

const char *metric_state(const cli_metric *metric, const void *item, size_t index, bool *ret_on)
{
    static const char *const reasons[] = {"paused", "warming", "degraded", "held", "halted"};
    const void *at = (const char *)item + metric->offset;

    if (metric->kind == METRIC_REASONS) {
        *ret_on = index < COUNT(reasons) && (*(const uint32_t *)at >> index & 1) != 0;
        return index < COUNT(reasons) ? reasons[index] : NULL;
    }
    *ret_on = *(const weir_source_health *)at == (weir_source_health)index;
    return index <= WEIR_SOURCE_ENDED ? weir_source_health_text((weir_source_health)index) : NULL;
}
