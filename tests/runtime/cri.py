#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a kubelet asks of a container runtime: one call of the CRI (runtime.v1), of which Debian has no client.

usage: cri.py SOCKET METHOD REQUEST [FIELD.FIELD...]

REQUEST is JSON with the numbers of fields as keys: {"1": "a name", "2": {"1": 5}, "3": ["a", "b"]}. Each FIELD, by
numbers as in 1.3, is printed on a line of its own. curl speaks HTTP/2. Status: 1 and grpc-message when it fails.
"""
import json
import re
import subprocess
import sys
import tempfile
import urllib.parse


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def encode(message):
    out = b""
    for key, value in message.items():
        for v in value if isinstance(value, list) else [value]:
            if isinstance(v, int):
                out += varint(int(key) << 3) + varint(v)
            else:
                v = encode(v) if isinstance(v, dict) else v.encode()
                out += varint(int(key) << 3 | 2) + varint(len(v)) + v
    return out


def decode(data):
    """rows (number, value): integers, or bytes of strings and messages"""
    at = 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while at < len(data):
        key = number()
        size = {0: 0, 1: 8, 5: 4}.get(key & 7)
        if size == 0:
            yield key >> 3, number()
            continue
        if size is None:
            size = number()
        yield key >> 3, data[at:at + size]
        at += size


def find(data, path):
    """the last of them counts, and what is not there is zero or empty"""
    values = [v for number, v in decode(data) if number == int(path[0])]
    if not values:
        return b""
    return find(values[-1], path[1:]) if len(path) > 1 else values[-1]


def call(socket, method, request):
    message = encode(request)
    with tempfile.NamedTemporaryFile() as headers:
        r = subprocess.run(
            ["curl", "-sS", "--max-time", "300", "--http2-prior-knowledge", "--unix-socket", socket, "-D", headers.name,
             "-H", "content-type: application/grpc", "-H", "te: trailers", "--data-binary", "@-",
             "http://localhost/runtime.v1." + method],
            input=b"\0" + len(message).to_bytes(4, "big") + message, stdout=subprocess.PIPE, check=True)
        told = dict(re.findall(r"^(grpc-\w+): *(.*?)\r?$", headers.read().decode(), re.M))
    if told.get("grpc-status") != "0":
        sys.exit("%s: %s" % (method, urllib.parse.unquote(told.get("grpc-message", "no answer"))))
    return r.stdout[5:]


def main():
    answer = call(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
    for path in sys.argv[4:]:
        value = find(answer, path.split("."))
        print(value.decode().rstrip("\n") if isinstance(value, bytes) else value)


main()
