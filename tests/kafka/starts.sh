# SPDX-License-Identifier: Apache-2.0
# Where reading begins and ends: offsets, times, the newest; partitions that are added later; several
# topics, by a list and by a pattern; headers into fields; record times.
. "$(dirname "$0")/common.sh"
spec() {
    cat >"$1.weir.yaml" <<Y
module: ${1}_case
types: {Item: {n: i64, h: {type: string(4), default: none}, at: {type: timestamp(ms), default: 0}}}
sources: {items: {kind: kafka, type: Item, brokers: "\${B}", until: ${until:-end}, dead_letters: none, headers: {h: h}, time_to: at, $2}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: stdout, type: Item}}
Y
}
# gives NAME OPTIONS NUMBERS: those that come, in order of partitions.
gives() {
    spec "$1" "$2"
    expect_code 0 "$weir" run "$1.weir.yaml"
    got=$(sed 's/.*"n":\([0-9]*\).*/\1/' out | sort -n | tr '\n' ' ')
    [ "$got" = "${3:+$3 }" ] || fail "$1 gives '$got', not '$3'"
}
send() {
    for n in $2; do printf 'k\t{"n":%s}\n' "$n"; done | kt produce "$run-$1" "${3:-0}"
}
topic "$run-a" 1
topic "$run-b" 1
send a "1 2 3"
send b "11 12"
gives earliest "topic: $run-a, assign: all" "1 2 3"
gives offset "topic: $run-a, assign: all, start: offset 1" "2 3"
gives list "topic: '$run-a, $run-b', assign: all" "1 2 3 11 12"
gives pattern "topic: '^$run-.\$', assign: all" "1 2 3 11 12"
gives grouped "topic: '^$run-.\$', group: $run-pattern" "1 2 3 11 12"
gives past "topic: $run-a, assign: all, start: -1h" "1 2 3"
gives old "topic: $run-a, assign: all, start: '2001-01-01T00:00:00Z'" "1 2 3"
gives future "topic: $run-a, assign: all, start: '2099-01-01T00:00:00Z'" "" 
topic "$run-old" 1
printf 'k\t7b226e223a31357d\n' | kt hex "$run-old"
send old 16
until="'2021-01-01T00:00:00Z'"
gives before "topic: $run-old, assign: all" 15
# One that is to come is waited for, and what comes until then is read.
until="'$(date -u -d '4 seconds' +%FT%TZ)'"
spec coming "topic: $run-old, assign: all"
begin coming run coming.weir.yaml
await 20 grep -q 16 coming.out
send old 17
await 20 grep -q 17 coming.out
finish coming "$pid" 0
[ "$(date +%s)" -ge "$(date -d "$(echo "$until" | tr -d "'")" +%s)" ] || fail "it did not wait for $until"
until="'2001-01-01T00:00:00Z'"
gives ended "topic: $run-a, assign: all" ""
until=end

# A group that begins at the newest; what comes later is read, in a new partition from its beginning.
spec latest "topic: $run-b, group: $run-latest, start: latest"
expect_code 0 "$weir" run latest.weir.yaml
[ ! -s out ] || fail "latest gives what was there before"
kt grow "$run-b" 2
send b "13"
send b "21 22" 1
gives later "topic: $run-b, group: $run-latest, start: latest" "13 21 22"

# Also a topic that comes to match the group's pattern; a pattern matches whole names.
spec born "topic: '^$run-born.', group: $run-born, start: latest"
topic "$run-born1" 1
topic "$run-born-long" 1
send born1 7
expect_code 0 "$weir" run born.weir.yaml
[ ! -s out ] || fail "latest gives what was there before: $(cat out)"
topic "$run-born2" 1
send born2 8
send born-long 9
gives born "topic: '^$run-born.', group: $run-born, start: latest" 8
spec bad "topic: '$run-a, ^$run-born.', group: g"
expect_code 2 "$weir" run bad.weir.yaml
expect_text err "is not a name, a list of names or a regular expression"

# Record data in fields.
printf 'k\t7b226e223a337d\n' | kt hex "$run-a"
spec fields "topic: $run-a, assign: all, start: offset 3"
expect_code 0 "$weir" run fields.weir.yaml
expect_text out '{"n":3,"h":"1","at":1600000000000}'

# What cannot be is said in a sentence.
until="'2099-01-01T00:00:00Z'" # it would end at once where the topic is seen before its record
spec nowhere "topic: $run-none, assign: all"
begin nowhere run nowhere.weir.yaml
await 20 grep -q "there is no topic '$run-none' yet" nowhere.err
kt topic "$run-none" 1
send none 5
await 20 grep -q '"n":5' nowhere.out
kill -TERM "$pid"
finish nowhere "$pid" 0
until=end
spec bad "topic: $run-a"
expect_code 2 "$weir" run bad.weir.yaml
expect_text err "needs the option 'group', or 'assign: all'"
expect_text err "the source 'items' has neither \`group:\` nor \`assign: all\`: \`weir replay\` reads it, \`weir run\` does not"
spec bad "topic: $run-a, assign: all, start: yesterday"
expect_code 2 "$weir" run bad.weir.yaml
expect_text err "'yesterday' of option 'start' is not earliest, latest"
spec bad "topic: $run-a, assign: all, librdkafka: {enable.auto.commit: true}"
expect_code 2 "$weir" run bad.weir.yaml
expect_text err "the property 'enable.auto.commit' is weir's own to set"
spec bad "topic: $run-a, group: g, librdkafka: {partition.assignment.strategy: cooperative-sticky}"
if pkg-config --max-version=2.9.99 rdkafka; then
    expect_code 2 "$weir" run bad.weir.yaml
    expect_text err "needs 2.10 or newer"
fi
echo hush-hush >secret
spec bad "topic: $run-a, assign: all, librdkafka: {sasl.password: '\${file:secret}', ssl.keystore.password: '\${file:secret}', security.protocol: wrong}"
expect_code 2 "$weir" run bad.weir.yaml
! grep -q hush err || fail "a secret is printed"
spec bad "topic: $run-a, assign: all, librdkafka: {security.protocol: ssl}"
expect_code 3 "$weir" run bad.weir.yaml
expect_text err "TLS failed"

# A sink without its topic.
cat >sink.weir.yaml <<Y
module: sinks
types: {Item: {n: i64}}
sources: {items: {kind: file, type: Item, path: items.jsonl}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: kafka, type: Item, brokers: "\${B}", topic: $run-nosink, librdkafka: {topic.metadata.propagation.max.ms: 500}}}
Y
echo '{"n":1}' >items.jsonl
expect_code 3 "$weir" run sink.weir.yaml
expect_text err "the topic is not there"
