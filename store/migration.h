/* SPDX-License-Identifier: Apache-2.0 */
/* migration.h - the steps of a schema: forward only, told from changed ones by their digests. */
#ifndef WEIR_STORE_MIGRATION_H
#define WEIR_STORE_MIGRATION_H

#include "core/digest.h"
#include <weir/core.h>

typedef struct store_migration {
    int number; /* from 1 on */
    const char *name;
    const char *text;
} store_migration;

const char *store_migration_digest(const store_migration *migration, char text[WEIR_DIGEST_TEXT]);

/* Step `number` as the store `name` has it, made by weir `version`. WEIR_MISMATCH: this weir does
 * not know it, or knows another one of that number. */
weir_status store_check_migration(const char *name, const store_migration *known, int known_count,
                                  int number, const char *digest, const char *version,
                                  weir_error **error);

#endif
