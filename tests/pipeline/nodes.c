/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c - the node functions of nodes.weir.yaml. */
#include "nodes.weir.h"

weir_status nodes_branches_split(weir_firing *firing, const nodes_v *a,
                                 nodes_branches_split_out *out)
{
    (void)firing;
    out->route = a->n == 0   ? NODES_BRANCHES_SPLIT_NOTHING
                 : a->n < 10 ? NODES_BRANCHES_SPLIT_LOW
                             : NODES_BRANCHES_SPLIT_HIGH;
    out->low = *a; /* where its route is not taken nobody reads it */
    return WEIR_OK;
}

weir_status nodes_branches_odd(weir_firing *firing, const nodes_v *a, nodes_v *out)
{
    (void)firing;
    *out = *a;
    return a->n % 2 != 0 ? WEIR_OK : WEIR_SKIP;
}

weir_status nodes_sums_add(weir_firing *firing, const nodes_v *b, nodes_sums_add_state *state,
                           nodes_v *out)
{
    (void)firing;
    state->sum += b->n;
    out->n = state->sum;
    return WEIR_OK;
}

weir_status nodes_sums_check(weir_firing *firing, const nodes_v *add, nodes_sums_check_state *state,
                             nodes_v *out)
{
    state->runs++;
    *out = *add;
    return add->n == 13 ? weir_fail(firing, "13 after %d runs", (int)state->runs) : WEIR_OK;
}
