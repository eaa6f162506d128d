/* SPDX-License-Identifier: Apache-2.0 */
/* tasks.c - the task function of nightly.weir.yaml. */
#include <stdlib.h>
#include <string.h>

#include "nightly.weir.h"

weir_answer nightly_total(weir_task *task)
{
    const char *amounts = weir_task_get(task, "amounts"); /* "[120,80]" */
    int64_t total = 0;

    if (amounts == NULL)
        return weir_task_fail_for_good(task, "there are no amounts");
    for (const char *at = strpbrk(amounts, "0123456789"); at != NULL;
         at = strpbrk(at, "0123456789")) {
        char *end;
        total += strtoll(at, &end, 10);
        at = end;
    }
    weir_task_set_integer(task, "total", total);
    weir_task_delete(task, "amounts");
    return WEIR_TASK_DONE;
}
