/* SPDX-License-Identifier: Apache-2.0 */
/* letter.h - a dead letter as a JSON line, with the record that it is of. */
#ifndef WEIR_SINKS_LETTER_H
#define WEIR_SINKS_LETTER_H

#include "core/buffer.h"
#include <weir/sinks.h>

/* Adds the record to the letter, a JSON line, with which `out` ends; nothing where it has no topic.
 */
void weir_letter_add_record(weir_buffer *out, const weir_dead_letter *letter,
                            const weir_original *original);

#endif
