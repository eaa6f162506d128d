/* SPDX-License-Identifier: Apache-2.0 */
/* include_cpp.cpp - a generated header is one for C++17 too. */
#include "sample.h"

bool quotes_are_equal(const sample_quote *a, const sample_quote *b);

bool quotes_are_equal(const sample_quote *a, const sample_quote *b)
{
    return sample_quote_equal(a, b);
}
