#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes wire/powers.c: the powers of ten that reading and printing floating-point numbers need."""

FIRST, LAST = -348, 347


def significand(exponent):
    """The leading 128 bits of 10**exponent, rounded down."""
    if exponent >= 0:
        power = 10**exponent
        shift = power.bit_length() - 128
        return power >> shift if shift >= 0 else power << -shift
    power = 10**-exponent
    return (1 << (power.bit_length() + 127)) // power


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* powers.c - powers of ten to 128 bits; written by scripts/powers.py. */")
print('#include "wire/decimal.h"')
print()
print("/* clang-format off */")
print("const wire_power wire_powers[] = {")
for e in range(FIRST, LAST + 1):
    bits = significand(e)
    assert 1 << 127 <= bits < 1 << 128
    print(f"    {{0x{bits >> 64:016x}, 0x{bits & (1 << 64) - 1:016x}}}, /* 1e{e} */")
print("};")
