/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - the pages that `weir reference` prints. */
#ifndef WEIR_CLI_REFERENCE_H
#define WEIR_CLI_REFERENCE_H

#include "cli/cli.h"

void reference_print_manual(void);

#endif
