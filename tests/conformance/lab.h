/* SPDX-License-Identifier: Apache-2.0 */
/* lab.h - one runtime under test: a source, a reactor that passes each item on, a sink.
 *
 * Everything goes through the public API. Nothing sleeps: a lab takes turns until something is
 * true, and fails when that takes 20 seconds.
 */
#ifndef WEIR_TESTS_LAB_H
#define WEIR_TESTS_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>

#include "core/buffer.h"
#include "probe.weir.h"
#include <weir/weir.h>

enum { LAB_LETTERS = 64, LAB_RAW = 4096, LAB_ECHO_CAPACITY = 16 };

typedef struct lab_letter {
    int64_t position;
    char reason[257];
    char raw[LAB_RAW];
    size_t raw_size;
} lab_letter;

typedef struct lab_world {
    weir_runtime_config config;
    const weir_module *module; /* NULL: probe_module */
    weir_runtime *runtime;
    const char *folder; /* empty at first */
    int64_t *ids;       /* of the results, as they leave */
    double *values;     /* of each */
    size_t count, room;
    lab_letter letters[LAB_LETTERS];
    size_t letter_count;
    char log[4096];
    bool ended;
    weir_status outcome;
    char error[512];
    void (*each)(struct lab_world *lab); /* between two turns */
    int input, output;                   /* the other ends of what is under test; -1: none */
    weir_buffer pending;                 /* what the source is still to be given */
    size_t pending_at;
    weir_buffer bytes; /* what the sink wrote, as far as it was read */
    bool deaf;         /* ... and it is not read any more */
} lab_world;

/* Makes the folder and a runtime. What the test wants of them is in `lab` already. */
void lab_begin(lab_world *lab);
/* Overrides options: "kind=file path=%/in", % is the folder; `room` is "sources.items" or so. */
void lab_set(lab_world *lab, const char *room, const char *settings);
weir_status lab_try(lab_world *lab); /* loads and starts; `error` says why not */
void lab_start(lab_world *lab);      /* must succeed */
void lab_turn(lab_world *lab);
void lab_end(lab_world *lab);   /* frees the runtime; the folder and the records stay */
void lab_clean(lab_world *lab); /* all the rest */

typedef bool (*lab_condition)(lab_world *lab, size_t arg);

void lab_until(lab_world *lab, lab_condition condition, size_t arg, const char *what);
bool lab_has_results(lab_world *lab, size_t count);
bool lab_has_letters(lab_world *lab, size_t count);
bool lab_has_ended(lab_world *lab, size_t unused);
bool lab_is_held(lab_world *lab, size_t unused); /* the source */
void lab_expect_end(lab_world *lab, weir_status outcome);
void lab_expect_count_up(const lab_world *lab, size_t count); /* the results are 1, 2 .. count */

weir_report *lab_report(lab_world *lab);
weir_source_report lab_source(lab_world *lab);
weir_sink_report lab_sink(lab_world *lab); /* out */

/* FOLDER/name. Static: until the next call. */
const char *lab_path(const lab_world *lab, const char *name);
void lab_write_file(const lab_world *lab, const char *name, const char *text);
char *lab_read_file(const lab_world *lab, const char *name,
                    size_t *ret_size); /* NULL: it is not there */

/* The item of that id, encoded, with what ends it in a text. */
void lab_encode(int64_t id, weir_format format, weir_buffer *to);

int64_t lab_now(void); /* monotonic milliseconds */

#endif
