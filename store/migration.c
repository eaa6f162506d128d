/* SPDX-License-Identifier: Apache-2.0 */
/* migration.c - whether the schema of a store is one that this weir knows. */
#include "store/migration.h"

#include <string.h>

const char *store_migration_digest(const store_migration *migration, char text[WEIR_DIGEST_TEXT])
{
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, migration->text);
    return weir_digest_print(sum, text);
}

weir_status store_check_migration(const char *name, const store_migration *known, int known_count,
                                  int number, const char *digest, const char *version,
                                  weir_error **error)
{
    char expected[WEIR_DIGEST_TEXT];

    if (number > known_count)
        return weir_error_set(
            error, WEIR_MISMATCH,
            "the store '%s' was brought to schema %d by weir %s; this is weir %s, "
            "which knows schema %d: use the newer one",
            name, number, version, WEIR_VERSION, known_count);
    if (number >= 1 && strcmp(store_migration_digest(&known[number - 1], expected), digest) == 0)
        return WEIR_OK;
    return weir_error_set(error, WEIR_MISMATCH,
                          "step %d of the schema of '%s' was made by weir %s and differs from that "
                          "of this weir %s (%s, here %s): they do not fit",
                          number, name, version, WEIR_VERSION, digest,
                          number >= 1 ? expected : "none");
}
