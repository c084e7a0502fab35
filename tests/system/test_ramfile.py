# SPDX-License-Identifier: MIT
"""A guest's RAM, read from outside through the file that QEMU keeps it in: against what QEMU's own monitor reads."""

import json
import re
import socket
import struct
import subprocess
import time

import pytest

import lab    # noqa: F401 (the scripts' folder is on the path now)
import dwarftypes
import elf
import qemu
import ramfile
from mm.headers import LAYOUT
from mm.paging import PAGE

GIB = 1 << 30


class Guest:
    """A booted machine that stands at the prompt, its memory in a file, with QEMU's monitor."""

    def __init__(self, folder, memory):
        self.file = folder / "ram"
        monitor = folder / "qmp"
        words = qemu.command(memory=memory, ram=self.file, extra=["-serial", "stdio", "-qmp", f"unix:{monitor},server=on,wait=off"])
        self.process = qemu.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        seen = b""
        while b"# " not in seen:
            data = self.process.stdout.read1()
            assert data, seen
            seen += data
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(monitor))
        self.answers = self.socket.makefile("r")
        self.answers.readline()
        self.ask("qmp_capabilities")
        self.ram = ramfile.RamFile(self.file, qemu.KERNEL)

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(self.answers.readline())):
            assert "error" not in answer, answer
        return answer["return"]

    def words(self, physical, count):
        """The same words, as QEMU's monitor reads them."""
        text = self.ask("human-monitor-command", **{"command-line": f"xp /{count}gx {physical:#x}"})
        return [int(word, 16) for line in text.splitlines() for word in re.findall(r"0x\w+", line.split(":")[1])]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()


@pytest.fixture(scope="module", params=[128, 3200, 4096])
def guest(request, tmp_path_factory):
    one = Guest(tmp_path_factory.mktemp("ram"), request.param)
    one.memory = request.param << 20
    yield one
    one.end()


def ram_ranges(ram):
    """bootmem.ram: pairs of frame numbers. (struct bootmem_range: start, end, owner)"""
    count = struct.unpack("<I", ram.read_virt(ram.symbol("bootmem") + 64 * 24, 4))[0]
    return [struct.unpack_from("<QQ", ram.read_virt(ram.symbol("bootmem") + i * 24, 16)) for i in range(count)]


def test_the_kernel_is_found_in_its_memory(guest):
    assert guest.ram.is_this_build()
    ranges = ram_ranges(guest.ram)
    assert 1 <= len(ranges) <= 4 and sum(end - start for start, end in ranges) * PAGE > guest.memory - (1 << 20)
    assert ranges[-1][1] * PAGE <= (guest.memory if guest.memory < 3584 << 20 else guest.memory + GIB)
    assert guest.ram.read_phys(ranges[-1][1] * PAGE - PAGE, PAGE)    # the last frame is there


def test_bytes_are_those_that_the_monitor_reads(guest):
    ram = guest.ram
    for va in (ram.symbol("kmap_init"), ram.symbol("root", "kernel/mm/kmap.c"), ram.symbol("bootmem")):
        assert list(struct.unpack("<8Q", ram.read_virt(va, 64))) == guest.words(ram.phys_of(va), 8)


def test_all_ram_is_in_reach_above_the_hole_too(guest):
    """What is written into the file is seen by the machine at the address that offset() is for."""
    ram, last = guest.ram, ram_ranges(guest.ram)[-1][1] * PAGE - 64
    with open(guest.file, "r+b") as file:
        file.seek(ram.offset(last))
        file.write(struct.pack("<Q", 0x5EA7ED))
    assert guest.words(last, 1) == [0x5EA7ED]
    for nowhere in (ram.size + (GIB if ram.size > 3584 << 20 else 0), 0xE0000000, 1 << 40):
        with pytest.raises(ramfile.NotMapped):
            ram.read_phys(nowhere, 8)


def test_page_tables_are_walked_as_the_mmu_does(guest):
    ram, space = guest.ram, guest.ram.kernel_space()
    for start, end in ram_ranges(ram):
        for physical in (start * PAGE, end * PAGE - PAGE):
            assert space.translate(LAYOUT.DIRECT_MAP + physical) == physical
    image = ram.symbol("kmap_init")
    assert space.translate(image) == image - LAYOUT.KERNEL_BASE == ram.phys_of(image)
    array = ram.read_virt(LAYOUT.FRAME_ARRAY + 32 * (ram.phys_of(image) // PAGE), 32)
    assert struct.unpack("<IIBBH", array[:12])[2] == 2    # the frame of that code: owner PAGE_IMAGE
    with pytest.raises(ramfile.NotMapped):
        ram.read_virt(LAYOUT.KSTACK_AREA, 8)              # the guard page of the first stack


def test_it_changes_while_the_guest_runs(guest):
    before = guest.ram.view[:4 << 20]
    guest.process.stdin.write(b"free\n")
    guest.process.stdin.flush()
    for _ in range(100):
        if guest.ram.view[:4 << 20] != before:
            break
        time.sleep(0.05)
    assert guest.ram.view[:4 << 20] != before


def test_what_is_no_guest_is_said(tmp_path):
    with pytest.raises(ramfile.NoRam, match="no guest keeps its memory in .*/nothing"):
        ramfile.RamFile(tmp_path / "nothing", qemu.KERNEL)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ramfile.NoRam, match="empty"):
        ramfile.RamFile(tmp_path / "empty", qemu.KERNEL)
    (tmp_path / "zeros").write_bytes(bytes(16 << 20))
    ram = ramfile.RamFile(tmp_path / "zeros", qemu.KERNEL)
    assert ram.is_this_build() is None
    with pytest.raises(ramfile.NotMapped, match="not made its page tables yet"):
        ram.kernel_space()
    with pytest.raises(ramfile.NoRam, match="has no no_such_thing"):
        ram.symbol("no_such_thing")


def test_build_of_another_kernel_is_noticed(guest, tmp_path):
    other = bytearray(guest.ram.kernel.data)
    names = next(one for one in guest.ram.kernel.sections if one.name == ".ksyms")
    other[names.offset + names.size // 2] ^= 1
    (tmp_path / "kernel.elf").write_bytes(other)
    assert ramfile.RamFile(guest.file, tmp_path / "kernel.elf").is_this_build() is False


LAYOUTS = """
python
import json
for name in ("page", "aspace", "process", "vma", "ramfs_node", "trapframe", "thread", "kmem_cache", "bootmem", "percpu", "pagesrc"):
    kind = gdb.lookup_type("struct " + name)
    print(json.dumps([name, kind.sizeof, [[one.name, one.bitpos, one.type.sizeof] for one in kind.fields()]]))
print(json.dumps(["page_owner", 0, [[one.name, one.enumval, 0] for one in gdb.lookup_type("enum page_owner").fields()]]))
print(json.dumps(["free_counts", gdb.parse_and_eval("'kernel/mm/buddy.c'::free_counts").type.sizeof, []]))
end
"""


def test_layouts_are_those_that_gdb_reads(tmp_path):
    """dwarftypes.py against gdb, for the structures that somebody reads."""
    (tmp_path / "script").write_text(LAYOUTS)
    said = subprocess.run(["gdb", "-nh", "-batch", "-x", tmp_path / "script", qemu.KERNEL], capture_output=True, text=True, check=True).stdout
    expected = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    assert len(expected) == 13, said
    types = dwarftypes.Types(elf.Elf(qemu.KERNEL))
    for name, size, fields in expected:
        if name == "free_counts":
            assert types.variable(name, "kernel/mm/buddy.c").sizeof == size
        elif name == "page_owner":
            assert [[one.name, one.enumval, 0] for one in types.named("enum " + name).fields()] == fields
        else:
            kind = types.named("struct " + name)
            assert (kind.sizeof, [[one.name, one.bitpos, one.type.sizeof] for one in kind.fields()]) == (size, fields), name
