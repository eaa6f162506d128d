/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.c - priority, then plans in turn, then the executions of a plan in turn. */
#include "store/lanes.h"

#include <string.h>

/* How often lanes of its plan were served. */
static size_t served(const store_claim *want, const lane_head *heads, size_t lane)
{
    size_t count = 0;

    for (size_t i = 0; i < want->lane_count; i++)
        if (want->lanes[i].plan == want->lanes[lane].plan)
            count += heads[i].served;
    return count;
}

static bool comes_before(const store_claim *want, const lane_head *heads, size_t lane, size_t other)
{
    const lane_head *a = &heads[lane], *b = &heads[other];

    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (want->lanes[lane].plan == want->lanes[other].plan)
        return a->round != b->round ? a->round < b->round : a->execution < b->execution;
    return served(want, heads, lane) < served(want, heads, other);
}

size_t lanes_choose(const store_claim *want, const lane_head *heads)
{
    size_t best = want->lane_count;

    for (size_t i = 0; i < want->lane_count; i++)
        if (!heads[i].empty && (best == want->lane_count || comes_before(want, heads, i, best)))
            best = i;
    return best;
}

bool lanes_share_tag(const store_lane *a, const store_lane *b)
{
    return a->tag != NULL && b->tag != NULL && strcmp(a->tag, b->tag) == 0;
}
