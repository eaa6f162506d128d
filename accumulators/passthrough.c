/* SPDX-License-Identifier: Apache-2.0 */
/* passthrough.c - each event is a boundary. */
#include "accumulators/accumulator.h"

static weir_status take(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                        weir_event *event, const void **boundary, weir_ticket **ticket)
{
    (void)accumulator;
    (void)cell;
    (void)firing;
    (void)ticket;
    *boundary = event->value;
    return WEIR_OK;
}

const weir_accumulator_kind weir_passthrough = {
    .base = {.name = "passthrough", .summary = "Each event is a boundary."},
    .take = take,
};
