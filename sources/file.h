/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - events from files. */
#ifndef WEIR_SOURCES_FILE_H
#define WEIR_SOURCES_FILE_H

#include <weir/sources.h>

extern const weir_source_kind weir_file;

#endif
