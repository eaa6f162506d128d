/* SPDX-License-Identifier: Apache-2.0 */
/* sink.h - what the engine does with a sink around its kind's callbacks. */
#ifndef WEIR_SINKS_SINK_H
#define WEIR_SINKS_SINK_H

#include "core/buffer.h"
#include <weir/sinks.h>

extern const weir_sink_kind weir_callback_sink;
extern const weir_sink_kind weir_file_sink;
extern const weir_sink_kind weir_stdout_sink;

enum { WEIR_SINK_FLUSH = 1 << 16, WEIR_SINK_AHEAD = 1 << 20 };

/* A sink at work: `out` holds what has left (before `left`) and what is only prepared. */
typedef struct weir_sink_work weir_sink_work;
struct weir_sink_work {
    weir_sink sink;
    weir_buffer out;
    size_t written; /* bytes of `out` that the kind has taken */
    size_t left;    /* end of the results that have left */
    size_t buffer;  /* how much may wait */
    uint64_t safe; /* bytes since the start that are written, and synced where its policy says so */
    size_t enough; /* to be written before the turn ends */
    bool started;
    bool stuck;                      /* the kind takes no more just now, or failed */
    bool failing;                    /* the newest attempt failed */
    bool unsynced;                   /* something was written since the newest sync */
    bool gone;                       /* it was given up: whatever still comes is lost */
    int64_t failing_since, again_at; /* monotonic; again_at 0: when its descriptor says so */
    int64_t give_up;                 /* nanoseconds; INT64_MAX: never */
    int64_t logged;                  /* monotonic: when its trouble was told */
    /* In `encode`: what the result leaves through, and its firing. */
    const weir_outlet *outlet;
    const weir_firing *firing;
    char reason[256];
    /* Called when `enough` has come together, and again for each result after. */
    void (*relieve)(weir_sink_work *work);
    void *owner; /* whose function that is */
};

WEIR_MUST_USE weir_status weir_sink_start(weir_sink_work *work, const char *format,
                                          weir_error **error);
void weir_sink_release(weir_sink_work *work);

/* The outlet's functions; its arg is the weir_sink_work. */
weir_outlet weir_sink_outlet(weir_sink_work *work);

/* A dead letter leaves; `original` is NULL where its message is not there any more. */
weir_status weir_sink_bury(weir_sink_work *work, weir_firing *firing,
                           const weir_dead_letter *letter, const weir_original *original);

/* True while it takes the results of another firing (rule E15). */
bool weir_sink_is_ready(const weir_sink_work *work);

/* Bytes that have left since the start; what is lost is never safe. */
static inline uint64_t weir_sink_given(const weir_sink_work *work)
{
    return work->sink.metrics.bytes + (work->left - work->written);
}

/* Bytes of results that have left and are not written, or not answered yet. */
static inline size_t weir_sink_owed(const weir_sink_work *work)
{
    size_t unanswered = work->sink.kind->answered != NULL && !work->gone
                            ? work->sink.metrics.bytes - work->safe
                            : 0;

    return work->left - work->written + unanswered;
}

/* Writes out what has left. WEIR_AGAIN and WEIR_IO: not all; *fd as for the kind's write. */
weir_status weir_sink_flush(weir_sink_work *work, int *fd, weir_error **error);

/* Makes safe what was written, as the kind's policy says. */
weir_status weir_sink_sync(weir_sink_work *work, bool last, weir_error **error);

/* Gives the sink up, with what is not written: so many bytes. It is never ready again. */
size_t weir_sink_drop(weir_sink_work *work);

#endif
