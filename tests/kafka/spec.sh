# SPDX-License-Identifier: Apache-2.0
# Sourced: numbered SPEC [SOURCE-OPTIONS [SINK-OPTIONS]] writes a spec that relays numbers from $run-in
# to $run-out.
numbered() {
    cat >"$1" <<Y
module: numbers
types:
  Number: {k: string(8), n: i64, s: i64}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, brokers: "\${B}", dead_letters: none${2:+, $2}}
graphs:
  pass:
    when_any: [numbers]
    nodes: {pass: {in: numbers, to: out}}
sinks:
  out: {kind: kafka, type: Number, topic: $run-out, key: k, brokers: "\${B}"${3:+, $3}}
Y
}
