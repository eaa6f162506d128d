# SPDX-License-Identifier: Apache-2.0
# Other people's clients: what they write is read, and what is written here is read by them, under each
# codec that they have. kafkajs has gzip of its own and snappy as an add-on; lz4 and zstd would need
# native code there, and are left out.
clients=${XDG_CACHE_HOME:-$HOME/.cache}/weir/clients
. "$(dirname "$0")/common.sh"
[ -x "$clients/bin/python" ] || exit 77
py() {
    timeout 60 "$clients/bin/python" "$here/interop.py" "$@"
}
js() {
    CLIENTS=$clients timeout 60 node "$here/interop.mjs" "$@"
}
kc() {
    timeout 60 kcat -q -b "$B" "$@"
}

types="{Row: {k: string(8), n: i64, x: f64, yes: bool, big: u64, at: timestamp, raw: bytes(8), note: optional string(8), list: i32 x 0..4}}"
# relay NAME SOURCE SINK: NAME.so, of which topic, format and codec come from the environment.
relay() {
    cat >"$1.weir.yaml" <<Y
module: $1
types: $types
sources: {rows: {type: Row, dead_letters: dead, $2}}
graphs: {pass: {when_any: [rows], nodes: {pass: {in: rows, to: out}}}}
sinks: {out: {type: Row, $3}, dead: {kind: file, path: $1.dead.jsonl}}
Y
    TOPIC=x FORMAT=json CODEC=none expect_code 0 "$weir" build "$1.weir.yaml" -o "$1.so"
}
relay reader 'kind: kafka, topic: "${TOPIC}", assign: all, until: end, format: "${FORMAT}", brokers: "${B}"' "kind: stdout, format: json"
relay writer "kind: file, path: rows.jsonl" \
    'kind: kafka, topic: "${TOPIC}", format: "${FORMAT}", key: k, compression: "${CODEC}", brokers: "${B}"'
# reads NAME TOPIC FORMAT: it gives the rows.
reads() {
    TOPIC=$2 FORMAT=$3 expect_code 0 "$weir" run reader.so
    diff rows.jsonl out || fail "$1: the rows differ"
    expect_text err "4 received = 4 fired"
    echo "read: $1"
}
# given NAME COMMAND...: it is given the rows.
given() {
    name=$1
    shift
    "$@" >got || fail "$name: it cannot read them"
    diff rows.jsonl got || fail "$name: the rows differ"
    echo "written: $name"
}

py - rows >rows.jsonl
for codec in none gzip snappy lz4 zstd; do
    for client in py js kc; do
        topic "$run-$client-$codec" 1
    done
    py "$B" write "$run-py-$codec" "$codec"
    reads "confluent-kafka, msgpack, $codec" "$run-py-$codec" msgpack
    kc -P -z "$codec" -K '|' -t "$run-kc-$codec" <<K
$(sed 's/{"k":"\(.\)"/\1|&/' rows.jsonl)
K
    reads "kcat, JSON, $codec" "$run-kc-$codec" json
    case "$codec" in
    none | gzip | snappy)
        js "$B" write "$run-js-$codec" "$codec"
        reads "kafkajs, msgpackr, $codec" "$run-js-$codec" msgpack
        ;;
    esac
done

for codec in none gzip snappy lz4 zstd; do
    for format in msgpack json; do
        topic "$run-$format-$codec" 1
        TOPIC=$run-$format-$codec FORMAT=$format CODEC=$codec expect_code 0 "$weir" run writer.so
    done
    given "confluent-kafka, msgpack, $codec" py "$B" read "$run-msgpack-$codec"
    given "kcat, JSON, $codec" kc -C -e -f '%s\n' -t "$run-json-$codec"
    case "$codec" in
    none | gzip | snappy) given "kafkajs, msgpackr, $codec" js "$B" read "$run-msgpack-$codec" ;;
    esac
done

# What JavaScript calls undefined is an extension that only msgpackr knows: it is named.
topic "$run-undefined" 1
js "$B" undefined "$run-undefined"
TOPIC=$run-undefined FORMAT=msgpack expect_code 0 "$weir" run reader.so
expect_text err "1 received = 0 fired"
expect_text reader.dead.jsonl "note"
cat reader.dead.jsonl
