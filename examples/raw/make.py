#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes orders.itch: messages of NASDAQ's ITCH 5.0, two of them damaged, the last one cut off."""
import struct
import sys

MORNING = (9 * 3600 + 30 * 60) * 10**9  # nanoseconds since midnight


def message(kind, number, body):
    """The head that all messages have: kind, stock, tracking number, time in six bytes."""
    time = struct.pack(">Q", MORNING + number * 1000)[2:]
    return kind + struct.pack(">HH", 1, number) + time + body


def add(number, side, shares, symbol, price):
    body = struct.pack(">Q1sI8sI", 7000 + number, side, shares, symbol.ljust(8), price)
    return message(b"A", number, body)


messages = [
    message(b"S", 1, b"O"),  # the day begins
    add(2, b"B", 300, b"AAPL", 1895000),
    add(3, b"S", 100, b"MSFT", 4101200),
    add(4, b"?", 100, b"MSFT", 4101200),  # no side
    message(b"E", 5, struct.pack(">QIQ", 7002, 50, 90001)),  # an execution
    add(6, b"B", 2000, b"BRK.A", 1234),
    add(7, b"S", 500, b"AAPL", 1895500)[:30],  # too short
    add(8, b"S", 500, b"AAPL", 1895500),
]
stream = b"".join(struct.pack(">H", len(each)) + each for each in messages)
sys.stdout.buffer.write(stream + struct.pack(">H", 36) + add(9, b"B", 1, b"AAPL", 1)[:7])
