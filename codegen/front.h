/* SPDX-License-Identifier: Apache-2.0 */
/* front.h - what load and check share: one run from a file to a checked spec. */
#ifndef WEIR_CODEGEN_FRONT_H
#define WEIR_CODEGEN_FRONT_H

#include "codegen/diagnostics.h"
#include "codegen/keys.h"
#include "codegen/model.h"
#include "codegen/yaml.h"

/* A key whose value could not be read: what it defines is not unknown. */
typedef struct front_unread {
    const char *name;
    struct front_unread *next;
} front_unread;

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
    front_unread *unread;
    bool section_unread; /* a whole section: nobody knows which names it defines */
} spec_front;

/* `count` zeroed items in the spec's arena; *ret_count is 0 when there is no memory. */
void *front_array(spec_front *front, size_t count, size_t size, size_t *ret_count);
void *front_alloc(spec_front *front, size_t size);

/* "optional f64 x 0..10", for messages. */
const char *front_shape_text(spec_front *front, const spec_shape *shape);

/* Remembers the keys under `node` whose values were complained about when the YAML was read. */
void front_note_unread(spec_front *front, const yaml_node *node);

/* `name` may have been defined where nothing could be read: that it is unknown is no news. */
bool front_is_unread(const spec_front *front, const char *name);

/* Complains unless `name` can be a name in C; `what` is "a node". */
void front_check_name(spec_front *front, const char *name, weir_place where, const char *what);

/* The same, and that it is none of the words that expressions need. */
void front_check_free_name(spec_front *front, const char *name, weir_place where, const char *what);

/* Reads the spec in `file` into front->spec. */
weir_status front_load(spec_front *front, const char *file, weir_error **error);

/* Resolves all names and completes the members under "resolved". */
void front_check(spec_front *front);

#endif
