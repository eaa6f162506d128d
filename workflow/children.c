/* SPDX-License-Identifier: Apache-2.0 */
/* children.c - an execution that another one has begun ends, and that one is told. */
#include "workflow/ledger.h"

weir_status ledger_execution_ended(ledger *l, const plan *p, int64_t id, const ledger_view *view,
                                   store_state to, const char *reason, weir_error **error)
{
    weir_status status = WEIR_OK;

    if (view->role == STORE_ROLE_HOOK)
        return ledger_hook_ended(l, id, view, to, reason, error);
    if (status == WEIR_OK)
        status = ledger_begin_last_hook(l, p, id, view, to, reason, error);
    return status;
}
