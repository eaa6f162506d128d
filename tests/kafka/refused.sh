# SPDX-License-Identifier: Apache-2.0
# What a cluster refuses is said in a sentence: what no waiting mends ends the run with exit code 3, all
# else is tried again.
. "$(dirname "$0")/common.sh"
S=$(cat "$dir/sasl") T=$(cat "$dir/tls")
topic "$run" 1
login="security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.username: weir, sasl.password"

# reads NAME BROKERS TOPIC PROPERTIES [GROUP]: a spec that reads.
reads() {
    cat >"$1.weir.yaml" <<Y
module: refused
types: {Item: {n: i64}}
sources:
  items: {kind: kafka, type: Item, topic: $3, ${5:-group: $run,} until: end, brokers: "$2", dead_letters: none, librdkafka: {$4}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: stdout, type: Item}}
Y
}

# ends NAME SENTENCE: it ends with exit code 3, and says so.
ends() {
    expect_code 3 timeout 30 "$weir" run "$1.weir.yaml"
    expect_text err "$2"
}

# goes_on NAME SENTENCE: it says so and tries again, until it is stopped.
goes_on() {
    begin "$1" run "$1.weir.yaml"
    await 20 grep -qF "$2" "$1.err"
    kill -TERM "$pid"
    finish "$1" "$pid" 0
}

reads login "$S" "$run" "$login: wrong"
ends login "the cluster refuses the login; check the sasl properties"
! grep -q wrong err || fail "a secret is printed"
reads group "$S" "$run" "$login: secret"
ends group "no permission for the consumer group; the user needs READ on it"
reads certificate "$T" "$run" "security.protocol: SSL"
ends certificate "TLS failed; check security.protocol and the ssl properties"
reads trusted "$T" "$run" "security.protocol: SSL, ssl.ca.location: $dir/tls.pem"
expect_code 0 "$weir" run trusted.weir.yaml
reads tls_to_plain "$B" "$run" "security.protocol: SSL"
ends tls_to_plain "TLS failed; check security.protocol"
reads plain_to_tls "$T" "$run" "client.id: test"
goes_on plain_to_tls "the cluster does not answer this protocol; check security.protocol"
reads plain_to_sasl "$S" "$run" "client.id: test"
goes_on plain_to_sasl "the cluster does not answer this protocol; check security.protocol"
reads unknown "$B" "$run-no" "client.id: test"
goes_on unknown "the topic is not there; create it, or check its name"
reads unknown_all "$B" "$run-no" "client.id: test" "assign: all,"
sed -i 's/until: end, //' unknown_all.weir.yaml
goes_on unknown_all "the topic is not there; create it, or check its name"

# A sink, by itself and in a transaction.
cat >sink.weir.yaml <<Y
module: refused
types: {Item: {n: i64}}
sources: {items: {kind: file, type: Item, path: items.jsonl}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: kafka, type: Item, topic: $run, brokers: "$S", librdkafka: {$login: secret}}}
Y
echo '{"n":1}' >items.jsonl
ends sink "no permission for the topic; the user needs READ to consume, WRITE to produce"
topic "$run-joint" 1
kt allow topic "$run-joint"
kt allow group "$run-joint"
cat >joint.weir.yaml <<Y
module: refused
types: {Item: {n: i64}}
sources: {items: {kind: kafka, type: Item, topic: $run-joint, group: $run-joint, brokers: "$S", dead_letters: none, librdkafka: {$login: secret}}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: kafka, type: Item, topic: $run, delivery: exactly_once, transactional_id: $run, brokers: "$S", librdkafka: {$login: secret}}}
Y
ends joint "no permission for the transactional id; the user needs WRITE and DESCRIBE on it"
