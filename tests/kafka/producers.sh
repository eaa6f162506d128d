# SPDX-License-Identifier: Apache-2.0
# Sinks that want the same of a cluster share a producer, each with a limit of its own; a record that
# is longer than the limit still goes.
. "$(dirname "$0")/common.sh"
topic "$run-in" 1
for name in a b c; do topic "$run-$name" 1; done
cat >three.weir.yaml <<Y
module: three
types: {Text: {t: string(200000)}}
sources: {texts: {kind: kafka, type: Text, topic: $run-in, group: $run, dead_letters: none, brokers: "\${B}"}}
graphs:
  g: {when_any: [texts], nodes: {x: {in: texts, to: a}, y: {in: texts, to: b}, z: {in: texts, to: c}}}
sinks:
  a: {kind: kafka, type: Text, topic: $run-a, buffer: 64KiB, brokers: "\${B}"}
  b: {kind: kafka, type: Text, topic: $run-b, brokers: "\${B}"}
  c: {kind: kafka, type: Text, topic: $run-c, linger: 20ms, brokers: "\${B}"}
Y
expect_code 0 "$weir" build three.weir.yaml -o three.so
begin three run --stats 100ms --metrics three.prom three.so
three=$pid
for i in 1 2 3; do
    awk -v i=$i 'BEGIN { printf "-\t{\"t\":\""; for (k = 0; k < 100000; k++) printf "%d", i; print "\"}" }'
done | kt produce "$run-in" 0
await 20 kt past "$run" "$run-in" 3
for name in a b c; do
    kt consume "$run-$name" | awk -v name="$name" 'length($0) < 100000 { exit 1 } END { exit NR != 3 }' ||
        fail "$name has not all three"
done
# A source has one client, too.
clients=$(cat /proc/"$three"/task/*/comm | grep -c '^rdk:main')
[ "$clients" = 3 ] || fail "there are $clients clients of the cluster, not 3"
kill -TERM "$three"
finish three "$three" 0

# The one that loses something says so, and names its topic.
sed -i "s/topic: $run-b/topic: $run-none, librdkafka: {topic.metadata.propagation.max.ms: 100}/; s/group: $run/group: $run-again/" three.weir.yaml
sed -i "s/topic: $run-a,/topic: $run-a, librdkafka: {topic.metadata.propagation.max.ms: 100},/" three.weir.yaml
begin none run three.weir.yaml
finish none "$pid" 3
expect_text none.err "sinks 'a', 'b': the topic is not there"
expect_text none.err "topic '$run-none'"
expect_text none.err "; 300120 bytes of results are not written"
