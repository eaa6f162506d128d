/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h - what a command is given and nobody else sees (rule F16): only its name is stored. */
#ifndef WEIR_WORKFLOW_SECRET_H
#define WEIR_WORKFLOW_SECRET_H

#include <stddef.h>

#include "core/arena.h"

/* The value of the environment variable `name`, else what stands in the file of that name in
 * `folder` (NULL: none), without a line's end behind it. Lives in the arena. NULL: there is none
 * that could be given, and `why` says so. */
const char *secret_read(const char *folder, const char *name, weir_arena *arena, char *why,
                        size_t size);

/* Writes asterisks over `secret` wherever it stands in `text` (NULL allowed). */
void secret_hide(char *text, const char *secret);

#endif
