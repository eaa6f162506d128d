/* SPDX-License-Identifier: Apache-2.0 */
/* channel.h - events from the program itself: a bounded ring that any thread pushes into. */
#ifndef WEIR_SOURCES_CHANNEL_H
#define WEIR_SOURCES_CHANNEL_H

#include <weir/sources.h>

extern const weir_source_kind weir_channel;

/* Pushes all `count` values or none, with one stamp. `may_block`: the caller is not the runtime's
 * own thread. Any thread. */
WEIR_MUST_USE weir_status weir_channel_push(weir_source *source, const void *values, size_t count,
                                            int64_t stamp, bool may_block, weir_error **error);

/* No more pushes; what waits is still read. Any thread. */
void weir_channel_close(weir_source *source);

/* Counts the newest pushes in the ledger; how many events wait in the ring. The runtime's thread.
 */
uint64_t weir_channel_count(weir_source *source);

/* How `conflate` compares: the key's parts in a value. Before the first push. */
void weir_channel_set_key(weir_source *source, const weir_key_part *parts, uint32_t count);

#endif
