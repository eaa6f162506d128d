#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The market maker from Kafka to Kafka as `weir run` and in Kafka Streams: streams.py BROKERS WEIR CLASSPATH.

Each round each side is a fresh process and group. First it reads COUNT quotes from their beginning:
messages a CPU second is COUNT over what the process used until its last order was there, start
included, and `warm` the same for the second half. Then it gets RATE quotes a second, and an order's
latency is counted from the moment at which its quote was to be sent. Kafka Streams has its own
defaults but for `linger.ms`, which is weir's in the case `latency_same_linger`."""
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from statistics import median

import msgpack
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

HERE = os.path.dirname(os.path.abspath(__file__))
COUNT = int(os.environ.get("STREAMS_COUNT", 1_000_000))
RATE, SECONDS = 10_000, 15
ROUNDS = int(os.environ.get("STREAMS_ROUNDS", 5))
PARTITIONS = 4
DEADLINE = 180  # seconds for anything
TICKS = os.sysconf("SC_CLK_TCK")


def quote(draw):
    mid, spread = 100 + draw.random(), draw.choice([1.0, 0.1, 0.1, -0.1])
    return {"symbol": f"SYM{draw.randrange(256)}", "bid": mid - spread / 2, "ask": mid + spread / 2,
            "bid_size": draw.random() * 1000, "ask_size": draw.random() * 1000, "ts": 0}


DIFFERENT = 1000
QUOTES = [quote(random.Random(number)) for number in range(DIFFERENT)]  # sent over and over


def trades(number):
    one = QUOTES[number % DIFFERENT]
    return 0 < one["ask"] - one["bid"] <= 0.5


class Cluster:
    def __init__(self, brokers):
        self.brokers = brokers
        self.admin = AdminClient({"bootstrap.servers": brokers})
        self.producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5,
                                  "queue.buffering.max.messages": 1_000_000})

    def make(self, topic):
        for made in self.admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values():
            made.result(30)

    def send(self, topic, number, ts=0):
        one = dict(QUOTES[number % DIFFERENT], ts=ts)
        while True:
            try:
                self.producer.produce(topic, msgpack.packb(one), one["symbol"])
                return
            except BufferError:
                self.producer.poll(0.01)

    def fill(self, topic):
        """COUNT quotes; how many of them trade."""
        self.make(topic)
        for number in range(COUNT):
            self.send(topic, number)
            if number % 1000 == 0:
                self.producer.poll(0)
        self.producer.flush(60)
        return sum(trades(number) for number in range(COUNT))

    def reader(self, topic):
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "reader", "enable.auto.commit": False,
                             "fetch.wait.max.ms": 10})
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        return consumer


class Side:
    """A process that makes orders of quotes."""

    number = 0

    def __init__(self, cluster, weir, classpath, kafka_streams, quotes, settings=()):
        Side.number += 1
        self.orders, group = f"orders{Side.number}", f"group{Side.number}"
        cluster.make(self.orders)
        self.reader = cluster.reader(self.orders)
        environment = dict(os.environ, BROKERS=cluster.brokers, QUOTES=quotes, ORDERS=self.orders, GROUP=group)
        if kafka_streams:
            state = f"state.dir={os.path.join(os.environ['STREAMS_DIR'], group)}"
            command = ["java", "-cp", classpath, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "Market",
                       cluster.brokers, group, quotes, self.orders, state, *settings]
        else:
            command = [weir, "run", "--quiet", f"{HERE}/market.weir.yaml", f"{HERE}/nodes.c"]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, env=environment)

    def take(self, most):
        found = [message for message in self.reader.consume(most, 0.2) if message.error() is None]
        if self.process.poll() is not None:
            raise SystemExit(f"streams: {self.process.args[0]} ended with {self.process.returncode}")
        if time.monotonic() - self.began > DEADLINE:
            raise SystemExit(f"streams: {self.process.args[0]} did not finish in {DEADLINE} s")
        return found

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.reader.close()


def throughput(side, expected):
    count, first, half = 0, None, None
    while count < expected:
        count += len(side.take(10_000))
        if count and first is None:
            first = time.monotonic() - side.began
        if count >= expected / 2 and half is None:
            half, half_count = side.cpu(), count
    cpu = side.cpu()
    found = {"messages_per_cpu_second": COUNT / cpu,
             "messages_per_cpu_second_warm": COUNT * (1 - half_count / expected) / max(cpu - half, 1 / TICKS),
             "start": first * 1000, "peak_rss": side.peak_mib()}
    side.end()
    if count != expected:
        raise SystemExit(f"streams: {count} orders instead of {expected}")
    return found


def pace(brokers, topic, begin_ns):
    """Sends each quote when it is due, however late the ones before it were."""
    cluster = Cluster(brokers)
    for number in range(RATE * SECONDS):
        due = begin_ns + number * 1_000_000_000 // RATE
        while time.time_ns() < due:
            cluster.producer.poll(0)
            time.sleep(max(0, (due - time.time_ns()) / 1e9))
        cluster.send(topic, number, due)
    cluster.producer.flush(30)


def latency(cluster, side, topic):
    probe = next(number for number in range(DIFFERENT) if trades(number))
    seen = []
    while not seen:  # it is live
        cluster.send(topic, probe)
        cluster.producer.flush(10)
        seen = side.take(1)
    pacer = multiprocessing.Process(target=pace, args=(cluster.brokers, topic, time.time_ns() + 500_000_000))
    pacer.start()
    late, expected = [], sum(trades(number) for number in range(RATE * SECONDS))
    while len(late) < expected:
        for message in side.take(1):  # more would wait for all of them
            ts = msgpack.unpackb(message.value())["ts"]
            if ts:
                late.append(time.time_ns() - ts)
    pacer.join()
    side.end()
    late = sorted(late[expected // 5:])  # the first fifth warms it up
    return {"p50": late[len(late) // 2] / 1e6, "p99": late[len(late) * 99 // 100] / 1e6}


UNITS = {"messages_per_cpu_second": ("higher", "messages/CPU s"), "messages_per_cpu_second_warm": ("higher", "messages/CPU s"),
         "start": ("lower", "ms"), "peak_rss": ("lower", "MiB")}


def report(case, rounds):
    """`rounds` are pairs of ours and of Kafka Streams."""
    better, unit = UNITS.get(case, ("lower", "ms"))
    print(json.dumps({"bench": "streams", "case": case, "ours": round(median(a for a, _ in rounds), 3),
                      "reference": round(median(b for _, b in rounds), 3),
                      "ratio": round(median(a / b for a, b in rounds), 4), "better": better, "unit": unit,
                      "rounds": len(rounds)}, separators=(",", ":")), flush=True)


def in_turn(measure):
    found = {}
    for _ in range(ROUNDS):
        ours, reference = measure(False), measure(True)
        for case, value in ours.items():
            found.setdefault(case, []).append((value, reference[case]))
    return found


def main():
    brokers, weir, classpath = sys.argv[1:]
    cluster = Cluster(brokers)
    subprocess.run([weir, "build", f"{HERE}/market.weir.yaml", f"{HERE}/nodes.c"], check=True, stdout=sys.stderr,
                   env=dict(os.environ, BROKERS="", QUOTES="", ORDERS="", GROUP=""))
    expected = cluster.fill("quotes")
    for case, rounds in in_turn(
            lambda other: throughput(Side(cluster, weir, classpath, other, "quotes",
                                          ["auto.offset.reset=earliest"]), expected)).items():
        report(case, rounds)
    for name, settings in {"latency": [], "latency_same_linger": ["producer.linger.ms=5"]}.items():

        def live(other, name=name, settings=settings):
            live.number += 1
            topic = f"{name}{live.number}"
            cluster.make(topic)
            return latency(cluster, Side(cluster, weir, classpath, other, topic, settings), topic)

        live.number = 0
        for case, rounds in in_turn(live).items():
            report(f"{name}_{case}", rounds)


if __name__ == "__main__":
    main()
