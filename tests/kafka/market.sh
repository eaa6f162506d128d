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
grep -Eq '4 partitions, lag 0, [1-9][0-9]*/s, ([1-9] of [1-9] brokers, )?1 rebalances' out ||
    fail "the summary tells no rate, or brokers of which nothing is known: $(cat out)"
