/* SPDX-License-Identifier: Apache-2.0 */
/* front.h - what load and check share: one run from a file to a checked spec. */
#ifndef WEIR_CODEGEN_FRONT_H
#define WEIR_CODEGEN_FRONT_H

#include "codegen/diagnostics.h"
#include "codegen/keys.h"
#include "codegen/model.h"
#include "codegen/yaml.h"

typedef struct spec_front {
    spec *spec;
    weir_diagnostics *log;
    const weir_catalog *kinds;
    spec_type **types; /* the built-in ones, of imports, the spec's; check sorts them */
    size_t type_count;
    const yaml_node *tests; /* read last, by the declared types */
    /* An unknown name was reported. What seems to be unused may be what was meant, so nobody is
     * told of unused things then. */
    bool lost;
    bool types_lost; /* an import failed: a type that is unknown may be in it */
} spec_front;

/* `count` zeroed items in the spec's arena; *ret_count is 0 when there is no memory. */
void *front_array(spec_front *front, size_t count, size_t size, size_t *ret_count);
void *front_alloc(spec_front *front, size_t size);

/* "optional f64 x 0..10", for messages. */
const char *front_shape_text(spec_front *front, const spec_shape *shape);

/* Complains unless `name` can be a name in C; `what` is "a node". */
void front_check_name(spec_front *front, const char *name, weir_place where, const char *what);

/* The same, and that it is none of the words that expressions need. */
void front_check_free_name(spec_front *front, const char *name, weir_place where, const char *what);

/* Reads the spec in `file` into front->spec. */
weir_status front_load(spec_front *front, const char *file, weir_error **error);

/* Resolves all names and completes the members under "resolved". */
void front_check(spec_front *front);

#endif
