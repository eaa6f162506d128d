/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.h - which kinds of sources, accumulators and sinks there are, and the options of the
 * rest.
 *
 * What a spec may say is read from here: its check, its JSON Schema and the reference. A program
 * that brings kinds of its own gives lists with its kinds added.
 *
 * Memory: lists only point; what they point to outlives every use of them.
 */
#ifndef WEIR_CATALOG_H
#define WEIR_CATALOG_H

#include <weir/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Heads of kinds: `base` of a weir_source_kind and its like. */
typedef struct weir_kind_list {
    const weir_kind *const *items;
    size_t count;
} weir_kind_list;

typedef struct weir_option_list {
    const weir_option *items;
    size_t count;
} weir_option_list;

/* Whether the options of a `schedule:`, each of which is good, are one together: its cron and its
 * zone. Where not, the error says what is wrong, and where. */
typedef weir_status (*weir_schedule_check)(const char *workflow, const weir_setting *settings,
                                           size_t count, weir_place place, weir_error **error);

typedef struct weir_catalog {
    weir_kind_list sources;
    weir_kind_list accumulators;
    weir_kind_list sinks;
    weir_option_list every_source; /* beside the options of its kind */
    weir_option_list reactor;
    weir_option_list graph;
    weir_option_list top;               /* of the whole spec: max_rounds */
    weir_schedule_check check_schedule; /* NULL: nobody here knows */
} weir_catalog;

/* The catalog of weir's own kinds. Static. */
WEIR_API const weir_catalog *weir_builtin_catalog(void);

#ifdef __cplusplus
}
#endif

#endif
