/* SPDX-License-Identifier: Apache-2.0 */
/* replay.h - what both sides of the replay benchmark share. */
#ifndef WEIR_BENCH_REPLAY_H
#define WEIR_BENCH_REPLAY_H

#include "tape.weir.h"

/* By hand, for these very types: reads `from`, calls the node, writes `to`; false: it failed. What
 * they are given is what the benchmark wrote; they check no more than that it ends. */
bool csv_by_hand(const char *from, const char *to);
bool msgpack_by_hand(const char *from, const char *to);

#endif
