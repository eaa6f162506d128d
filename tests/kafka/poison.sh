# SPDX-License-Identifier: Apache-2.0
# Garbage among good records: each is one dead letter that holds the record as it was, and says where it
# came from and why; the good ones go through in order.
. "$(dirname "$0")/common.sh"
topic "$run-in" 3
topic "$run-out" 1
topic "$run-dead" 1
cat >poison.weir.yaml <<Y
module: poison
types: {Number: {k: string(8), n: i64, s: i64}}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, format: msgpack, tombstones: dead_letter,
            until: end, brokers: "\${B}"}
graphs:
  pass:
    when_any: [numbers]
    nodes:
      even: {in: numbers, where: numbers.n / (numbers.n - 7) >= -100, to: out}
sinks:
  out: {kind: kafka, type: Number, topic: $run-out, brokers: "\${B}"}
  dead: {kind: kafka, topic: $run-dead, brokers: "\${B}", librdkafka: {message.max.bytes: 100000}}
dead_letters: dead
Y
python3 - >records <<'P'
import random
chance = random.Random(3)
def good(n):
    return bytes([0x83, 0xa1, 0x6b, 0xa2]) + b"K%d" % (n % 5) + b"\xa1n\xcd" + n.to_bytes(2, "big") + b"\xa1s\xcd" + (n // 5).to_bytes(2, "big")
bad = 0
for n in range(2000):
    print(f"K{n % 5}", good(n).hex(), sep="\t")
    if n % 4:
        continue
    kind = bad % 7
    bad += 1
    value = [bytes([0xc1]) + chance.randbytes(chance.randrange(60)), good(n)[: chance.randrange(1, 16)],
             b"\x91" * 5000 + b"\x01", b"\x83\xa1k\x01\xa1n\x01\xa1s\x01", None,
             b"\x81\xa1k" + b"\xdb" + (200000).to_bytes(4, "big") + b"x" * 200000 if bad == 6 else b"\x00\x00\x00\x00\x09zz",
             b"\xdf\xff\xff\xff\xff"][kind]
    print(f"BAD{bad}", "-" if value is None else value.hex(), sep="\t")
P
kt hex "$run-in" <records
expect_code 0 "$weir" run --json poison.weir.yaml
HEX=1 kt consume "$run-dead" >dead
kt consume "$run-out" >good
python3 - <<'P'
sent = [line.rstrip("\n").split("\t") for line in open("records")]
bad = {key: value for key, value in sent if key.startswith("BAD")}
letters = [line.rstrip("\n").split("\t") for line in open("dead")]
found, failed = {}, 0
for letter in letters:
    key = letter[2]
    if not key.startswith("BAD"):
        failed += 1  # 7: a division by zero in the node
        assert "weir-node=pass.even" in letter, letter
        continue
    assert key not in found, key
    found[key] = letter
    none = letter[3] == "-"
    headers = dict(header.split("=", 1) for header in letter[4 if none else 5:])
    assert headers["h"] == "1" and headers["weir-source"] == "numbers", headers
    assert headers["weir-reason"] and headers["weir-offset"].isdigit() and headers["weir-version"]
    assert headers["weir-topic"].endswith("-in"), headers
    if "weir-cut-from" in headers:
        assert headers["weir-cut-from"] == "200008" and bad[key].startswith(letter[3])
    else:
        assert letter[3] == bad[key], key
    assert none or letter[4] == "1600000000000", letter[4]
assert found.keys() == bad.keys(), (len(found), len(bad))
assert failed == 1, failed
assert any("schema-registry frame, id 9" in " ".join(letter) for letter in letters)
good = sum(1 for _ in open("good"))
assert good == 1999, good
print(f"{good} good, {len(found)} garbage, {failed} failed")
P

# Throughput, with so many of a hundred records garbage; only the ledger is asserted.
sed -e "s/group: $run/assign: all/; s/topic: $run-in/topic: \"\${TOPIC}\"/" poison.weir.yaml >speed.weir.yaml
TOPIC=x expect_code 0 "$weir" build speed.weir.yaml -o poison.so
for share in 0 1 10; do
    topic "$run-$share" 3
    python3 - "$share" <<'P' | kt hex "$run-$share"
import random, sys
share, chance, dead = int(sys.argv[1]), random.Random(1), 0
for n in range(100000):
    good = b"\x83\xa1k\xa2K%d\xa1n\xce%b\xa1s\xcd%b" % (n % 5, (n + 10).to_bytes(4, "big"), (n % 60000).to_bytes(2, "big"))
    bad = [b"\xc1" + chance.randbytes(20), good[:9], b"\x91" * 70 + b"\x01"][n % 3]
    poisoned = chance.randrange(100) < share
    dead += poisoned
    print(f"K{n % 5}", (bad if poisoned else good).hex(), sep="\t")
print(dead, file=open("dead", "w"))
P
    TOPIC=$run-$share expect_code 0 "$weir" run poison.so
    grep -q "100000 received = .* + $(cat dead) dead + 0 waiting" err || fail "$(cat dead) were garbage: $(cat err)"
    echo "$share % garbage: $(sed -n 's/.* in \(.* events.s, .* dead letters\)/\1/p' err)"
done
