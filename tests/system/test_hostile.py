# SPDX-License-Identifier: MIT
"""Files that look like programs and are not: the kernel says ENOEXEC or ENOMEM, or kills the child; it is never hurt.

Each is made from a good static program by breaking one thing, and executed by `parent`, which reports and goes on.
"""

import struct

import pytest

import lab

HEADER = "<16sHHIQQQIHHHHHH"
SEGMENT = "<IIQQQQQQ"
LOAD = 1


class Program:
    """The headers of an ELF file as lists of numbers that can be changed."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.body = bytearray(file.read())
        self.header = list(struct.unpack_from(HEADER, self.body))
        self.segments = [list(struct.unpack_from(SEGMENT, self.body, 64 + 56 * i)) for i in range(self.header[10])]

    def bytes(self):
        struct.pack_into(HEADER, self.body, 0, *self.header)
        for index, segment in enumerate(self.segments):
            struct.pack_into(SEGMENT, self.body, 64 + 56 * index, *[value & (1 << 64) - 1 for value in segment])
        return bytes(self.body)

    def loads(self):
        return [segment for segment in self.segments if segment[0] == LOAD]


# Places in the header and in a segment.
TYPE, MACHINE, VERSION, ENTRY, PHOFF, PHENTSIZE, PHNUM = 1, 2, 3, 4, 5, 9, 10
OFFSET, VADDR, FILESZ, MEMSZ, ALIGN = 2, 3, 5, 6, 7


def header(place, value):
    def change(program):
        program.header[place] = value
    return change


def segment(place, value, number=0):
    def change(program):
        program.loads()[number][place] = value
    return change


def more_file_than_memory(program):
    program.loads()[-1][FILESZ] = program.loads()[-1][MEMSZ] + 4096


def overlapping(program):
    program.loads()[1][VADDR] = program.loads()[0][VADDR]


def every_segment_huge(program):
    for load in program.loads():
        load[MEMSZ] = 1 << 46


def identification(place, value):
    def change(program):
        text = bytearray(program.header[0])
        text[place] = value
        program.header[0] = bytes(text)
    return change


REFUSED = {
    "wrong magic": identification(0, 0),
    "another machine": header(MACHINE, 40),
    "an object file": header(TYPE, 1),
    "a core file": header(TYPE, 4),
    "no program headers": header(PHNUM, 0),
    "65535 program headers": header(PHNUM, 65535),
    "program headers of another size": header(PHENTSIZE, 32),
    "program headers far behind the end": header(PHOFF, 1 << 40),
    "program headers at the end of all numbers": header(PHOFF, (1 << 64) - 32),
}
# What Linux notices when the old program has gone (tests/guest/exec_damaged.c).
KILLED = {
    "more file than memory": more_file_than_memory,
    "memory size that wraps around": segment(MEMSZ, (1 << 64) - 1, -1),
    "file size that wraps around": segment(FILESZ, (1 << 64) - 1, -1),
    "an address of the kernel": segment(VADDR, 0xFFFFFFFF80100000),
    "an address that is not canonical": segment(VADDR, 1 << 63),
    "an address at the end of the user's half": segment(VADDR, 0x7FFFFFFFF000),
    "overlapping segments": overlapping,
    "a huge segment": segment(MEMSZ, 1 << 47, -1),
    "an address that does not match the offset": segment(VADDR, 0x400123),
    "an entry in the kernel": header(ENTRY, 0xFFFFFFFF80100000),
    "an entry that is not canonical": header(ENTRY, 1 << 63),
    "a segment behind the end of the file": segment(OFFSET, 1 << 30),
    "a segment at zero": segment(VADDR, 0),
    "a segment where the stack is": segment(VADDR, 0x7FFFFFFDE000),
}
# These may run a little: Linux maps what it is told to. They must end, and hurt nobody.
SURVIVED = {
    "32 bit by name": identification(4, 1),
    "big endian by name": identification(5, 2),
    "an entry of zero": header(ENTRY, 0),
    "every segment huge": every_segment_huge,
    "memory without end behind the last": segment(MEMSZ, 1 << 32, -1),
}


def execute(tmp_path, content):
    path = tmp_path / "hostile"
    path.write_bytes(content)
    path.chmod(0o755)
    # It comes as one more file: of that scripts/guest takes what it can read, and makes no symbols.
    result = lab.guest([lab.program("parent"), str(path), "exit", "5"], options=["-f", str(path)])
    assert result.returncode == 0, lab.log_of(result)
    assert "ledger: balanced" in lab.log_of(result)
    return result.stdout.decode()


@pytest.mark.parametrize("damage", REFUSED)
def test_refused(damage, tmp_path):
    program = Program(lab.program("end"))
    REFUSED[damage](program)
    assert execute(tmp_path, program.bytes()) == "not executed: Exec format error\nended with status 126\n"


@pytest.mark.parametrize("damage", KILLED)
def test_killed(damage, tmp_path):
    program = Program(lab.program("end"))
    KILLED[damage](program)
    assert execute(tmp_path, program.bytes()) == "ended by signal 11\n"


@pytest.mark.parametrize("damage", SURVIVED)
def test_survived(damage, tmp_path):
    program = Program(lab.program("end"))
    SURVIVED[damage](program)
    assert "ended " in execute(tmp_path, program.bytes())


@pytest.mark.parametrize("length", [0, 1, 3, 4, 16, 63, 64, 65, 100, 120, 500])
def test_cut_short(length, tmp_path):
    output = execute(tmp_path, Program(lab.program("end")).bytes()[:length])
    if length <= 100:
        assert "ended with status 126" in output


@pytest.mark.parametrize("seed", range(3))
def test_random_damage(seed, tmp_path):
    """Twenty files in one guest, each with some bytes of its headers replaced."""
    import random
    chance = random.Random(seed)
    good, options = Program(lab.program("end")).bytes(), []
    for number in range(20):
        content = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(4, 64 + 56 * 4)] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        path = tmp_path / f"hostile{number}"
        path.write_bytes(content)
        path.chmod(0o755)
        options += ["-f", str(path)]
    script = "".join(f"{lab.program('parent')} {tmp_path}/hostile{number} exit 5\n" for number in range(20))
    result = lab.guest(["sh"], stdin=script.encode() + b"exit 0\n",
                       options=[*options, "-f", lab.program("parent")], seconds=300)
    assert result.returncode == 0, lab.log_of(result)
    assert result.stdout.decode().count("ended ") == 20
    assert "ledger: balanced" in lab.log_of(result)


def test_the_good_one_runs(tmp_path):
    assert execute(tmp_path, Program(lab.program("end")).bytes()) == "ended with status 5\n"
