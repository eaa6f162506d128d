/* SPDX-License-Identifier: Apache-2.0 */
/* callback.c - results go to a function of the host's. */
#include "sinks/sink.h"

const weir_sink_kind weir_callback_sink = {
    .base = {.name = "callback",
             .summary = "Hands each result to a C function, set by MODULE_on_SINK."},
};
