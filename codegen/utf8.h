/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - is a file UTF-8, and if not, where does it stop being so. */
#ifndef WEIR_CODEGEN_UTF8_H
#define WEIR_CODEGEN_UTF8_H

#include <weir/core.h>

/* True: `text` is well-formed UTF-8. Else `place` gets line and column of the first bad byte. */
bool utf8_check(const char *text, size_t size, weir_place *place);

#endif
