/* SPDX-License-Identifier: Apache-2.0 */
/* retry.c - how long a failed task waits for its next run. */
#include "workflow/ledger.h"

static int64_t plain_delay(const weir_retry_config *retry, int64_t spent)
{
    int64_t delay = retry->delay;

    if (retry->backoff == WEIR_BACKOFF_LINEAR && __builtin_mul_overflow(delay, spent, &delay))
        delay = INT64_MAX;
    for (int64_t i = 1; retry->backoff == WEIR_BACKOFF_EXPONENTIAL && i < spent; i++) {
        if (delay >= retry->max_delay)
            break;
        if (__builtin_mul_overflow(delay, 2, &delay))
            delay = INT64_MAX;
    }
    return delay < 0 || delay > retry->max_delay ? retry->max_delay : delay;
}

int64_t retry_delay(const weir_retry_config *retry, int64_t spent, uint64_t seed)
{
    int64_t delay = plain_delay(retry, spent), quarter = delay / 4;

    if (!retry->jitter || quarter == 0)
        return delay;
    /* A mixed word: neighbours lie far apart. */
    seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
    seed = (seed ^ seed >> 27) * 0x94d049bb133111ebu;
    seed ^= seed >> 31;
    int64_t moved = delay - quarter + (int64_t)(seed % (2 * (uint64_t)quarter + 1));
    return moved > retry->max_delay ? retry->max_delay : moved;
}
