#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads gcovr's CSV and prints the lines of each room that the tests run; 1 where too few are."""
import collections
import csv
import sys

LEAST = 90
HELD = ["core", "wire", "codegen", "accumulators", "reactors", "graph", "runtime"]
OTHERS = ["sources", "sinks", "kafka", "workflow", "store", "cli"]


def main():
    total, covered = collections.Counter(), collections.Counter()
    for row in csv.DictReader(sys.stdin):
        room = row["filename"].split("/")[0]
        total[room] += int(row["line_total"])
        covered[room] += int(row["line_covered"])
    poor = []
    for room in HELD + OTHERS:
        percent = 100 * covered[room] / total[room] if total[room] else 0
        print(f"{room:13} {covered[room]:6} of {total[room]:6} lines  {percent:5.1f} %")
        if room in HELD and percent < LEAST:
            poor.append(room)
    if poor:
        print(f"coverage: less than {LEAST} %: {', '.join(poor)}", file=sys.stderr)
    return bool(poor)


if __name__ == "__main__":
    sys.exit(main())
