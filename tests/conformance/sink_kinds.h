/* SPDX-License-Identifier: Apache-2.0 */
/* sink_kinds.h - every kind of sink as the suite drives it: where results go, and how that is shut.
 *
 * A kind of one's own joins by one more line in the table of sink_kinds.c.
 */
#ifndef WEIR_TESTS_SINK_KINDS_H
#define WEIR_TESTS_SINK_KINDS_H

#include "tests/conformance/lab.h"

typedef enum sink_case {
    SINK_ORDER,     /* every result, once, in order; the end of the run is the end of the output */
    SINK_NOT_READY, /* while it takes nothing its writers are held, and health names it */
    SINK_GIVES_UP,  /* writes that fail for good end the run; nothing half is left */
    SINK_READER_GONE, /* so does a reader that will not come back */
    SINK_SLOW,        /* a reader that takes little at a time */
    SINK_REFUSES,     /* a result that cannot be encoded fails its firing alone */
    SINK_APPENDS,     /* live runs append, replays and tests begin anew */
    SINK_STOP,        /* while it takes nothing */
    SINK_CASES,
} sink_case;

typedef struct sink_kind {
    const char *name;
    const char *settings;
    weir_format format;
    void (*prepare)(lab_world *lab); /* before the start */
    void (*restore)(lab_world *lab); /* after the end */
    /* Takes what has come into lab->bytes, at most `limit` more of it. NULL: it has no bytes. */
    void (*take)(lab_world *lab, size_t limit);
    void (*shut)(lab_world *lab, bool shut); /* it takes nothing, or does again */
    void (*hang_up)(lab_world *lab);         /* its reader goes */
    bool fails; /* shut, its writes fail; else they are only not taken */
    const char *skips[SINK_CASES];
} sink_kind;

extern const sink_kind sink_kinds[];
extern const size_t sink_kind_count;

/* What a test that failed has left: a full disk, another standard output. */
int sink_put_back(void **unused);

/* The ids of the results in lab->bytes, which must be whole and count up. */
void sink_ids(const lab_world *lab, const sink_kind *kind, int64_t *ret_first, int64_t *ret_last);
void sink_expect_ids(const lab_world *lab, const sink_kind *kind, int64_t first, int64_t last);

#endif
