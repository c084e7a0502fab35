# SPDX-License-Identifier: MIT
"""malloc.py - the heap of a program whose malloc stands on libc/malloc/classic (so do `classic` and the default): segments,
chunks, bins, slabs.

Read through the process's own page tables, so it need not be the one that runs. The structures come from the program's
debug information, flags and bins from the headers; the seal of a header is worked out as chunk.h does it.
A chunk's first word is lent to the chunk before it, as its last: the user's bytes, or of a free chunk the boundary tag.
Nothing is believed: a chunk whose seal is broken ends the walk and is shown as what it is.
"""

import re
from collections import namedtuple

import gdb

from mm import kernel, processes
from mm.headers import constants, text_of
from mm.machine import MASK, PAGE, Space

FOLDER = "libc/malloc/classic/"
CHUNK = constants(FOLDER + "chunk.h")
BIN = constants(FOLDER + "chunk.h", FOLDER + "heap.h", FOLDER + "heap.c")
HEADER, OVERHEAD = CHUNK.HEADER, CHUNK.OVERHEAD
SEAL_MIX = int(re.search(r"SEAL_MIX 0x([0-9a-f]{16})u", text_of(FOLDER + "chunk.h")).group(1), 16)
SEAL = 0xffff << 48

# state: used, free, top, fence, mapped, slab (a page of equal blocks), broken
Chunk = namedtuple("Chunk", "address prev_size head size flags sealed state")
Segment = namedtuple("Segment", "start end mapped_bytes")


def capacity(one):
    """Bytes for the user, as chunk_capacity: a mapped chunk has no neighbour to borrow a word from."""
    return one.size - (HEADER if one.flags & CHUNK.MAPPED else OVERHEAD)


def prev_size_counts(one):
    """Is the first word a size? Else it is the user's, lent to the block before."""
    return bool(one.flags & (CHUNK.PREV_FREE | CHUNK.MAPPED))


def fields_of(kind):
    """{field: byte offset} of a structure of the program."""
    return {field.name: field.bitpos // 8 for field in kind.fields()}


class Heap:
    """The heap of one process, as it is now: arena 0's bins, the segments of all arenas. Blocks that a thread keeps look used:
    they were handed out to it."""
    FLAG_NAMES = tuple((name, CHUNK[name]) for name in ("USED", "MAPPED", "SLAB", "PREV_FREE"))

    def __init__(self, who):
        processes.load_for(who)
        self.who, self.space = who, Space(who.cr3)
        self.arenas, self.pool = self.address("arenas", FOLDER + "heap.c"), self.address("pool", FOLDER + "pool.c")
        if not self.arenas:
            raise gdb.GdbError(f"{who.executable} is not linked with our malloc (or never calls it)")
        arena, pool = gdb.lookup_type("struct arena"), gdb.lookup_type("struct pool")    # the other names are common ones: taken from here
        regions = pool["regions"].type.target()
        self.fields, self.chunk_fields, self.segment_fields, self.page_fields, region, pool = (fields_of(kind) for kind in (
            arena, arena["top"].type.target(), arena["newest"].type.target(), arena["partial"].type.target().fields()[0].type.target(), regions, pool))
        self.key = self.own_word(self.address("chunk_key", FOLDER + "pool.c"))
        used = self.own_word(self.pool + pool["used"]) & 0xffffffff
        self.all = [self.arenas + i * arena.sizeof for i in range(used)]
        self.tops = [self.own_word(at + self.fields["top"]) for at in self.all]
        self.top = self.tops[0] if self.tops else 0
        self.first_pages = self.address("first_pages", FOLDER + "pool.c")
        self.regions = [tuple(self.own_word(self.pool + pool["regions"] + i * regions.sizeof + region[name])
                              for name in ("base", "span", "pages")) for i in range(2)]

    def address(self, name, file):
        try:
            return int(gdb.parse_and_eval(f"&'{file}'::{name}"))
        except gdb.error:
            return 0

    def own_word(self, va):
        """A word of malloc's own variables. A page of them that was never touched says nothing yet: 0."""
        if self.space.translate(va) is None and kernel.region_at(self.who, va):
            return 0
        return self.space.word(va)

    def own_words(self, va, count):
        """The same of several words, page by page."""
        words = []
        while len(words) < count:
            at = va + 8 * len(words)
            here = min(count - len(words), (PAGE - at % PAGE) // 8)
            touched = self.space.translate(at) is not None or not kernel.region_at(self.who, at)
            words += memoryview(self.space.read(at, 8 * here)).cast("Q") if touched else [0] * here
        return words

    def seal(self, address, prev_size, word):
        secret = self.key ^ (prev_size << 4 & MASK if word & CHUNK.MAPPED else 0)
        mix = ((word ^ address + HEADER ^ secret) * SEAL_MIX & MASK) >> 48
        return -mix << 48 & MASK

    def chunk(self, address):
        """The chunk whose header would stand at this address; sealed says whether one does."""
        before = self.space.word(address + self.chunk_fields["before"])
        head = self.space.word(address + self.chunk_fields["head"])
        word = head & ~SEAL & MASK
        size, flags = word & ~CHUNK.FLAGS, word & CHUNK.FLAGS
        sealed = head & SEAL == self.seal(address, before, word)
        return Chunk(address, before, head, size, flags, sealed, self.state_of(address, size, flags, sealed))

    def state_of(self, address, size, flags, sealed):
        if not sealed:
            return "broken"
        if address in self.tops:
            return "top"
        if not flags & CHUNK.USED:
            return "free"
        if size == HEADER:
            return "fence"
        return "slab" if flags & CHUNK.SLAB else "mapped" if flags & CHUNK.MAPPED else "used"

    def segments(self):
        """The newest of each arena first."""
        for arena in self.all:
            at = self.space.word(arena + self.fields["newest"])
            while at:
                start, end, at = (self.space.word(at + self.segment_fields[name]) for name in ("start", "end", "older"))
                yield Segment(start, end, 0 if 0 <= start - self.regions[0][0] < self.regions[0][1] else end - start)

    def chunks(self, segment):
        at = segment.start
        while at < segment.end:
            one = self.chunk(at)
            yield one
            if not one.sealed or one.size < HEADER:
                return
            at += one.size

    def mapped(self):
        """The headers of all chunks that have a mapping of their own."""
        rows = self.address("large_rows", FOLDER + "large.c")
        if not rows:
            return []
        count, hole = (self.own_word(self.address(name, FOLDER + "large.c")) for name in ("count", "large_hole"))
        return [row for i, row in enumerate(self.own_words(rows, count + (hole <= count))) if i != hole]

    def around(self, va):
        """The chunk of the heap or of a mapping that contains va, or None. A chunk's first word is its neighbour's."""
        for segment in self.segments():
            if segment.start <= va < segment.end:
                return next((one for one in self.chunks(segment)
                             if OVERHEAD <= va - one.address < OVERHEAD + max(one.size, 1)), None)
        for address in self.mapped():
            one = self.chunk(address)
            if address <= va < address + one.size:
                return one
        return None

    def bins(self):
        return self.arenas + self.fields["bins"]

    def slab(self, va):
        """(class size, index, handed out, used, capacity) of the slab block that va points into, or None."""
        for base, span, pages in self.regions:
            if 0 <= va - base < span:
                index = (va - base) // PAGE
                record = (self.first_pages if base == self.regions[0][0] and index < BIN.FIRST_PAGES else pages) + index * 64
                size = self.own_word(record) & 0xff
                used, capacity = (self.own_word(record + self.page_fields[name]) & 0xffff for name in ("used", "capacity"))
                if size:
                    index = va % PAGE // (16 * size)
                    bits = self.own_word(record + self.page_fields["taken"] + index // 64 * 8)
                    return 16 * size, index, index < capacity and bool(bits >> index % 64 & 1), used, capacity
        return None

    def bin(self, index):
        """(chunks of a bin's list in order, what is wrong with it or None)."""
        link, field, found = self.bins() + 8 * index, self.chunk_fields["bin"], []    # LIST_ENTRY: the next chunk, the link to this one
        at = self.own_word(link)
        while at:
            try:
                one = self.chunk(at)
                following, back = self.space.word(at + field), self.space.word(at + field + 8)
            except gdb.MemoryError:
                return found, f"{at:#x} is not mapped: the link before it was overwritten"
            if one.state != "free":
                return found, f"{at:#x} is no free chunk: the link before it was overwritten"
            if back != link:
                return found, f"{at:#x} says that the link at {back:#x} leads to it, but {link:#x} does"
            if one in found:
                return found, "the list runs in a circle"
            found.append(one)
            if wrong := self.boundary_tag_wrong(one):
                return found, wrong
            link, at = at + field, following
        return found, None

    def boundary_tag_wrong(self, one):
        """What is wrong with the last word of a free chunk and the header behind it, or None."""
        after = self.chunk(one.address + one.size)
        if not after.sealed:
            return f"the header behind {one.address:#x} was overwritten"
        if not after.flags & CHUNK.PREV_FREE:
            return f"the header behind {one.address:#x} does not say PREV_FREE"
        if after.prev_size != one.size:
            return f"the last word of {one.address:#x} says {after.prev_size:#x}, but its size is {one.size:#x}"
        return None


def bin_index(size):
    """As heap.c sorts."""
    if size < 1024:
        return size // CHUNK.ALIGN - 2
    doubling = size.bit_length() - 1
    return min(BIN.EXACT_BINS + (doubling - 10) * 8 + (size >> doubling - 3 & 7), BIN.BINS - 1)


def mapped_chunks(who):
    """For mm vmmap: [] when the program has no malloc of ours."""
    try:
        return Heap(who).mapped()
    except (gdb.GdbError, gdb.MemoryError):
        return []
