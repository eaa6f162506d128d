# SPDX-License-Identifier: Apache-2.0
# A source that fetches faster than it hands on stops at its buffer's limit, and goes on as soon as
# there is room: not a second later, for which librdkafka before 2.2 sleeps then.
. "$(dirname "$0")/common.sh"
topic "$run-in" 2
cat >refill.weir.yaml <<Y
module: refill
types: {Number: {k: string(8), n: i64, s: i64}}
sources: {numbers: {kind: kafka, type: Number, topic: $run-in, assign: all, until: end, buffer: 1MiB, brokers: "\${B}"}}
graphs: {g: {when_any: [numbers], nodes: {n: {in: numbers, to: out}}}}
sinks: {out: {kind: file, path: /dev/null, type: Number}}
Y
kt number "$run-in" 0 250000 10
expect_code 0 "$weir" build refill.weir.yaml -o refill.so
expect_code 0 "$weir" run --json refill.so
expect_text out '"received_total":250000,"fired":250000,'
took=$(sed 's/.*"elapsed_ns":\([0-9]*\)[0-9]\{6\},.*/\1/' out)
echo "250000 records through a buffer of 1 MiB: $took ms"
[ "$took" -lt 6000 ] || fail "the buffer was refilled late: $took ms"
