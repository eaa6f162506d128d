# SPDX-License-Identifier: Apache-2.0
# The example: a producer, the market maker and a consumer, all of it weir.
. "$(dirname "$0")/common.sh"
topic quotes 4
topic policies 1
topic orders 2
topic dead 1
WEIR="$weir" KAFKA_BROKERS="$B" expect_code 0 "$root/examples/kafka-market/run" "$work/market"
expect_text out "source quotes: 300 received = 248 fired + 0 kept + 52 filtered"
expect_text out "orders:    114"
