/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.h - the explicit registry of kinds: weir's own, and those that a user brings along.
 *
 * A shared object for `--kinds LIB.so` exports `const weir_kinds weir_user_kinds`.
 */
#ifndef WEIR_KINDS_H
#define WEIR_KINDS_H

#include <weir/accumulators.h>
#include <weir/catalog.h>
#include <weir/core.h>
#include <weir/sinks.h>
#include <weir/sources.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_kinds {
    uint32_t generation; /* WEIR_GENERATION */
    const weir_source_kind *const *sources;
    size_t source_count;
    const weir_accumulator_kind *const *accumulators;
    size_t accumulator_count;
    const weir_sink_kind *const *sinks;
    size_t sink_count;
} weir_kinds;

#define WEIR_USER_KINDS "weir_user_kinds"

/* The kinds that libweir brings. Static. */
WEIR_API const weir_kinds *weir_builtin_kinds(void);

/* Looks in `kinds` (NULL allowed), then among weir's own. NULL: there is none of that name. */
WEIR_API const weir_source_kind *weir_source_kind_find(const weir_kinds *kinds, const char *name);
WEIR_API const weir_accumulator_kind *weir_accumulator_kind_find(const weir_kinds *kinds,
                                                                 const char *name);
WEIR_API const weir_sink_kind *weir_sink_kind_find(const weir_kinds *kinds, const char *name);

#ifdef __cplusplus
}
#endif

#endif
