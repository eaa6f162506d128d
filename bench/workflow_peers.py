#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Durable workflows in DBOS and in weir: workflow_peers.py COMMAND FOLDER, weir's side (bench_workflow_peers)
and where stores are made. A workflow of three steps, and one that fans out to 1,000 tasks, 1 and 32 in flight, each
side over a file of SQLite as it sets that up itself. One JSON line a figure: executions a second, their median
and 99th percentile, and the memory of the process; `reference` is DBOS's."""
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from dbos import DBOS

FAN = 1000
UNITS = {"per_second": ("executions/s", "higher"), "p50_ms": ("ms", "lower"), "p99_ms": ("ms", "lower"),
         "rss_mib": ("MiB", "lower")}


@DBOS.step()
def add_one(value):
    return value + 1


@DBOS.workflow()
def three_steps(value):
    return add_one(add_one(add_one(value)))


@DBOS.workflow()
def nothing(value):
    return value


@DBOS.workflow()
def fan_out(name):
    queue = DBOS.retrieve_queue(name)
    return sum(handle.get_result() for handle in [queue.enqueue(nothing, i) for i in range(FAN)])


def timed(call, *arguments):
    began = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - began) * 1e3


def run_dbos(shape, at_once, count):
    """In this process, over the store that it was launched with."""
    began = time.perf_counter()
    if shape == "steps":
        with ThreadPoolExecutor(at_once) as pool:
            times = sorted(pool.map(lambda i: timed(three_steps, i), range(count)))
    else:
        times = sorted(timed(fan_out, f"q{at_once}") for _ in range(count))
    seconds = time.perf_counter() - began
    return {"per_second": count / seconds, "p50_ms": times[count // 2], "p99_ms": times[count * 99 // 100],
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run_weir(command, folder, shape, at_once, count):
    for path in folder.glob("peers.db*"):
        path.unlink()
    words = [command, f"sqlite:{folder}/peers.db", shape, str(at_once), str(count)]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def report(case, ours, theirs):
    for figure, (unit, better) in UNITS.items():
        pairs = [(a[figure], b[figure]) for a, b in zip(ours, theirs)]
        name = f"dbos_{case}" + ("" if figure == "per_second" else f"_{figure.split('_')[0]}")
        print(json.dumps({"bench": "workflow_peers", "case": name, "ours": round(median(a for a, _ in pairs), 2),
                          "reference": round(median(b for _, b in pairs), 2),
                          "ratio": round(median(a / b for a, b in pairs), 4), "better": better, "unit": unit,
                          "rounds": len(pairs)}, separators=(",", ":")), flush=True)


def main():
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("dbos.sqlite*"):
        path.unlink()
    os.environ["DBOS__CLOUD"] = "false"
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.sqlite", "log_level": "ERROR",
                 "run_admin_server": False})
    DBOS.launch()
    for at_once in (1, 32):
        DBOS.register_queue(f"q{at_once}", worker_concurrency=at_once, polling_interval_sec=0.01)
    for shape, counts, rounds in (("steps", {1: (200, 10), 32: (1000, 32)}, 15), ("fan", {1: (1, 1), 32: (1, 1)}, 3)):
        for at_once, (many, some) in counts.items():
            run_weir(command, folder, shape, at_once, some)
            pairs = [(run_weir(command, folder, shape, at_once, many), run_dbos(shape, at_once, some))
                     for _ in range(rounds)]
            report(f"{shape}_{at_once}", *zip(*pairs))
    DBOS.destroy()


main()
