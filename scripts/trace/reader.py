# SPDX-License-Identifier: MIT
"""reader.py - takes the event stream out of a running guest: from the ring in its memory into a folder in CTF form.

The guest's RAM is a file that QEMU and this process share (memory-backend-file, share=on), so the ring of kernel/trace/ring.h is just
bytes here: complete packets are written to FOLDER/stream as they are, then `taken` is moved on, which is what the kernel waits for
when its ring is full. After the guest has ended, however it ended, the packet that was growing is taken too.
"""

import mmap
import os
import struct
import sys
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import qemu        # noqa: E402 (the scripts' folders come first)
import schema      # noqa: E402
from ramfile import RamFile    # noqa: E402

PACKET_SIZE = 16 << 10
RING = struct.Struct("<QQQIIQ")    # struct ring: packets, current, taken, reader, started, lost
TAKEN = 16                        # its offset
CONTENT_BITS = 40                 # its offset in struct packet
POLL_SECONDS = 0.002


def memory_file(megabytes, make=None):
    """The descriptor of an anonymous file that can be a guest's RAM. make: what makes it, if others are to find it as well."""
    file = make() if make else os.memfd_create("guest-ram")
    os.truncate(file, megabytes << 20)
    return file


class Ring:
    def __init__(self, ram):
        """ram: the RamFile of the guest."""
        symbol = next(symbol for symbol in ram.kernel.symbols() if symbol.name == "trace_ring")
        self.ram, self.at = ram, ram.offset(ram.phys_of(symbol.value))
        self.count = (symbol.size - RING.size) // 4    # one count of events for each packet ends the structure

    def state(self):
        return RING.unpack_from(self.ram.view, self.at)

    def packet(self, number):
        start = self.ram.offset(self.ram.phys_of(self.state()[0] + number % self.count * PACKET_SIZE))
        content = struct.unpack_from("<Q", self.ram.view, start + CONTENT_BITS)[0] // 8
        return self.ram.view[start:start + content]

    def tail(self):
        """The packets that are there, the oldest first; the newest may still grow."""
        _, current, taken, reader, started, _ = self.state()
        first = taken if reader == 1 else max(current - self.count + 1, 0)
        return [self.packet(number) for number in range(first, current + 1)] if started else []


class Recorder(threading.Thread):
    """Fills a folder while the guest runs; finish() when it has ended."""

    def __init__(self, folder, memory_descriptor, environment, kernel=qemu.KERNEL):
        super().__init__(daemon=True)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "metadata"), "w", encoding="utf-8") as file:
            file.write(schema.Schema().metadata(environment))
        self.stream = open(os.path.join(folder, "stream"), "wb")    # pylint: disable=consider-using-with
        self.memory = mmap.mmap(memory_descriptor, 0)    # to write to; the rest is read through the RamFile
        self.ring = Ring(RamFile(f"/dev/fd/{memory_descriptor}", kernel))
        self.next, self.ended = 0, threading.Event()

    def run(self):
        while not self.ended.wait(POLL_SECONDS):
            self.drain()

    def drain(self):
        current = self.ring.state()[1]
        while self.next < current:
            self.stream.write(self.ring.packet(self.next))
            self.next += 1
            struct.pack_into("<Q", self.memory, self.ring.at + TAKEN, self.next)

    def finish(self):
        self.ended.set()
        self.join()
        self.drain()
        if self.ring.state()[4]:
            self.stream.write(self.ring.packet(self.next))
        self.stream.close()
