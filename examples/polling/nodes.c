/* SPDX-License-Identifier: Apache-2.0 */
/* The poll function of polling.weir.yaml. Another one would read a device; this one warms up by a
 * degree a second and falls back after a minute, so that its test knows what to expect. */
#include "polling.weir.h"

static const int64_t second = 1000000000;

weir_status read_thermometer(weir_firing *firing, polling_temperature *out)
{
    int64_t seconds = firing->now / second;

    out->celsius = 20 + (double)(seconds % 60);
    out->at = firing->now;
    /* WEIR_SKIP would say: nothing new. */
    return WEIR_OK;
}
