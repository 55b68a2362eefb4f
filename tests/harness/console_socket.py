#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Console socket for tests: console_socket.py SOCKET

Listens at SOCKET and says "ready". Takes the terminal of the first connection and prints what is
written to it, until nobody has it open any more.
"""
import array
import os
import socket
import sys

s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print("ready", flush=True)
connection, _ = s.accept()
_, ancillary, _, _ = connection.recvmsg(100, socket.CMSG_SPACE(4))
fds = array.array("i")
fds.frombytes(ancillary[0][2][:4])
try:
    while data := os.read(fds[0], 100):
        os.write(1, data)
except OSError:
    pass
