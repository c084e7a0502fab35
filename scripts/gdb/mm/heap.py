# SPDX-License-Identifier: MIT
"""heap.py - mm heap, mm bin, mm chunk: what malloc made of the memory that the kernel gave."""

import gdb

from mm import kernel, machine, malloc, recording
from mm.command import Command, address_of, plural, size_text
from mm.malloc import CHUNK, HEADER, OVERHEAD, Heap
from mm.machine import PAGE

def row(heap, one):
    return {"chunk": one.address, "user": one.address + HEADER, "size": one.size, "state": one.state,
            "usable": malloc.capacity(one) if one.state in ("used", "mapped") else 0,
            "prev_size": one.prev_size if malloc.prev_size_counts(one) else None,
            "head": one.head, "flags": [name for name, bit in heap.FLAG_NAMES if one.flags & bit],
            "slab": heap.slab(one.address + HEADER) if one.state == "slab" else None}


def kept(heap, start, end):
    """Bytes of [start, end) that have a frame, and that are on the swap disk."""
    entries = [heap.space.leaf(va) for va in range(start // PAGE * PAGE, end, PAGE)]
    resident = min(PAGE * sum(map(kernel.resident, entries)), end - start)
    swapped = PAGE * sum(machine.slot_of(entry) is not None for entry in entries)
    return {"resident": resident, "swapped": min(swapped, end - start - resident)}


class HeapCommand(Command):
    """mm heap [PID]: every chunk of the heap with its state, and those that have a mapping of their own.

The 8 bytes before a user pointer are the chunk's header; size counts them too. The bytes for the user are size - 8
(the last 8 lie in front of the next header), in a mapping of its own size - 16.
Example: mm heap          mm heap 2"""

    name = "heap"

    def look(self, argument, given):
        heap = Heap(kernel.process(argument))
        segments = [{"start": one.start, "end": one.end, "made_by": "mmap" if one.mapped_bytes else "brk",
                     "chunks": [row(heap, chunk) for chunk in heap.chunks(one)]} for one in heap.segments()]
        top = kept(heap, heap.top, segments[0]["end"]) if segments else None
        return {"pid": heap.who.pid, "segments": segments, "top": top,
                "mapped": [row(heap, heap.chunk(address)) for address in heap.mapped()]}

    def show(self, data):
        if not data["segments"] and not data["mapped"]:
            print(f"pid {data['pid']} has no heap: malloc was not called yet")
        for segment in data["segments"]:
            show_segment(segment, data["top"])
        for one in data["mapped"]:
            print(f" {one['chunk']:#14x} {one['user']:#14x} {one['size']:#10x}  MAPPED  a mapping of its own")


def show_segment(segment, top):
    chunks = segment["chunks"]
    used, free = ([one for one in chunks if one["state"] == state] for state in ("used", "free"))
    payload = sum(one["usable"] for one in used)
    print(f"heap [{segment['start']:#x},{segment['end']:#x}) {size_text(segment['end'] - segment['start'])}  "
          f"{segment['made_by']}  in use {len(used)} / free {len(free)}   payload {payload} B   "
          f"headers {OVERHEAD * len(used)} B")
    print(f" {'chunk':>14} {'user ptr':>14} {'size':>10}  state")
    for one in chunks:
        note = ""
        if one["state"] == "top":
            rest = segment["end"] - one["chunk"] - top["resident"] - top["swapped"]
            swapped = f"{size_text(top['swapped'])} on the swap disk, " if top["swapped"] else ""
            note = f"  ({size_text(top['resident'])} resident, {swapped}{size_text(rest)} never touched)"
        elif one["state"] == "broken":
            note = f"  head {one['head']:#018x} does not carry its seal: overwritten. The walk ends"
        elif one["state"] == "slab":
            size, _, _, used, capacity = one["slab"]
            note = f"  {used} of {capacity} blocks of {size} bytes were handed out"
        elif one["state"] == "free":
            note = f"  bin {malloc.bin_index(one['size'])}"
        print(f" {one['chunk']:#14x} {one['user']:#14x} {one['size']:#10x}  {one['state'].upper()}{note}")


class BinCommand(Command):
    """mm bin [N]: malloc's lists of free chunks as chains, each link checked both ways, and the size at each chunk's end.

Example: mm bin          mm bin 3"""

    name = "bin"

    def look(self, argument, given):
        heap = Heap(kernel.process())
        wanted = [int(argument, 0)] if argument else range(malloc.BIN.BINS)
        bins = []
        for index in wanted:
            found, wrong = heap.bin(index)
            if found or wrong or argument:
                bins.append({"bin": index, "chunks": [row(heap, one) for one in found], "wrong": wrong})
        return {"pid": heap.who.pid, "bins": bins}

    def show(self, data):
        if not data["bins"]:
            print("no free chunk in any bin")
        for one in data["bins"]:
            links = [f"{chunk['chunk']:#x} ({chunk['size']:#x})" for chunk in one["chunks"]]
            verdict = one["wrong"] or "OK (both directions and the boundary tags match)"
            print(f"bin {one['bin']:3}   " + " <-> ".join(["head"] + links + ["end"]) + f"   {verdict}")


def consequence(heap, one):
    """What free() of this chunk's user pointer would do: see heap.c and large.c in libc/malloc/classic."""
    if one.state == "broken":
        return "abort the program: this is no header of malloc's (a wrong pointer, or it was overwritten)"
    if one.state in ("free", "top"):
        return "abort the program: free(): double free detected, the header says free already"
    if one.state == "fence":
        return "abort the program: the end of a segment is no block"
    if one.state == "mapped":
        return f"unmap {size_text(one.prev_size + one.size)}: the whole mapping goes back to the kernel"
    after = heap.chunk(one.address + one.size)
    if not after.sealed or after.flags & CHUNK.PREV_FREE:
        return "abort the program: free(): invalid next size, the header behind the block was overwritten"
    return release(heap, one, after)


def release(heap, one, after):
    """What becomes of a used chunk of the heap, as heap_put does it."""
    size, merged = one.size, []
    if one.flags & CHUNK.PREV_FREE:
        before = heap.chunk(one.address - one.prev_size)
        if not before.sealed or before.size != one.prev_size:
            return "abort the program: corrupted size vs. prev_size, the word before the header was overwritten"
        size, merged = size + before.size, ["the free chunk before it"]
    if after.state == "free":
        size, merged = size + after.size, merged + ["the free chunk behind it"]
    if after.state == "top":
        return "make it part of the top" + (", with " + merged[0] if merged else "")
    return f"put {size:#x} bytes into bin {malloc.bin_index(size)}" + (", merged with " + " and ".join(merged) if merged else "")


def first_word_means(data):
    if not data["sealed"]:
        return "no header follows: it may be anything"
    if "MAPPED" in data["flags"]:
        return "bytes from the start of its mapping"
    if "PREV_FREE" in data["flags"]:
        return "bytes of the free chunk before it"
    return "no size: the word belongs to the block before, if there is one"


class ChunkCommand(Command):
    """mm chunk PTR: how free(PTR) knows the size: the header before the pointer, and what free would do with it.

Example: mm chunk p          mm chunk 0x4072a0"""

    name = "chunk"

    def look(self, argument, given):
        pointer = address_of(argument)
        heap = Heap(kernel.process())
        if found := heap.slab(pointer):
            return dict(zip(("size", "index", "out", "used", "capacity"), found), user=pointer, inside=pointer % 4096 % found[0])
        one = heap.chunk(pointer - HEADER)
        data = row(heap, one)
        data.update(first_word=one.prev_size, sealed=one.sealed, seal=one.head & malloc.SEAL,
                    expected=heap.seal(one.address, one.prev_size, one.head & ~malloc.SEAL),
                    free_would=consequence(heap, one))
        inside = heap.around(pointer) if not one.sealed else None
        data["inside_of"] = row(heap, inside) if inside and inside.sealed else None
        return data

    def show(self, data):
        if "capacity" in data:
            show_slab_block(data)
            return
        print(f"user pointer {data['user']:#x}  ->  header at {data['chunk']:#x} ({HEADER} bytes before)")
        print(f"  {data['chunk']:#x}  prev_size {data['first_word']:#018x}  ({first_word_means(data)})")
        flags = " | ".join(data["flags"]) or "free"
        verdict = "OK" if data["sealed"] else f"BROKEN, {data['expected'] >> 48:04x} would be right"
        print(f"  {data['chunk'] + 8:#x}  head      {data['head']:#018x}  =  seal {data['seal'] >> 48:04x} ({verdict}) | "
              f"size {data['size']:#x} | {flags}")
        print(f"  state {data['state'].upper()}" +
              (f", {plural(data['usable'], 'byte')} for the user" if data["usable"] else ""))
        if data["inside_of"]:
            around = data["inside_of"]
            print(f"  it points into the {around['state']} chunk {around['chunk']:#x}, whose pointer is {around['user']:#x}")
        print(f"  free({data['user']:#x}) would: {data['free_would']}.")

    def hint(self, data):
        if data.get("sealed", True) or data["inside_of"]:
            return None
        return (f"mm who-wrote {data['chunk'] + 8:#x} goes back to the last write to this header" if recording.FOLDER else
                'who overwrote it? make record PROG="name arguments", then make rewind, goes back to that write')


def show_slab_block(data):
    print(f"user pointer {data['user']:#x}  ->  no header: block {data['index']} of a slab, a page of {data['capacity']} blocks of "
          f"{data['size']} bytes; {data['used']} were handed out")
    if data["inside"]:
        verdict = f"abort the program: {data['inside']} bytes inside of the block"
    elif data["out"]:
        verdict = "put it into the thread's list for its size (or abort, if it is there already)"
    else:
        verdict = "abort the program: free(): double free detected, the page's record says free"
    print(f"  free({data['user']:#x}) would: {verdict}.")


def words_for(who, va):
    """What malloc says of an address, or None. For mm why."""
    try:
        heap = Heap(who)
        if found := heap.slab(va):
            size, index, out, _, _ = found
            return f"malloc: offset {va % 4096 % size} of block {index} of a slab, {size} bytes, " + ("handed out" if out else "FREE")
        one = heap.around(va)
    except (gdb.GdbError, gdb.MemoryError):
        return None
    if not one:
        return None
    inside = va - one.address - HEADER
    if one.state == "broken":
        return f"malloc: near a chunk at {one.address:#x} whose header was overwritten"
    if one.state == "top":
        return f"malloc: in the top chunk {one.address:#x}, the rest of the heap that no block has"
    if inside < 0:
        return f"malloc: in the header of the {one.state} chunk {one.address:#x}, size {one.size:#x}"
    if one.state == "free":
        if inside >= one.size - HEADER:
            return f"malloc: the last word of the FREE chunk {one.address:#x}: its boundary tag, the size {one.size:#x}"
        return f"malloc: in a FREE chunk, {inside} bytes behind {one.address + HEADER:#x} (size {one.size:#x}): freed, or never handed out"
    return (f"malloc: offset {inside} of the block {one.address + HEADER:#x}, "
            f"{malloc.capacity(one)} bytes, still allocated")


HeapCommand()
BinCommand()
ChunkCommand()
