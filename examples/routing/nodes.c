/* SPDX-License-Identifier: Apache-2.0 */
/* The node function of routing.weir.yaml: it sets `route`, and the member of that name. */
#include <string.h>

#include "routing.weir.h"

static weir_status review(routing_desk_decide_out *out, const routing_payment *payment,
                          const char *reason)
{
    out->route = ROUTING_DESK_DECIDE_REVIEW;
    out->review.id = payment->id;
    out->review.amount = payment->amount;
    return routing_review_set_reason(&out->review, reason);
}

weir_status routing_desk_decide(weir_firing *firing, const routing_payment *payments,
                                routing_desk_decide_out *out)
{
    (void)firing;
    if (strcmp(payments->country, "XX") == 0)
        return review(out, payments, "unknown country");
    if (payments->amount > 1000)
        return review(out, payments, "large");
    if (payments->amount == 0) {
        out->route = ROUTING_DESK_DECIDE_IGNORE;
        return WEIR_OK;
    }
    out->route = ROUTING_DESK_DECIDE_PAY;
    out->pay = *payments;
    return WEIR_OK;
}
