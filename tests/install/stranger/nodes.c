/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c - adds. */
#include "adder.weir.h"

weir_status adder_add_sum(weir_firing *firing, const adder_pair *pairs, adder_sum *out)
{
    (void)firing;
    out->value = (int64_t)pairs->a + pairs->b;
    return WEIR_OK;
}
