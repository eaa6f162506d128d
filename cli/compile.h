/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h - the system's C compiler, called for a module. */
#ifndef WEIR_CLI_COMPILE_H
#define WEIR_CLI_COMPILE_H

#include "cli/cli.h"

/* What becomes one shared object. */
typedef struct compile_job {
    const char *generated;        /* MODULE.weir.c */
    const char *generated_folder; /* where its header is */
    const char *spec_folder;      /* what the user's own headers are beside */
    const char *weir_include;     /* the folder of weir/weir.h */
    const char *const *files;     /* the user's; NULL behind the last */
} compile_job;

/* The compiler and its flags as one line: CC, our own flags, CFLAGS, LDFLAGS. Freed by the caller;
 * NULL: out of memory. */
char *compile_signature(void);

/* Writes the shared object; the compiler's own messages go where ours go, as they are. */
weir_status compile_object(const compile_job *job, const char *object, weir_error **error);

/* Writes the files that `files` include, apart from the system's, as make rules into `rules`. */
weir_status compile_rules(const compile_job *job, const char *rules, weir_error **error);

#endif
