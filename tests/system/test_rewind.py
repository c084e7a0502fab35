# SPDX-License-Identifier: MIT
"""Recorded runs: they repeat exactly, gdb goes back in them, and says who wrote what is there."""

import json
import os
import re
import subprocess

import pytest

import lab

REWIND = os.path.join(lab.ROOT, "scripts", "rewind")
OVERRUN, TOUCH = (os.path.join(lab.BUILD, "tests", "ours", name) for name in ("overrun", "touch"))
INPUT = b"RECORDED"


def record(folder, words, stdin=b"", options=("-q",), **more):
    return lab.guest(words, stdin, options=(*options, "--record", str(folder)), **more)


@pytest.fixture(scope="module")
def overrun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overrun")
    ended = record(folder, [OVERRUN])
    assert ended.returncode == 128 + 6, ended
    assert b"free(): invalid" in ended.stderr
    return folder


@pytest.fixture(scope="module")
def touch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("touch")
    ended = record(folder, [TOUCH], INPUT)
    assert (ended.returncode, ended.stdout) == (0, b"10 RECORDED\n"), ended
    return folder


def line_of(source, text):
    """The number of the one line of a source that has this text."""
    path = os.path.join(lab.ROOT, source)
    with open(path, encoding="utf-8") as file:
        found = [number for number, line in enumerate(file, 1) if text in line]
    assert len(found) == 1, (source, text)
    return found[0]


def answers(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_who_wrote_over_this_header(rewind, overrun):
    """free() says that the header is broken; going back finds the loop that ran over it, in another function."""
    header = "mm who-wrote (char *)second - 8"
    output = rewind(["mm chunk second", header + " -j", "mm who-wrote", "bt 2", "info locals"], overrun)
    line = line_of("tests/system/ours/overrun.c", "the bug")
    assert re.search(r"^pid 2 overrun ends, killed by SIGABRT   \(instruction \d+\)$", output, re.MULTILINE), output
    assert re.search(r"seal \w{4} \(BROKEN, .*\n.*\n.*\nhint: mm who-wrote 0x\w+8 goes back", output), output
    last, = answers(output)    # the NUL, behind the letters
    assert last["writer"] == "program" and last["place"]["function"] == "set_name", last
    assert last["place"]["line"] == line_of("tests/system/ours/overrun.c", "*to = 0")
    assert last["now"].to_bytes(8, "little").split(b"\0")[0] == b"e"
    assert re.search(rf"^  the program, pid 2 overrun: tests/system/ours/overrun.c:{line} in set_name, called from "
                     rf"tests/system/ours/overrun.c:\d+ in main$", output, re.MULTILINE), output
    assert f" > {line}          *to++ = *text++; /* the bug: nobody looks how long it is */" in output
    before, after = (int(word, 16) for word in re.search(r"^  (0x\w{16}) -> (0x\w{16})   by `mov ", output, re.MULTILINE).groups())
    assert before & 0xff != ord("e") == after & 0xff and before >> 8 == after >> 8
    assert re.search(r"^#1 .* main \(\) at tests/system/ours/overrun.c:", output, re.MULTILINE)
    assert re.search(r"^to = 0x\w+9 ", output, re.MULTILINE), output
    assert "SIGTRAP" not in output


def test_who_wrote_this_pte(rewind, touch):
    """The entry's last two writes: pmap.c for the write's fault, and before that for the read's, each with the user's line."""
    output = rewind(["mm who-wrote -pte page+4096 -j", "mm who-wrote -j", "mm end", "mm who-wrote -pte page+4096"],
                    touch)
    written, read = answers(output)
    for fact, function in ((written, "write_it"), (read, "read_it")):
        assert fact["writer"] == "kernel" and fact["place"]["file"] == "kernel/mm/pmap.c", fact
        assert fact["place"]["function"].startswith("pmap_"), fact
        assert fact["user_place"]["function"] == function and fact["user_place"]["file"] == "tests/system/ours/touch.c"
        assert fact["fault_address"] == fact["entry_of"] + {"write_it": 9, "read_it": 5}[function]
    assert "page fault (write)" in written["reason"] and "page fault (read)" in read["reason"]
    assert written["user_place"]["line"] == line_of("tests/system/ours/touch.c", "= 'w'")
    assert written["after"] & 0x3 == 3 and read["after"] & 0x3 == 1 and read["before"] == 0
    assert written["before"] & ~0x60 == read["after"] & ~0x60 and written["instruction"] > read["instruction"]
    assert re.search(r"^  the kernel: kernel/mm/pmap.c:\d+ in pmap_\w+$", output, re.MULTILINE)
    assert re.search(r"^  for a page fault \(write\) at 0x7f\w+ of pid 2 touch, which stood at tests/system/ours/touch.c:\d+ in "
                     r"write_it, called from tests/system/ours/touch.c:\d+ in main$", output, re.MULTILINE), output


def test_the_live_picture_shows_the_past(rewind, touch):
    """scripts/live on the replayed guest: going back to before the page's frame takes its mark away."""
    picture = f"shell {os.path.join(lab.ROOT, 'scripts', 'live')} $FAULTLINE_MEMORY --once"
    output = rewind([picture, "echo BACK\\n", "mm who-wrote -pte page+4096", picture], touch)
    now, then = (re.search(r"^0x7\w+ rw-p +12K +(\S+) \[anon\] +(\S+)$", part, re.MULTILINE) for part in output.split("BACK"))
    assert now and then, output
    assert now.groups() == ("4K", ".#.") and then.groups() == ("-", "..."), output


def test_who_wrote_other_things(rewind, touch):
    """A variable, step by step; bytes that a system call brought; bytes that only the clearing of the frame made."""
    output = rewind(["mm who-wrote total -j", "mm who-wrote -j", "mm end", "mm who-wrote page+4096+100 -j", "mm end",
                     "mm who-wrote page[4096+500] -j"], touch)
    last, before, call, cleared = answers(output)
    assert (last["before"], last["after"], before["before"], before["after"]) == (6, 10, 3, 6)
    assert last["size"] == 4 and last["place"]["line"] == line_of("tests/system/ours/touch.c", "total += i")
    assert call["reason"] == "the system call read" and call["after"] == int.from_bytes(INPUT, "little")
    assert call["user_place"]["function"] == "fill_it"
    assert cleared["writer"] == "kernel" and cleared["after"] == 0 and cleared["user_place"]["function"] == "write_it"
    assert cleared["place"]["file"] == "kernel/mm/anon.c"


def test_another_process_at_the_same_address_is_not_meant(rewind, tmp_path):
    """The child's later write is none of the parent's; at the child's end it is the child's."""
    ended = record(tmp_path, [os.path.join(lab.BUILD, "tests", "ours", "family")])
    assert ended.stdout == b"1, and 3 of the child\n", ended
    output = rewind(["mm who-wrote written -j", "reverse-continue", "mm end 3", "mm who-wrote written -j"], tmp_path)
    parents, childs = answers(output)
    assert (parents["pid"], parents["after"], parents["place"]["function"]) == (2, 1, "write_as_parent"), output
    assert (childs["pid"], childs["after"], childs["place"]["function"]) == (3, 2, "write_as_child"), output
    assert "pid 3 family ends, with status 3" in output


def test_what_was_typed_is_replayed(rewind, tmp_path):
    """A recorded session at a terminal: keys, echo, line editing."""
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(lab.GUEST, ["-q", "--record", str(tmp_path), "cat"], timeout=180, dimensions=(25, 80))
    child.send("typed\x7f\x7fing\r")
    child.expect("typing\r\n")
    child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    rewind(["break power_off", "continue"], tmp_path)
    assert (tmp_path / "output").read_bytes().endswith(b"typing\r\n")


DYNAMIC = """
#include <stdio.h>
int number;
static void set_it(int value) { number = value; }
int main(void) { set_it(7); set_it(9); printf("%d\\n", number); return 0; }
"""


def test_an_ordinary_program_of_the_host(rewind, tmp_path):
    """Dynamic and position-independent, as gcc makes them: its symbols are loaded where the kernel puts it."""
    (tmp_path / "number.c").write_text(DYNAMIC)
    subprocess.run(["gcc", "-g", "-O0", "-o", tmp_path / "number", tmp_path / "number.c"], check=True)
    assert record(tmp_path / "recording", [tmp_path / "number"]).stdout == b"9\n"
    output = rewind(["mm who-wrote number -j", "mm who-wrote -j", "bt"], tmp_path / "recording")
    last, before = answers(output)
    assert (last["before"], last["after"], before["before"], before["after"]) == (7, 9, 0, 7), output
    assert last["place"]["function"] == "set_it" and last["address"] >> 40 == 0x55 and re.search(r"^#1 .* main \(\)", output, re.MULTILINE)


def test_gdbs_own_ways_back(rewind, touch):
    """reverse-continue to a breakpoint, reverse-stepi, a watchpoint of gdb; and forward again to the same end."""
    output = rewind(["break fill_it", "reverse-continue", "print total", "reverse-stepi", "info symbol $pc", "delete",
                     "watch -l total", "reverse-continue", "info symbol $pc", "delete", "mm end -j"], touch)
    assert re.search(r"Breakpoint \d+, fill_it \(\) at tests/system/ours/touch.c:\d+", output), output
    assert "= 0\n" in output and len(re.findall(r"^main \+ \d+ in section .text", output, re.MULTILINE)) == 2, output
    end, = answers(output)
    first = int(re.search(r"\(instruction (\d+)\)", output).group(1))
    assert end["instruction"] == first and end["end"] == "exit" and end["status"] == 0


def test_a_replay_says_what_the_run_said(rewind, tmp_path):
    """Standard input, output and error, and the kernel's log, byte for byte."""
    tmp_path = tmp_path / "a folder, with a comma"
    words = ["sh", "-c", "while read word; do echo $word; echo $word >&2; done; cat /proc/uptime; exit 5"]
    ran = record(tmp_path, words, b"one\ntwo\n\x10\x04\xff\n", options=())
    assert ran.returncode == 5 and ran.stdout.startswith(b"one\ntwo\n")
    rewind(["break power_off", "continue"], tmp_path)
    output, errors, log = ((tmp_path / name).read_bytes() for name in ("output", "errors", "log"))
    assert output == ran.stdout and errors.startswith(b"one\ntwo\n")
    # On standard error the two are mixed in whatever order they came.
    *said, last = ran.stderr.splitlines()
    assert last.startswith(b"guest: recorded. make rewind REC='")
    assert sorted(said) == sorted((errors + log.replace(b"\r\n", b"\n")).splitlines())


def test_a_run_that_swaps(rewind, tmp_path):
    """The disk goes back with the machine: what came back from it comes back again, and so do the breakpoints on the way."""
    ran = record(tmp_path, ["beyond", "-n", "16"], options=("-q", "-m", "16", "--swap", "24"))
    assert ran.returncode == 0 and b"4096 of 4096 pages are as they were written" in ran.stdout, ran
    output = rewind(["mm end", "hbreak swap_read", "reverse-continue", "print count > 0", "reverse-continue", "print count > 0",
                     "delete", "break power_off", "continue"], tmp_path)
    assert output.count("= 1") == 2, output
    assert (tmp_path / "output").read_bytes().endswith(ran.stdout)    # before that, the parts that were run through on the way


def test_a_run_that_was_cut_off(rewind, tmp_path):
    """A program that hangs: the recording's last instruction is found by counting, and from there it goes back too."""
    for seconds in (2, 30):    # a busy machine may need more than 2 to begin
        ended = record(tmp_path, ["sleep", "100"], seconds=seconds)
        assert ended.returncode == 124
        if b"nothing was recorded" not in ended.stderr:
            break
    assert json.loads((tmp_path / "recording.json").read_text())["ending"] == "cut off"
    output = rewind(["reverse-stepi", "mm end -j"], tmp_path)
    assert re.search(r"the recording ends here: it was cut off from outside   \(instruction \d+\)", output), output
    end, = answers(output)
    assert end["end"] == "cut off" and json.loads((tmp_path / "recording.json").read_text())["instructions"] - 1 == end["instruction"]


def test_a_run_whose_output_nobody_read_to_its_end(rewind, tmp_path):
    """`guest ... | head -1`: it ends by SIGPIPE, and the recording is whole all the same."""
    loop = "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyy; done"
    said = subprocess.run(f"{lab.GUEST} -q -t 120 --record {tmp_path} -- sh -c '{loop}' | head -1", shell=True, capture_output=True,
                          timeout=180, check=False)
    assert said.stdout == b"yyyyyyyyyyyyyyyyyyyyyyyy\n"
    end, = answers(rewind(["mm end -j"], tmp_path))
    assert end["end"] == "cut off" and end["name"] in ("sh", "init")


def test_a_panic(rewind, tmp_path):
    assert record(tmp_path, ["true"], options=("-q", "--append", "panic=null")).returncode == 125
    assert json.loads((tmp_path / "recording.json").read_text())["ending"] == "panic"
    output = rewind(["bt 1", "break kmain", "reverse-continue", "mm end -j"], tmp_path)
    assert re.search(r"^the kernel panics   \(instruction \d+\)$", output, re.MULTILINE), output
    assert "panic_trap" in output and re.search(r"Breakpoint 1, kmain", output), output
    assert answers(output)[0]["end"] == "panic"


def test_refusals(tmp_path, gdb):
    def said(words):
        ended = subprocess.run([REWIND, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stderr
    assert said([tmp_path]) == (1, f'rewind: {tmp_path} holds no recording: make record PROG="name arguments" makes one\n')
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    ended = record(tmp_path / "mine", ["true"])
    assert ended.returncode == 125 and b"is not empty and no recording: name another folder" in ended.stderr
    assert os.listdir(tmp_path / "mine") == ["letter"]
    ended = record(tmp_path / "two", ["true"], options=("-q", "-c", "2"))
    assert ended.returncode == 125 and b"QEMU records one processor only" in ended.stderr
    ended = record(tmp_path / "early", ["true"], seconds=0.05)
    assert ended.returncode == 124 and b"guest: nothing was recorded: it was ended before the machine's first instruction" in ended.stderr
    assert said([tmp_path / "early"]) == (1, f"rewind: {tmp_path}/early: the recording was not finished\n")
    assert record(tmp_path / "three", ["true"]).returncode == 0
    facts = json.loads((tmp_path / "three" / "recording.json").read_text())
    facts["qemu"] = "QEMU emulator version 1.0"
    (tmp_path / "three" / "recording.json").write_text(json.dumps(facts))
    status, why = said([tmp_path / "three"])
    assert status == 1 and "was recorded by QEMU emulator version 1.0, here is" in why
    assert "going back needs a recording: make record" in gdb(["mm who-wrote 1"])
