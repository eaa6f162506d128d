/* SPDX-License-Identifier: Apache-2.0 */
/* source_kinds.h - every kind of source as the suite drives it: what feeds it, and what it cannot
 * do.
 *
 * A kind of one's own joins by one more line in the table of source_kinds.c.
 */
#ifndef WEIR_TESTS_SOURCE_KINDS_H
#define WEIR_TESTS_SOURCE_KINDS_H

#include "tests/conformance/lab.h"

typedef enum source_case {
    SOURCE_ORDER,   /* all arrive, once, in order, with their positions */
    SOURCE_BAD,     /* a bad message is a dead letter, the stream goes on */
    SOURCE_LONG,    /* so is one that is too long */
    SOURCE_ENDS,    /* the end of the input is the end of the run */
    SOURCE_FULL,    /* a held reactor stops the reading; it resumes where it stopped */
    SOURCE_SLOW,    /* byte by byte */
    SOURCE_GONE,    /* the input breaks off within a message */
    SOURCE_RESTART, /* a second runtime on the same thing */
    SOURCE_STOP,    /* while it is busy */
    SOURCE_CASES,
} source_case;

typedef struct source_kind {
    const char *name;
    const char *settings;
    const weir_module *module;       /* NULL: probe_module */
    weir_format format;              /* of its messages */
    bool raw;                        /* ... texts that packed.c decodes */
    bool length;                     /* each stands behind its length */
    size_t fixed;                    /* each is a record of so many bytes; 0: it is not */
    bool whole;                      /* all of its input is there before it starts */
    void (*prepare)(lab_world *lab); /* before the start */
    void (*connect)(lab_world *lab); /* after it */
    /* Gives bytes and returns how many were taken; NULL: it takes items, by `push`. */
    size_t (*give)(lab_world *lab, const void *bytes, size_t size);
    bool (*push)(lab_world *lab, int64_t id);
    void (*finish)(lab_world *lab);  /* no more will come */
    const char *skips[SOURCE_CASES]; /* why a case does not apply */
} source_kind;

extern const source_kind source_kinds[];
extern const size_t source_kind_count;

/* Begins a lab of that kind; what it reads is there when `script` is fed, see source_feed. */
void source_begin(lab_world *lab, const source_kind *kind);

/* Starts it, feeds it and ends its input: "1 2 bad long 0" gives items, a broken message, one that
 * is too long, and the item that fails. "half" begins a message that never ends. */
void source_run(lab_world *lab, const source_kind *kind, const char *script);

/* The bytes of one word of a script. */
void source_message(const source_kind *kind, const char *word, weir_buffer *to);

/* Gives items from `first` to `last`; returns the first that it did not take. */
int64_t source_supply(lab_world *lab, const source_kind *kind, int64_t first, int64_t last);

#endif
