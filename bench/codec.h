/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - what the codec benchmark asks of each side: all messages once, as fast as it can. */
#ifndef WEIR_BENCH_CODEC_H
#define WEIR_BENCH_CODEC_H

#include "core/buffer.h"
#include "sample.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_RECORDS = 16384 };

/* Records and their messages; a message's bytes are followed by what simdjson may read beyond. */
typedef struct bench_data {
    sample_quote *quotes;
    weir_slice *messages;
    sample_quote *results; /* what decoding gives */
    weir_buffer *out;      /* what encoding gives: all messages, one behind the other */
} bench_data;

/* One pass over all records. */
typedef void (*bench_pass)(bench_data *data);

void msgpack_c_decode(bench_data *data);
void msgpack_c_encode(bench_data *data);
void jansson_decode(bench_data *data);
void jansson_encode(bench_data *data);
void simdjson_decode(bench_data *data);

#ifdef __cplusplus
}
#endif

#endif
