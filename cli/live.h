/* SPDX-License-Identifier: Apache-2.0 */
/* live.h - some lines at the bottom of the terminal, on standard error, that are drawn over again.
 *
 * What is cut to the window's size, which is asked for each time, and redrawn in one piece. Other
 * lines of the command come above. Any thread; nothing where it has not begun.
 */
#ifndef WEIR_CLI_LIVE_H
#define WEIR_CLI_LIVE_H

#include "cli/cli.h"

/* False: standard error is no terminal, or one that cannot move its cursor; or with --quiet. */
bool live_begin(const cli_arguments *arguments);
/* What stands there from now on: lines with a newline between them. */
void live_draw(const char *text);
/* How many lines there is room for, at least 1. */
size_t live_room(void);
/* It stays as it is, or is erased; what comes then is as ever. */
void live_end(bool stays);

/* Around something else that is printed, whole lines. */
void live_make_way(void);
void live_come_back(void);

enum { LIVE_BAR = 42 };
/* "[##########....................]  33%  ", shorter in a narrow window; "": it is not known how
 * much there is. */
const char *live_bar(uint64_t done, uint64_t total, char text[LIVE_BAR]);

#endif
