#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ledger COUNT [--once]: reads what `tool consume` prints of relayed numbers; nothing may be lost, and
each key's records come first in their order; with --once nothing may come twice."""
import json
import sys

count, once = int(sys.argv[1]), "--once" in sys.argv
seen, newest, twice, turned = set(), {}, 0, []
for line in sys.stdin:
    record = json.loads(line.rstrip("\n").split("\t")[3])
    key, number, place = record["k"], record["n"], record["s"]
    if number in seen:
        twice += 1
        continue
    seen.add(number)
    if place < newest.get(key, -1):
        turned.append((key, place, newest[key]))
    newest[key] = max(place, newest.get(key, -1))
lost = sorted(set(range(count)) - seen)
print(f"{count} sent, {len(seen)} relayed, {len(lost)} lost, {twice} twice, {len(turned)} out of order")
if lost or turned or (once and twice):
    print("lost:", lost[:10], "out of order:", turned[:10], file=sys.stderr)
    sys.exit(1)
