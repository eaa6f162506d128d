/* SPDX-License-Identifier: Apache-2.0 */
/* timer.h - a tick at a fixed beat. */
#ifndef WEIR_SOURCES_TIMER_H
#define WEIR_SOURCES_TIMER_H

#include <weir/sources.h>

extern const weir_source_kind weir_timer_source;

#endif
