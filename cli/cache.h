/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h - where compiled modules are kept, and whether one still fits its sources.
 *
 * The cache is found by a digest over all that goes into an object: the generated C, the user's
 * files, the compiler and its flags, and weir's own headers. Beside an object stands a list of the
 * headers that the user's files include, each with its digest. So a hit is never stale, and nothing
 * is rebuilt for another reason.
 */
#ifndef WEIR_CLI_CACHE_H
#define WEIR_CLI_CACHE_H

#include "cli/cli.h"
#include "core/buffer.h"
#include "core/digest.h"

weir_status cache_digest_file(weir_digest *sum, const char *path, weir_error **error);

/* Appends $XDG_CACHE_HOME/weir/NAME-DIGEST, else ~/.cache/weir/NAME-DIGEST. */
weir_status cache_folder(const char *name, weir_digest sum, weir_buffer *folder,
                         weir_error **error);
/* Makes it, with the folders above. */
weir_status cache_make_folder(char *path, weir_error **error);

/* Writes the list of headers from the compiler's make rules; those below `own` are left out. */
weir_status cache_write_headers(const char *rules, const char *own, const char *list,
                                weir_error **error);
/* True where each header of the list is as it was. */
bool cache_headers_fit(const char *list);

#endif
