#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ledger COUNT [--once | --stops N]: reads what `tool consume` prints of relayed numbers. Nothing may be
lost, and each key's records come in their order: one after the other, or going back to repeat a
stretch, which is what an interruption may do; with --stops that often at most, with --once never."""
import json
import sys

count = int(sys.argv[1])
stops = 0 if "--once" in sys.argv else int(sys.argv[3]) if "--stops" in sys.argv else None
seen, newest, back, twice, turned = set(), {}, {}, 0, []
for line in sys.stdin:
    record = json.loads(line.rstrip("\n").split("\t")[3])
    key, number, place = record["k"], record["n"], record["s"]
    twice += number in seen
    seen.add(number)
    before = newest.get(key, -1)
    if place > before + 1:
        turned.append((key, before, place))
    back[key] = back.get(key, 0) + (place <= before)
    newest[key] = place
lost = sorted(set(range(count)) - seen)
most = max(back.values(), default=0)
print(f"{count} sent, {len(seen)} relayed, {len(lost)} lost, {twice} twice in at most {most} stretches a key, "
      f"{len(turned)} out of order")
if lost or turned or (stops is not None and most > stops):
    print("lost:", lost[:10], "out of order (key, place, next):", turned[:10], file=sys.stderr)
    sys.exit(1)
