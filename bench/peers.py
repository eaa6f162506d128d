#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The quote pipeline in csp, with nodes in Python and with its own in C++, and in weir: peers.py COMMAND,
weir's side (bench_peers). All give the same results; one JSON line a case, `reference` is csp's."""
import json
import subprocess
import sys
import time
from datetime import datetime, timedelta
from statistics import median

import csp
import numpy as np
from csp import ts

EVENTS = 100_000
ROUNDS = 15
START = datetime(2024, 1, 1)
STEP = timedelta(microseconds=1)


class Quote(csp.Struct):
    bid: float
    ask: float


class Signal(csp.Struct):
    mid: float
    spread: float


def quotes():
    """As bench/peers.c makes them, to the bit."""
    bids, asks, state = [], [], 1
    for _ in range(EVENTS):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        word = state >> 24
        bids.append(word % 100000 / 100)
        asks.append(bids[-1] + ((word >> 20 & 127) - 16) / 100)
    return bids, asks


@csp.node
def signal(quote: ts[Quote]) -> ts[Signal]:
    if csp.ticked(quote) and quote.ask > quote.bid:
        return Signal(mid=(quote.bid + quote.ask) / 2, spread=quote.ask - quote.bid)


@csp.node
def decide(signal: ts[Signal]) -> csp.Outputs(trade=ts[float], skip=ts[float]):
    if csp.ticked(signal):
        if signal.spread <= 0.5:
            csp.output(trade=signal.mid)
        else:
            csp.output(skip=signal.spread)


@csp.node
def total(value: ts[float]) -> ts[float]:
    with csp.state():
        s_sum = 0.0
    if csp.ticked(value):
        s_sum += value
        return s_sum


@csp.graph
def in_python(items: list):
    decided = decide(signal(csp.curve(Quote, items)))
    csp.add_graph_output("sum", total(decided.trade), tick_count=1)
    csp.add_graph_output("trades", csp.count(decided.trade), tick_count=1)
    csp.add_graph_output("skips", csp.count(decided.skip), tick_count=1)


@csp.graph
def in_cpp(times: object, bids: object, asks: object):
    bid = csp.curve(float, (times, bids))
    ask = csp.curve(float, (times, asks))
    good = ask > bid
    mid, spread = csp.filter(good, (bid + ask) / 2.0), csp.filter(good, ask - bid)
    near = spread <= 0.5
    trade, skip = csp.filter(near, mid), csp.filter(csp.not_(near), spread)
    csp.add_graph_output("sum", csp.stats.sum(trade), tick_count=1)
    csp.add_graph_output("trades", csp.count(trade), tick_count=1)
    csp.add_graph_output("skips", csp.count(skip), tick_count=1)


def run(graph, *inputs):
    began = time.thread_time()
    outputs = csp.run(graph, *inputs, starttime=START, endtime=timedelta(days=1))
    rate = EVENTS / (time.thread_time() - began)
    sum_, trades, skips = (outputs[name][-1][1] for name in ("sum", "trades", "skips"))
    return rate, sum_, trades, skips


def run_weir(command):
    told = json.loads(subprocess.run([command, str(EVENTS)], check=True, capture_output=True).stdout)
    return told["events_per_second"], told["sum"], told["trades"], told["skips"]


def report(name, ours, reference):
    ratio = median(a / b for a, b in zip(ours, reference))
    print(json.dumps({"bench": "peers", "case": name, "ours": round(median(ours)),
                      "reference": round(median(reference)), "ratio": round(ratio, 2),
                      "better": "higher", "unit": "events/s", "rounds": ROUNDS},
                     separators=(",", ":")))


def main():
    bids, asks = quotes()
    items = [(START + i * STEP, Quote(bid=b, ask=a)) for i, (b, a) in enumerate(zip(bids, asks))]
    times = np.datetime64(START, "ns") + np.arange(EVENTS) * np.timedelta64(1000, "ns")
    arrays = np.array(bids), np.array(asks)
    rates = {"weir": [], "python": [], "cpp": []}
    for _ in range(ROUNDS):
        found = {"weir": run_weir(sys.argv[1]), "python": run(in_python, items),
                 "cpp": run(in_cpp, times, *arrays)}
        for name, (rate, sum_, trades, skips) in found.items():
            rates[name].append(rate)
            same = abs(sum_ - found["weir"][1]) <= 1e-6 * sum_
            if not same or (trades, skips) != found["weir"][2:]:
                sys.exit(f"peers: {name} gives {sum_}, {trades}, {skips}; weir {found['weir'][1:]}")
    report("csp_python", rates["weir"], rates["python"])
    report("csp_cpp", rates["weir"], rates["cpp"])


main()
