/* SPDX-License-Identifier: Apache-2.0 */
/* check_deletes.c - `tombstones: delete_key`: what a record's key deletes must be known by it. */
#include <string.h>

#include "codegen/check.h"

static void check_key(checker *check, const spec_source *source, const char *field,
                      const spec_accumulator *accumulator)
{
    if (accumulator->key_names.count == 1 &&
        strcmp(accumulator->key_names.items[0].text, field) == 0)
        return;
    diagnostics_error(check->log, accumulator->key_names.items[0].where,
                      "the key of '%s' is not '%s', by which the tombstones of '%s' delete",
                      accumulator->name, field, source->name);
}

static void check_source(checker *check, const spec_source *source)
{
    const char *field = check_setting(&source->settings, "key_to");
    size_t keyed = 0;

    if (field == NULL) {
        diagnostics_error(check->log, source->where,
                          "source '%s' cannot delete keys: a tombstone has nothing but the "
                          "record's key, and `key_to:` does not say which field that is",
                          source->name);
        return;
    }
    for (size_t i = 0; i < check->model->accumulator_count; i++) {
        const spec_accumulator *accumulator = check->model->accumulators[i];
        if (accumulator->source != source || accumulator->key_names.count == 0)
            continue;
        keyed++;
        if (!check_has_variable(field))
            check_key(check, source, field, accumulator);
    }
    if (keyed == 0)
        diagnostics_error(check->log, source->where,
                          "source '%s' has no keys to delete: no accumulator that it feeds has "
                          "`key: %s`",
                          source->name, field);
}

void check_deletes(checker *check)
{
    for (size_t i = 0; i < check->model->source_count; i++) {
        const spec_source *source = &check->model->sources[i];
        const char *rule = check_setting(&source->settings, "tombstones");
        if (rule != NULL && strcmp(rule, "delete_key") == 0)
            check_source(check, source);
    }
}
