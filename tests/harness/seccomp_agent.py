#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seccomp agent for tests: seccomp_agent.py SOCKET [NUMBER=ERRNO...]

Listens at SOCKET and says "ready". Of each connection it prints the state, one line of JSON, then
answers the filter's calls for ever: those of NUMBER fail with ERRNO, all others go on. Of each
number it prints "call NUMBER" once.
"""
import array
import fcntl
import json
import socket
import struct
import sys
import threading

NOTIF_RECV = 0xC0502100
NOTIF_SEND = 0xC0182101
CONTINUE = 1


def answer(fd, errnos):
    seen = set()
    while True:
        notif = bytearray(80)
        try:
            fcntl.ioctl(fd, NOTIF_RECV, notif)
        except OSError:
            return  # nobody is left behind the filter
        number, = struct.unpack_from("i", notif, 16)
        if number not in seen:
            seen.add(number)
            print("call", number, flush=True)
        error = errnos.get(number, 0)
        response = struct.pack("8sqiI", bytes(notif[:8]), 0, -error, 0 if error else CONTINUE)
        try:
            fcntl.ioctl(fd, NOTIF_SEND, bytearray(response))
        except OSError:
            pass  # the caller was killed meanwhile


def main():
    errnos = {int(k): int(v) for k, v in (arg.split("=") for arg in sys.argv[2:])}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        data, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(4 * 4))
        fds = array.array("i")
        fds.frombytes(ancillary[0][2])
        print(json.dumps(dict(json.loads(data), received=len(fds))), flush=True)
        threading.Thread(target=answer, args=(fds[0], errnos), daemon=True).start()


main()
