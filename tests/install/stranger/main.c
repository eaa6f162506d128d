/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - pushes two pairs and prints their sums. */
#include <stdio.h>

#include <weir/weir.h>

#include "adder.weir.h"

static void on_sum(const adder_sum *sum, void *arg)
{
    (void)arg;
    printf("%lld\n", (long long)sum->value);
}

int main(void)
{
    static const adder_pair pairs[] = {{.a = 1, .b = 2}, {.a = 2147483647, .b = 1}};
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;

    weir_status status = weir_runtime_new(NULL, &runtime, &error);
    if (status == WEIR_OK)
        status = weir_runtime_load(runtime, &adder_module, &error);
    if (status == WEIR_OK)
        status = adder_on_sums(runtime, on_sum, NULL);
    if (status == WEIR_OK)
        status = weir_runtime_start(runtime, &error);
    if (status == WEIR_OK)
        status = adder_push_pairs_n(runtime, pairs, 2, &error);
    if (status == WEIR_OK)
        status = adder_close_pairs(runtime, &error);
    if (status == WEIR_OK)
        status = weir_runtime_join(runtime, &error);
    if (status != WEIR_OK)
        fprintf(stderr, "%s\n", weir_error_message(error));
    weir_error_free(error);
    weir_runtime_free(runtime);
    return status == WEIR_OK ? 0 : 1;
}
