/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c - the node functions of orders.weir.yaml. */
#include "limits.h"
#include "orders.weir.h"

weir_status orders_check_limit(weir_firing *firing, const orders_order *incoming,
                               orders_check_limit_out *out)
{
    const order_limits *limits = firing->user;

    if (incoming->quantity <= limits->largest) {
        out->route = ORDERS_CHECK_LIMIT_PASS;
        out->pass = *incoming;
        return WEIR_OK;
    }
    out->route = ORDERS_CHECK_LIMIT_REFUSE;
    out->refuse.id = incoming->id;
    return orders_refusal_set_reason(&out->refuse, "too large");
}
