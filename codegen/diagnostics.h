/* SPDX-License-Identifier: Apache-2.0 */
/* diagnostics.h - findings about a spec, collected while it is read and checked. */
#ifndef WEIR_CODEGEN_DIAGNOSTICS_H
#define WEIR_CODEGEN_DIAGNOSTICS_H

#include "core/arena.h"
#include <weir/codegen.h>

/* The text of one file, for the source lines in messages. */
typedef struct diagnostics_file {
    const char *name;
    const char *text;
    size_t size;
    const char **lines; /* where each begins */
    size_t line_count;
    struct diagnostics_file *next;
} diagnostics_file;

typedef struct diagnostics_entry {
    weir_diagnostic diagnostic;
    weir_note *last_note;
    size_t order; /* of files, as they were opened */
} diagnostics_entry;

struct weir_diagnostics {
    weir_arena arena;
    diagnostics_file *files; /* in the order they were opened */
    diagnostics_entry *entries;
    size_t count, capacity;
    size_t errors;
    bool failed; /* out of memory: some findings are lost */
};

weir_diagnostics *diagnostics_new(void);

/* Keeps a copy of a file's text. The name and the text that stay, or NULL: out of memory. */
const diagnostics_file *diagnostics_add_file(weir_diagnostics *diagnostics, const char *name,
                                             const char *text, size_t size);

void diagnostics_error(weir_diagnostics *diagnostics, weir_place place, const char *format, ...)
    WEIR_PRINTF(3, 4);
void diagnostics_warning(weir_diagnostics *diagnostics, weir_place place, const char *format, ...)
    WEIR_PRINTF(3, 4);

/* Adds a note to the newest finding. */
void diagnostics_note(weir_diagnostics *diagnostics, weir_place place, const char *format, ...)
    WEIR_PRINTF(3, 4);

/* Forgets the findings beyond the first `count`: a YAML syntax error is the only one of its run. */
void diagnostics_forget(weir_diagnostics *diagnostics, size_t count);

/* Sorts by file, line and column; of the same finding twice the first stays. */
void diagnostics_sort(weir_diagnostics *diagnostics);

#endif
