/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - what the engine does with a source around its kind's callbacks. */
#ifndef WEIR_SOURCES_SOURCE_H
#define WEIR_SOURCES_SOURCE_H

#include <weir/sources.h>

/* Makes the span's buffer and chooses the decoder by `format` (NULL: the kind needs none). */
WEIR_MUST_USE weir_status weir_source_prepare(weir_source *source, const char *format,
                                              weir_error **error);
void weir_source_release(weir_source *source);

/* Decodes the MessagePack value that `bytes` begin with, without looking first for its end. False:
 * it is not there whole, or is none of the source's; nothing has happened. */
bool weir_source_put_first(weir_source *source, weir_slice bytes, int64_t position,
                           size_t *ret_size);

#endif
