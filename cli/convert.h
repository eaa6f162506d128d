/* SPDX-License-Identifier: Apache-2.0 */
/* convert.h - messages from one format to another, one by one. */
#ifndef WEIR_CLI_CONVERT_H
#define WEIR_CLI_CONVERT_H

#include "cli/cli.h"
#include "core/buffer.h"

/* What is wrong with one message. */
typedef struct convert_error {
    char message[256];
    char path[WEIR_WIRE_PATH];
    size_t offset;
} convert_error;

/* Values of no declared type: JSON or MessagePack to either, at most 64 MiB and 32 levels. Appends
 * to `out`, without a line's end. False: *error says why. */
bool convert_untyped(weir_format from, weir_format to, weir_slice message, weir_buffer *out,
                     convert_error *error);

#endif
