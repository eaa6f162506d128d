/* SPDX-License-Identifier: Apache-2.0 */
/* unix.h - events from other processes, over a stream socket. */
#ifndef WEIR_SOURCES_UNIX_H
#define WEIR_SOURCES_UNIX_H

#include <weir/sources.h>

extern const weir_source_kind weir_unix_source;

#endif
