/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h - what message.c needs of CSV. */
#ifndef WEIR_WIRE_CSV_H
#define WEIR_WIRE_CSV_H

#include "core/buffer.h"
#include <weir/codec.h>

/* As weir_encode: appends a record without its line's end. */
weir_status wire_csv_write(const weir_type *type, const void *value, weir_buffer *buffer,
                           weir_wire_error *error);

#endif
