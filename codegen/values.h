/* SPDX-License-Identifier: Apache-2.0 */
/* values.h - values in a spec (defaults, tests) read by their declared types, as JSON text. */
#ifndef WEIR_CODEGEN_VALUES_H
#define WEIR_CODEGEN_VALUES_H

#include "codegen/front.h"
#include "core/buffer.h"

/* Appends the value of one scalar, or says in `wanted` what the shape's type wanted. */
bool values_scalar(const spec_shape *shape, const char *text, weir_buffer *json,
                   const char **wanted);

/* Appends a value of a whole shape or struct; complains about what does not fit. `partial`: fields
 * may be left out. */
bool values_shape(spec_front *front, const spec_shape *shape, bool text, const yaml_node *node,
                  bool partial, weir_buffer *json);
bool values_struct(spec_front *front, const spec_type *type, const yaml_node *node, bool partial,
                   weir_buffer *json);
bool values_fields(spec_front *front, const spec_fields *fields, const char *what,
                   const yaml_node *node, bool partial, weir_buffer *json);

#endif
