/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - the rules once more, written to be obvious: the oracle of the random schedules.
 *
 * It shares no code with the engine; lists are arrays, everything is looked at each time. It knows
 * what a rig's spec and script can say, but for: pools that are full, capacity of channels with
 * policies while their source is held, stops and halts in the middle of a turn. Its record reads as
 * a rig's.
 */
#ifndef WEIR_TESTS_SIMULATION_MODEL_H
#define WEIR_TESTS_SIMULATION_MODEL_H

#include "tests/pipeline/rig.h"

typedef struct oracle oracle;

/* `fails[id]`: how often a firing that sees this item fails. */
oracle *model_new(const rig_spec *spec, const char *false_ids, const char *bad_ids,
                  const uint8_t *fails);
void model_free(oracle *model);
void model_run(oracle *model, const char *script);
const char *model_record(const oracle *model);
bool model_has_ended(const oracle *model);
void model_ledger(const oracle *model, const char *source, char *text, size_t size);

#endif
