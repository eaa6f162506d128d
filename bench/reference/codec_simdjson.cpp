/* SPDX-License-Identifier: Apache-2.0 */
/* codec_simdjson.cpp - the reference side of the codec benchmark: simdjson on demand. */
#include "bench/codec.h"

#include <cstring>
#include <simdjson.h>
#include <string_view>

extern "C" void simdjson_decode(bench_data *data)
{
    simdjson::ondemand::parser parser;

    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        const weir_slice message = data->messages[i];
        sample_quote *quote = &data->results[i];
        simdjson::padded_string_view view(reinterpret_cast<const char *>(message.data),
                                          message.size, message.size + simdjson::SIMDJSON_PADDING);
        auto document = parser.iterate(view);
        auto object = document.get_object();
        std::string_view symbol = object["symbol"].get_string();
        std::memset(quote->symbol, 0, sizeof quote->symbol);
        std::memcpy(quote->symbol, symbol.data(), symbol.size());
        quote->bid = object["bid"].get_double();
        quote->ask = object["ask"].get_double();
        quote->bid_size = object["bid_size"].get_double();
        quote->ask_size = object["ask_size"].get_double();
        quote->ts = object["ts"].get_int64();
    }
}
