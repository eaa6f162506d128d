/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h - what message.c needs of CSV. */
#ifndef WEIR_WIRE_CSV_H
#define WEIR_WIRE_CSV_H

#include "core/buffer.h"
#include <weir/codec.h>

/* Appends a record without its line's end; false: the writer's error is set, nothing is appended.
 */
bool wire_csv_write(const weir_type *type, const void *value, weir_buffer *buffer,
                    weir_writer *writer);

#endif
