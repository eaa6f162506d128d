/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - what the program and its node functions share. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdint.h>

typedef struct order_limits {
    int32_t largest; /* of one order */
} order_limits;

#endif
