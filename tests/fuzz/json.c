/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - generated JSON decoders; the first byte chooses the type. */
#include "tests/fuzz/codec.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    return fuzz_codec(WEIR_FORMAT_JSON, data, size);
}
