/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - a program with a graph inside: it pushes orders and is called back with the verdicts.
 *
 * All is pushed before the start here; a program that goes on pushing starts the runtime on a
 * thread of its own (weir_runtime_start), or on its own loop.
 */
#include <stdio.h>

#include <weir/weir.h>

#include "limits.h"
#include "orders.weir.h"

static void on_accepted(const orders_order *order, void *arg)
{
    int *count = arg;

    printf("%u: %d of %s\n", order->id, order->quantity, order->symbol);
    (*count)++;
}

static void on_refused(const orders_refusal *refusal, void *arg)
{
    (void)arg;
    printf("%u: %s\n", refusal->id, refusal->reason);
}

static weir_status prepare(weir_runtime *runtime, order_limits *limits, int *accepted,
                           weir_error **error)
{
    weir_status status = weir_runtime_load(runtime, &orders_module, error);

    weir_runtime_set_user(runtime, limits);
    if (status == WEIR_OK)
        status = orders_on_accepted(runtime, on_accepted, accepted);
    if (status == WEIR_OK)
        status = orders_on_refused(runtime, on_refused, NULL);
    return status;
}

static weir_status push_orders(weir_runtime *runtime, weir_error **error)
{
    static const orders_order orders[] = {
        {.id = 1, .symbol = "ABC", .quantity = 50},
        {.id = 2, .symbol = "XYZ", .quantity = 5000},
        {.id = 3, .symbol = "ABC", .quantity = 100},
    };
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < sizeof orders / sizeof *orders && status == WEIR_OK; i++)
        status = orders_push_incoming(runtime, &orders[i], error);
    /* The last source has ended, so the runtime ends when it has done its work. */
    return status == WEIR_OK ? orders_close_incoming(runtime, error) : status;
}

int main(void)
{
    order_limits limits = {.largest = 1000};
    int accepted = 0;
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;

    weir_status status = weir_runtime_new(NULL, &runtime, &error);
    if (status == WEIR_OK)
        status = prepare(runtime, &limits, &accepted, &error);
    if (status == WEIR_OK)
        status = push_orders(runtime, &error);
    if (status == WEIR_OK)
        status = weir_runtime_run(runtime, &error);
    if (status == WEIR_OK)
        printf("%d accepted\n", accepted);
    else
        fprintf(stderr, "embed_c: %s\n",
                error != NULL ? weir_error_message(error) : weir_status_text(status));
    weir_error_free(error);
    weir_runtime_free(runtime);
    return status == WEIR_OK ? 0 : 1;
}
