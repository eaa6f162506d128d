/* SPDX-License-Identifier: Apache-2.0 */
/* weir.h - all of libweir's public headers. */
#ifndef WEIR_H
#define WEIR_H

#include <weir/accumulators.h>
#include <weir/core.h>
#include <weir/graph.h>
#include <weir/kinds.h>
#include <weir/reactors.h>
#include <weir/runtime.h>
#include <weir/sinks.h>
#include <weir/sources.h>
#include <weir/task.h>
#include <weir/wire.h>

#endif
