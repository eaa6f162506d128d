#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes three quotes and a broken message to the socket named on the command line."""
import json
import socket
import sys

quotes = [("ABC", 99.5, 100.5), ("XYZ", 20.25, 20.5), ("ABC", 99.75, 100.75)]
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect(sys.argv[1])
    for symbol, bid, ask in quotes:
        sock.sendall(json.dumps({"symbol": symbol, "bid": bid, "ask": ask}).encode() + b"\n")
    sock.sendall(b'{"symbol": "ABC", "bid": "cheap"}\n')
