/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.h - whom a claim serves next (rule F7): the same for every kind of store. */
#ifndef WEIR_STORE_LANES_H
#define WEIR_STORE_LANES_H

#include "store/store.h"

/* The first task of a lane. */
typedef struct lane_head {
    bool empty;
    int64_t priority, round, execution, position;
    size_t served; /* in this claim */
} lane_head;

/* The lane that is served next; lane_count: all are empty. */
size_t lanes_choose(const store_claim *want, const lane_head *heads);

/* Whether what is claimed from one lane counts for the limit of the other. */
bool lanes_share_tag(const store_lane *a, const store_lane *b);

#endif
