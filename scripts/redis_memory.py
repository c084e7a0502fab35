# SPDX-License-Identifier: MIT
"""redis_memory.py - what a redis-server keeps resident: filled, 70 % deleted and refilled with other sizes, flushed.

The hardest common case for an allocator: long-lived blocks of mixed sizes, deleted at random. The commands are the same for
everybody, and are sent over a socket of the file system.
"""

import os
import random
import re
import socket
import subprocess
import tempfile
import time

KEYS = 200_000
LIBC = "/lib/x86_64-linux-gnu/libc.so.6"    # Debian's redis-server is linked with jemalloc: glibc's malloc comes by preload too
AT_ONCE = 500
SECONDS_AFTER_FLUSH = 2


class Failure(Exception):
    """Why there is no measurement."""


def command(*words):
    encoded = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def load(keys):
    """=> [(phase, [commands])]; each answers with one line"""
    chance = random.Random(1)
    fill = [command("SET", f"key:{i}", "x" * chance.randint(40, 400)) for i in range(keys)]
    gone = [command("DEL", f"key:{i}") for i in range(keys) if chance.random() < 0.7]
    refill = [command("SET", f"new:{i}", "y" * chance.randint(500, 900)) for i in range(keys // 6)]
    refill += [command("RPUSH", f"list:{i % 500}", "z" * chance.randint(10, 100)) for i in range(keys // 6)]
    refill += [command("HSET", f"hash:{i % 500}", f"field{i}", "z" * chance.randint(10, 100)) for i in range(keys // 6)]
    return [("filled", fill), ("refilled", gone + refill), ("flushed", [command("FLUSHALL", "SYNC")])]


def send(connection, commands):
    for start in range(0, len(commands), AT_ONCE):
        part = commands[start:start + AT_ONCE]
        connection.sendall(b"".join(part))
        lines = 0
        while lines < len(part):
            answer = connection.recv(1 << 16)
            if not answer or b"-ERR" in answer:
                raise Failure(f"redis-server: {answer[:200]!r}")
            lines += answer.count(b"\n")


def connect(path, server):
    for _ in range(200):
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            if server.poll() is not None:
                break
            time.sleep(0.05)
    raise Failure("redis-server does not start")


def resident(pid):
    """KiB"""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.M).group(1))


def measure(environment, phases):
    """=> {phase: KiB}. Without a LD_PRELOAD in the environment it is glibc's malloc that serves."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        server = subprocess.Popen(["redis-server", "--save", "", "--port", "0", "--unixsocket", path, "--dir", folder],
                                  env={"LD_PRELOAD": LIBC, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            connection = connect(path, server)
            for phase, commands in phases:
                send(connection, commands)
                time.sleep(SECONDS_AFTER_FLUSH if phase == "flushed" else 0)
                found[phase] = resident(server.pid)
            connection.close()
        except OSError as failure:
            raise Failure(f"redis-server: {failure}, status {server.poll()}") from failure
        finally:
            server.terminate()
            server.wait()
    return found
