/* SPDX-License-Identifier: Apache-2.0 */
/* metric_table.h - every number that a running module tells: its name, its meaning, and where it
 * lies in a weir_report. Prometheus' text, JSON and the reference all come from here. */
#ifndef WEIR_CLI_METRIC_TABLE_H
#define WEIR_CLI_METRIC_TABLE_H

#include "cli/cli.h"

typedef enum metric_kind {
    METRIC_COUNTER, /* uint64_t that only grows */
    METRIC_GAUGE,   /* uint64_t */
    METRIC_FLAG,    /* bool */
    METRIC_HEALTH,  /* weir_source_health: one line a state */
    METRIC_REASONS, /* weir_reactor_health: one line a reason */
} metric_kind;

/* The lines of one name follow each other; `label` tells them apart. */
typedef struct cli_metric {
    const char *name, *label; /* "events_total", "fired" under METRIC_LABEL, or NULL */
    metric_kind kind;
    const char *help;
    size_t offset; /* in one report of the room */
} cli_metric;

#define METRIC_LABEL "outcome"

/* The sources, or the reactors ..: reports that begin with their module's name and their own. */
typedef struct metric_room {
    const char *name;
    size_t items, count; /* offsets in a weir_report */
    size_t size;         /* of one report */
    const cli_metric *metrics;
    size_t metric_count;
} metric_room;

extern const metric_room metric_rooms[];
extern const size_t metric_room_count;

size_t metric_items(const metric_room *room, const weir_report *report);
/* The index-th report of the room; its first two members are names: module, own. */
const char *const *metric_item(const metric_room *room, const weir_report *report, size_t index);

/* Of COUNTER, GAUGE and FLAG. */
uint64_t metric_number(const cli_metric *metric, const void *item);
/* HEALTH and REASONS: the index-th word, NULL behind the last, and whether it is so. */
const char *metric_state(const cli_metric *metric, const void *item, size_t index, bool *ret_on);

#endif
