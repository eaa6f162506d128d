/* SPDX-License-Identifier: Apache-2.0 */
/* expand.h - ${VAR}, ${VAR:-default} and ${file:PATH} in the options of a spec, read at load. */
#ifndef WEIR_CORE_EXPAND_H
#define WEIR_CORE_EXPAND_H

#include <weir/core.h>

enum { WEIR_EXPAND_LIMIT = 64 * 1024 }; /* bytes of a whole result */

/* Is every `${` of `text` well-formed? Fails with WEIR_SPEC. */
WEIR_API WEIR_MUST_USE weir_status weir_expand_check(const char *text, weir_error **error);

/* Gives `text` with all variables replaced, freed by weir_free. Relative files are relative to
 * `folder` (NULL: the working directory); one newline at a file's end is left out. What was put in
 * is not looked at again. Fails with WEIR_SPEC, WEIR_NOT_FOUND (an unset variable without a
 * default), WEIR_IO, WEIR_LIMIT or WEIR_NOMEM; messages name the variable or the file, never what
 * is in it. */
WEIR_API WEIR_MUST_USE weir_status weir_expand(const char *text, const char *folder, char **ret,
                                               weir_error **error);

#endif
