/* SPDX-License-Identifier: Apache-2.0 */
/* world_types.h - in C the types that world.c declares: what generated test code reads. */
#ifndef TESTS_EXPR_WORLD_TYPES_H
#define TESTS_EXPR_WORLD_TYPES_H

#include <weir/expr.h>
#include <weir/graph.h>

typedef enum world_side { WORLD_SIDE_BUY = 0, WORLD_SIDE_SELL = 1 } world_side;

typedef struct world_level {
    double price;
    uint32_t size;
    bool has_note;
    char note[5];
} world_level;

typedef struct world_all {
    bool b, b2;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64, j64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64, v64;
    float f32;
    double f64, g64;
    int64_t ts, ts2, dur, dur2;
    int32_t day, day2;
    char s[9];
    char s2[17];
    uint32_t raw_size, raw2_size;
    uint8_t raw[4], raw2[8];
    world_side side;
    bool has_of;
    double of;
    bool has_oi;
    int64_t oi;
    world_level level;
    bool has_ol;
    world_level ol;
    uint32_t lv_count;
    world_level lv[4];
    int64_t arr[3];
    uint32_t ns_count;
    char ns[3][5];
    uint32_t us_count;
    uint8_t us[5];
} world_all;

/* What an expression came out as; `status` is WEIR_FAILED where it failed. */
typedef struct world_value {
    weir_status status;
    char kind; /* b i u d s, y for bytes */
    bool b;
    int64_t i;
    uint64_t u;
    double d;
    char s[4001];
    uint32_t y_size;
    uint8_t y[128];
} world_value;

typedef struct world_inputs {
    const world_all *a, *o, *r;
    const world_level *w;
    size_t w_count;
    int64_t now;
} world_inputs;

typedef weir_status (*world_function)(weir_firing *firing, const world_inputs *in,
                                      world_value *out);

#endif
