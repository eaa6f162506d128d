#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Durable workflows in DBOS and in weir: workflow_peers.py COMMAND FOLDER, weir's side (bench_workflow_peers)
and where stores are made. A workflow of three steps, and one that fans out to 1,000 tasks, 1 and 32 in flight, each
side over a file of SQLite as it sets that up itself. One JSON line a figure: executions a second, their median
and 99th percentile, and the memory of the process; `reference` is DBOS's. A round of DBOS that is not done within
180 s ends its case: `reference` and `ratio` are then null, and `reference_not_done_in_s` says so."""
import json
import os
import pathlib
import resource
import select
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from dbos import DBOS

FAN = 1000
DEADLINE = 180
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


def serve_dbos(folder, shape, at_once, count):
    """A round for each line that comes."""
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.sqlite", "log_level": "ERROR",
                 "run_admin_server": False})
    DBOS.launch()
    DBOS.register_queue(f"q{at_once}", worker_concurrency=at_once, polling_interval_sec=0.01)
    for _ in sys.stdin:
        print(json.dumps(run_dbos(shape, at_once, count)), flush=True)
    DBOS.destroy()


class Dbos:
    """A process of its own for a case, so that its memory is told, and a round that does not end can be."""

    def __init__(self, folder, *case):
        for path in folder.glob("dbos.sqlite*"):
            path.unlink()
        self.process = subprocess.Popen([sys.executable, __file__, "--dbos", folder, *map(str, case)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "DBOS__CLOUD": "false"})

    def run(self):
        """A round, or None: it was not done in time."""
        print(file=self.process.stdin, flush=True)
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
        return json.loads(self.process.stdout.readline()) if ready else None

    def end(self):
        self.process.kill()
        self.process.wait()


def run_weir(command, folder, shape, at_once, count):
    for path in folder.glob("peers.db*"):
        path.unlink()
    words = [command, f"sqlite:{folder}/peers.db", shape, str(at_once), str(count)]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def report(case, pairs):
    done = [(a, b) for a, b in pairs if b is not None]
    for figure, (unit, better) in UNITS.items():
        name = f"dbos_{case}" + ("" if figure == "per_second" else f"_{figure.split('_')[0]}")
        line = {"bench": "workflow_peers", "case": name, "ours": round(median(a[figure] for a, _ in pairs), 2),
                "reference": None, "ratio": None, "better": better, "unit": unit, "rounds": len(pairs)}
        if len(done) == len(pairs):
            line["reference"] = round(median(b[figure] for _, b in done), 2)
            line["ratio"] = round(median(a[figure] / b[figure] for a, b in done), 4)
        else:
            line["reference_not_done_in_s"] = DEADLINE
        print(json.dumps(line, separators=(",", ":")), flush=True)


def run_case(command, folder, shape, at_once, many, some, rounds):
    run_weir(command, folder, shape, at_once, some)
    pairs, dbos = [], Dbos(folder, shape, at_once, some)
    while len(pairs) < rounds and (not pairs or pairs[-1][1] is not None):
        pairs.append((run_weir(command, folder, shape, at_once, many), dbos.run()))
    dbos.end()
    report(f"{shape}_{at_once}", pairs)


def main():
    if sys.argv[1] == "--dbos":
        serve_dbos(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
        return
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for shape, counts, rounds in (("steps", {1: (200, 10), 32: (1000, 32)}, 15), ("fan", {1: (1, 1), 32: (1, 1)}, 3)):
        for at_once, (many, some) in counts.items():
            run_case(command, folder, shape, at_once, many, some, rounds)


main()
