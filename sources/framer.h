/* SPDX-License-Identifier: Apache-2.0 */
/* framer.h - tells messages apart in a stream that comes in pieces, in bounded memory.
 *
 *     bytes   handed on | message | message | begun ...   room for the next piece
 *                       at
 *
 * Memory: a message points into the buffer and lives until the next weir_framer_room. The buffer
 *         holds one message of the greatest size and one piece; of a longer message only its
 *         beginning is shown, the rest is dropped as it comes.
 */
#ifndef WEIR_SOURCES_FRAMER_H
#define WEIR_SOURCES_FRAMER_H

#include "core/buffer.h"
#include "sources/options.h"
#include <weir/sources.h>

typedef enum weir_framer_form {
    WEIR_FRAMER_LINES,
    WEIR_FRAMER_CSV,
    WEIR_FRAMER_MSGPACK, /* each value says where it ends */
    WEIR_FRAMER_SIZED,   /* behind its length, or all of one size */
} weir_framer_form;

/* What is dropped before the next message begins. */
typedef enum weir_framer_skip {
    WEIR_FRAMER_SKIP_NOTHING,
    WEIR_FRAMER_SKIP_LINE,
    WEIR_FRAMER_SKIP_VALUE,
    WEIR_FRAMER_SKIP_BYTES, /* `owed` of them */
    WEIR_FRAMER_SKIP_ALL,
} weir_framer_skip;

typedef struct weir_frame {
    weir_slice message;
    const char *fault; /* NULL: it is whole; else why it can be no event */
} weir_frame;

typedef struct weir_framer {
    weir_framer_form form;
    size_t limit;  /* of a message, in bytes */
    uint32_t head; /* SIZED: bytes of the length before each message; 0: all are `fixed` long */
    size_t fixed;
    weir_buffer bytes;
    size_t at;
    size_t plain; /* from `at` to here no quote stands */
    bool found;   /* `frame` is the message at `at`, which goes on at `next` */
    weir_frame frame;
    size_t next;
    size_t line; /* bytes of a line that hold no newline */
    weir_csv_scan csv;
    weir_msgpack_scan value;
    weir_framer_skip skip;
    uint64_t owed;
    uint64_t dropped; /* bytes behind what is no MessagePack */
    bool ended;       /* no more bytes will come */
    bool torn;        /* ... because the sender broke off */
    char reason[160];
} weir_framer;

/* By the options of `source`, whose format is known. WEIR_SPEC: they do not go together. */
WEIR_MUST_USE weir_status weir_framer_init(weir_framer *framer, const weir_source *source,
                                           const weir_framing_config *config, weir_error **error);
void weir_framer_free(weir_framer *framer);

/* Another stream begins. */
void weir_framer_reset(weir_framer *framer);

/* Where the next piece of at most `size` bytes is read to; NULL: out of memory. */
unsigned char *weir_framer_room(weir_framer *framer, size_t size);
void weir_framer_add(weir_framer *framer, size_t size); /* so many have been read */
void weir_framer_end(weir_framer *framer, bool torn);

/* The next message, again and again until it is taken. WEIR_AGAIN: more bytes are needed;
 * WEIR_CLOSED: the stream has ended and all of it was taken. */
WEIR_MUST_USE weir_status weir_framer_next(weir_framer *framer, weir_frame *ret);
void weir_framer_take(weir_framer *framer);

/* Puts messages into the span. WEIR_FULL: it takes no more; else as weir_framer_next says. */
WEIR_MUST_USE weir_status weir_framer_put(weir_framer *framer, weir_source *source, size_t limit,
                                          int64_t *position);

#endif
