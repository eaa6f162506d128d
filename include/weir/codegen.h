/* SPDX-License-Identifier: Apache-2.0 */
/* codegen.h - from a spec file to a checked spec, and what was found wrong with it.
 *
 * Threads: any thread; one spec by one thread at a time.
 * Memory:  what weir_spec_load gives is the caller's; messages live as long as their diagnostics.
 */
#ifndef WEIR_CODEGEN_H
#define WEIR_CODEGEN_H

#include <weir/catalog.h>
#include <weir/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spec weir_spec;
typedef struct weir_diagnostics weir_diagnostics;

typedef enum weir_severity { WEIR_SEVERITY_ERROR, WEIR_SEVERITY_WARNING } weir_severity;

/* Says more about a diagnostic: "first defined here". */
typedef struct weir_note {
    weir_place place;
    const char *message;
    const struct weir_note *next;
} weir_note;

/* One finding: a sentence at a place. */
typedef struct weir_diagnostic {
    weir_severity severity;
    weir_place place;
    const char *message;
    const weir_note *notes; /* NULL: none */
} weir_diagnostic;

/* Reads, checks and resolves the spec in `file`. *diagnostics (NULL allowed) gets all findings of
 * the file and its imports, sorted by place, also when this fails; freed by weir_diagnostics_free.
 * Fails with WEIR_SPEC (there are errors), WEIR_IO (the file cannot be read) or WEIR_NOMEM; *ret
 * is then NULL. `kinds` outlives the spec. */
WEIR_API WEIR_MUST_USE weir_status weir_spec_load(const char *file, const weir_catalog *kinds,
                                                  weir_spec **ret, weir_diagnostics **diagnostics,
                                                  weir_error **error);
WEIR_API void weir_spec_free(weir_spec *model); /* NULL allowed */

WEIR_API void weir_diagnostics_free(weir_diagnostics *diagnostics); /* NULL allowed */
WEIR_API size_t weir_diagnostics_count(const weir_diagnostics *diagnostics);
WEIR_API size_t weir_diagnostics_error_count(const weir_diagnostics *diagnostics);
WEIR_API const weir_diagnostic *weir_diagnostics_get(const weir_diagnostics *diagnostics,
                                                     size_t index);

/* All of them as a person reads them: `file:line:col: error: sentence`, the source line, a caret,
 * notes. NULL: out of memory; else freed by weir_free. */
WEIR_API char *weir_diagnostics_text(const weir_diagnostics *diagnostics);

/* A JSON Schema for spec files, for editors. NULL: out of memory; else freed by weir_free. */
WEIR_API char *weir_spec_schema(const weir_catalog *kinds);

#ifdef __cplusplus
}
#endif

#endif
