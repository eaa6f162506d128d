#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python's confluent client and msgpack, as their users have them.

interop.py BROKERS write TOPIC CODEC     the rows, as their library writes them by default
interop.py BROKERS read TOPIC            what is there, one JSON line each, as weir prints it
interop.py - rows                        the lines that are to come
"""
import base64
import datetime
import json
import sys

import msgpack
from confluent_kafka import Consumer, Producer, TopicPartition

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
FIELDS = ["k", "n", "x", "yes", "big", "at", "raw", "note", "list"]
# Floats that are whole numbers, integers of each size, an instant of milliseconds, binary, nothing.
ROWS = [
    ("a", 0, 3.0, True, 0, 0, b"", None, []),
    ("b", -1, 0.1, False, 2**31, 1700000000123, b"\x00\xff", "é✓", [1, -2]),
    ("a", 2**53 + 1, 1e300, True, 2**64 - 1, 1700000000000, b"12345678", "", [2**31 - 1]),
    ("b", -(2**63), -2.5, False, 2**63, 4102444800001, b"x", None, [0, 0, 0, 0]),
]


def line_of(row):
    values = dict(zip(FIELDS, row))
    values["at"] *= 1000000
    values["raw"] = base64.b64encode(values["raw"]).decode()
    values["x"] = int(values["x"]) if values["x"] == int(values["x"]) and abs(values["x"]) < 1e15 else values["x"]
    if values["note"] is None:
        del values["note"]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).replace("e+300", "e300")


def write(brokers, topic, codec):
    producer = Producer({"bootstrap.servers": brokers, "compression.type": codec, "partitioner": "murmur2_random"})
    for row in ROWS:
        values = dict(zip(FIELDS, row))
        values["at"] = EPOCH + datetime.timedelta(milliseconds=values["at"])  # msgpack's timestamp extension
        producer.produce(topic, key=values["k"], value=msgpack.packb(values, datetime=True))
    if producer.flush(20) != 0:
        sys.exit("not delivered")


def read(brokers, topic):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "interop", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    while (message := consumer.poll(20)) is not None and message.error() is None:
        values = msgpack.unpackb(message.value())
        assert message.key().decode() == values["k"], values
        row = [values.get(field) for field in FIELDS]
        row[5] //= 1000000
        print(line_of(row))
    consumer.close()


if sys.argv[2] == "write":
    write(sys.argv[1], sys.argv[3], sys.argv[4])
elif sys.argv[2] == "read":
    read(sys.argv[1], sys.argv[3])
else:
    print(*map(line_of, ROWS), sep="\n")
