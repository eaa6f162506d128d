/* SPDX-License-Identifier: Apache-2.0 */
/* untyped.c - payloads of no declared type, as `weir convert` reads and writes them without one.
 * The first byte says whether the input is JSON or MessagePack. */
#include "cli/convert.h"
#include "tests/fuzz/fuzz.h"

static bool convert(weir_format from, weir_format to, weir_slice message, weir_buffer *out)
{
    convert_error error = {.message = ""};
    bool good = convert_untyped(from, to, message, out, &error);

    FUZZ_HOLD(good ? !out->failed : error.message[0] != '\0' && out->size == 0);
    return good;
}

/* What was written reads back as what was written, also by way of the other format. */
static void read_back(const weir_buffer *json)
{
    weir_buffer again = {0}, packed = {0}, unpacked = {0};

    FUZZ_HOLD(convert(WEIR_FORMAT_JSON, WEIR_FORMAT_JSON, fuzz_slice(json), &again));
    FUZZ_HOLD(fuzz_same(json, &again));
    if (convert(WEIR_FORMAT_JSON, WEIR_FORMAT_MSGPACK, fuzz_slice(json), &packed) &&
        convert(WEIR_FORMAT_MSGPACK, WEIR_FORMAT_JSON, fuzz_slice(&packed), &unpacked))
        FUZZ_HOLD(fuzz_same(json, &unpacked));
    weir_buffer_free(&again);
    weir_buffer_free(&packed);
    weir_buffer_free(&unpacked);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    weir_slice input = {data, size};
    weir_format from = fuzz_choice(&input) % 2 == 0 ? WEIR_FORMAT_JSON : WEIR_FORMAT_MSGPACK;
    weir_slice bytes = fuzz_copy(input);
    weir_buffer json = {0}, msgpack = {0}, again = {0};

    if (convert(from, WEIR_FORMAT_JSON, bytes, &json) && from == WEIR_FORMAT_JSON)
        read_back(&json);
    if (convert(from, WEIR_FORMAT_MSGPACK, bytes, &msgpack)) {
        bool good = convert(WEIR_FORMAT_MSGPACK, WEIR_FORMAT_MSGPACK, fuzz_slice(&msgpack), &again);
        FUZZ_HOLD(!good || fuzz_same(&msgpack, &again));
    }
    free((void *)(uintptr_t)bytes.data);
    weir_buffer_free(&json);
    weir_buffer_free(&msgpack);
    weir_buffer_free(&again);
    return 0;
}
