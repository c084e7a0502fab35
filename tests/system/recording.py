# SPDX-License-Identifier: MIT
"""recording.py - recordings that were written, not recorded: the tests know every number in them.

Recorder plays one process on a machine that is simple enough to know: frames are numbered upwards, and each thing takes 100 ns.
`small_program` is the story of a program that allocates from the break and from a mapping, touches, frees; `long_program` repeats
it until there are as many events as asked for.
"""

import functools
import os
import sys

import lab

sys.path[:0] = [os.path.join(lab.ROOT, "scripts", "trace"), os.path.join(lab.ROOT, "scripts")]
import dwarfline    # noqa: E402
import elf     # noqa: E402
import schema  # noqa: E402

SCHEMA = schema.Schema()
PAGE, HEADER = 4096, 16
HEAP, MAPPING, STACK = 0x405000, 0x7FFFB7FF9000, 0x7FFFFFFDE000
NR_BRK, NR_MMAP, NR_MUNMAP, NR_WRITE = 12, 9, 11, 1


class Recorder:
    def __init__(self, pid=2):
        self.pid, self.time, self.op, self.frame, self.pages = pid, 1000, 0, 700, {}
        self.events, self.cause, self.vsz = [], 0, 0

    def say(self, name, **fields):
        self.time += 100
        self.events.append(SCHEMA.make(name, self.time, self.pid, cause=fields.pop("cause", self.cause), **fields))

    def begin(self, pc):
        self.op += 1
        self.cause = self.op
        self.say("begin", op=self.op, pc=pc)
        return self.op

    def done(self, name, **fields):
        self.say(name, op=self.cause, **fields)
        self.cause = 0

    def call(self, nr, result, inside=None, *arguments):
        arguments = [*arguments, 0, 0, 0, 0, 0, 0][:6]
        self.say("sys_enter", nr=nr, ip=0x401FF0, **{f"a{at}": value for at, value in enumerate(arguments)})
        if inside:
            inside()
        self.say("sys_exit", nr=nr, result=result)

    def counters(self):
        anon = sum(1 for _, kind in self.pages.values() if kind not in ("file", "zero_page"))
        file = sum(1 for _, kind in self.pages.values() if kind == "file")
        tables = sum(len({va >> shift for va in self.pages}) for shift in (39, 30, 21))
        self.say("rss", anon_kb=anon * 4, file_kb=file * 4, swap_kb=0, vsz_kb=self.vsz // 1024, table_kb=4 * tables,
                 free_frames=32000 - len(self.pages))

    def region(self, start, end, prot, why, file_id=0, flags=0):
        self.vsz += end - start
        self.say("vma_add", start=start, end=end, prot=prot, flags=flags, file_id=file_id, offset=0, why=why)

    def unregion(self, start, end, why):
        gone = [va for va in self.pages if start <= va < end]
        self.say("zap", start=start, end=end, pages=len(gone), why=why)
        for va in gone:
            pfn, kind = self.pages.pop(va)
            if kind == "zero":
                self.say("frame_free", pfn=pfn, order=0, owner="anon")
        self.vsz -= end - start
        self.say("vma_del", start=start, end=end, why=why)

    def touch(self, va, kind="zero", ip=0x401160, cause=0):
        page = va & -PAGE
        self.say("fault_begin", va=va, error=6 if kind == "zero" else 4, ip=ip, from_="user", cause=cause)
        if kind == "zero":
            self.say("frame_alloc", pfn=self.frame, order=0, owner="anon", cause=cause)
        self.say("fault_end", va=va, kind=kind, pfn=self.frame, tables=0, time_ns=100, cause=cause)
        self.pages[page] = (self.frame, kind)
        self.frame += 1
        self.counters()

    def resident(self, va, why):
        self.say("resident", va=va, pages=1, pfn=self.frame, owner="anon", why=why)
        self.pages[va] = (self.frame, "zero")
        self.frame += 1
        self.counters()

    def touch_run(self, va, n, cause):
        self.say("fault_run", va=va, n=n, kind="zero", pfn=self.frame, dpfn=1, time_ns=50 * n, cause=cause)
        self.pages.update({va + k * PAGE: (self.frame + k, "run") for k in range(n)})
        self.frame += n
        self.counters()


def start(recorder):
    recorder.say("exec", stack_low=STACK, stack_high=STACK + 33 * PAGE, entry=0x4010A0, base=0, brk=HEAP, path="/bin/vmrss")
    recorder.say("file", file_id=1, path="/bin/vmrss")
    recorder.region(0x400000, 0x403000, 5, "exec", file_id=1)
    recorder.region(STACK, STACK + 33 * PAGE, 3, "exec", flags=4)
    recorder.resident(STACK + 32 * PAGE, "exec")
    recorder.touch(0x401000, "file")


def small_malloc(recorder, size, pc, ptr, chunk_size, first=False):
    """From the top of the heap; the first one makes the heap."""
    op = recorder.begin(pc)
    if first:
        recorder.call(NR_BRK, HEAP + 33 * PAGE, lambda: recorder.region(HEAP, HEAP + 33 * PAGE, 3, "brk", flags=2), HEAP + 33 * PAGE)
        recorder.say("heap_top", old_break=HEAP, new_break=HEAP + 33 * PAGE, why="first")
    if ptr & -PAGE not in recorder.pages:
        recorder.touch(ptr - 8, cause=op, ip=0x402190)
    recorder.done("malloc", size=size, align=16, ptr=ptr, chunk=ptr - HEADER, chunk_size=chunk_size, path="top", searched=0, pc=pc)
    return op


def big_malloc(recorder, size, pc):
    length = (size + HEADER + PAGE - 1) & -PAGE
    op = recorder.begin(pc)
    recorder.call(NR_MMAP, MAPPING, lambda: recorder.region(MAPPING, MAPPING + length, 3, "mmap"), 0, length, 3, 0x22)
    recorder.touch(MAPPING + 8, cause=op, ip=0x402190)
    recorder.done("malloc", size=size, align=16, ptr=MAPPING + HEADER, chunk=MAPPING, chunk_size=length, path="mmap", searched=0, pc=pc)
    return op


def free(recorder, ptr, chunk_size, pc, act):
    recorder.begin(pc)
    if act == "unmap":
        recorder.call(NR_MUNMAP, 0, lambda: recorder.unregion(ptr - HEADER, ptr - HEADER + chunk_size, "munmap"))
        recorder.counters()
    recorder.done("free", ptr=ptr, chunk_size=chunk_size, act=act, pc=pc)


def finish(recorder):
    recorder.say("sys_enter", nr=231, ip=0x401FF0, a0=0, a1=0, a2=0, a3=0, a4=0, a5=0)
    recorder.say("proc_exit", status=0)
    return recorder.events


@functools.cache    # when it is asked for: by then it is built
def main_of_vmrss():
    """Where malloc(GIB) returns to in main of the vmrss that was built: behind the last instruction of its line there."""
    program = elf.Elf(os.path.join(lab.BUILD, "user", "demo", "vmrss.elf"))
    line = lab.line_of("user/demo/vmrss.c", "    block = demo_opaque(malloc(GIB))")
    rows = [row for sequence in dwarfline.sequences(program) for row in sequence]
    last = max(at for at, row in enumerate(rows) if row.line == line and row.file.endswith("user/demo/vmrss.c"))
    return rows[last + 1].address


def body(recorder, first):
    """Two small blocks, one of which is freed; a big one, of which 1 + 1 + 100 pages are touched; all freed."""
    small_malloc(recorder, 100, main_of_vmrss(), HEAP + 0x10, 112, first)
    small_malloc(recorder, 1000, main_of_vmrss() + 0x20, HEAP + 0x80, 1008)
    free(recorder, HEAP + 0x10, 112, main_of_vmrss() + 0x40, "bin")
    size = 1 << 30
    op = big_malloc(recorder, size, main_of_vmrss())
    recorder.call(NR_WRITE, 10, None, 1, 0x400000, 10)
    recorder.touch(MAPPING + PAGE, "zero_page", cause=op)
    recorder.touch(MAPPING + PAGE, cause=op)
    recorder.touch_run(MAPPING + 2 * PAGE, 100, op)
    free(recorder, MAPPING + HEADER, (size + HEADER + PAGE - 1) & -PAGE, main_of_vmrss() + 0x80, "unmap")
    free(recorder, HEAP + 0x80, 1008, main_of_vmrss() + 0x90, "merge")


def small_program():
    recorder = Recorder()
    start(recorder)
    body(recorder, True)
    return finish(recorder)


def long_program(events):
    recorder = Recorder()
    start(recorder)
    body(recorder, True)
    while len(recorder.events) < events:
        body(recorder, False)
    return finish(recorder)
