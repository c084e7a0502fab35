# SPDX-License-Identifier: MIT
"""scripts/story: a run in words. What it says is held against what the program printed and what its source says."""

import os
import re
import subprocess
import sys

import pytest

import lab

STORY = os.path.join(lab.ROOT, "scripts", "story")


def story(*words):
    return subprocess.run([sys.executable, STORY, *words], capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def vmrss(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vmrss")
    result = story("-k", str(folder), "vmrss")
    assert result.returncode == 0, result.stderr
    return result, folder


def line_with(text, part):
    return next(line for line in text.splitlines() if part in line)


def in_gibibyte(line):
    """Is it about a page of the large mapping? Below it lie the program, above it the vDSO and the stack."""
    address = int(re.search(r"#PF \w+ (0x\w+)", line).group(1), 16)
    return 0x7FFF00000000 < address < 0x7FFFF7FF0000


def depth(line):
    return len(line) - len(line.lstrip())


def test_a_gibibyte_from_malloc_to_its_frames(vmrss):
    text = vmrss[0].stdout
    lines = text.splitlines()
    with open(os.path.join(lab.ROOT, "user", "demo", "vmrss.c"), encoding="utf-8") as file:
        source = file.read().splitlines()
    malloc = line_with(text, "malloc(1073741824) = ")
    at = int(re.search(r"vmrss\.c:(\d+) main$", malloc).group(1))
    assert "malloc(GIB)" in source[at - 1]
    tree = lines[lines.index(malloc) + 1:]
    tree = tree[:next(n for n, line in enumerate(tree) if depth(line) <= depth(malloc))]
    assert "a mapping of its own" in tree[0]
    at = next(n for n, line in enumerate(tree) if "mmap(NULL, 1073745920, READ|WRITE, PRIVATE|ANONYMOUS, -1, 0) = 0x" in line)
    call, region = tree[at], tree[at + 1]
    assert "promised: [" in region and depth(region) > depth(call) and region.endswith("VSZ +1048580K")
    zeroed = [line for line in tree if "zeroed frame" in line and in_gibibyte(line)]
    assert "by malloc itself" in zeroed[0] and "RSS +4K" in zeroed[0]
    later = [line for line in tree if "later, after mark" in line]
    assert [re.search('"(.*)"', line).group(1) for line in later] == \
           ["read 1 page", "touch 1 page", "touch 100 pages (99 more)", "touch all that fit"]
    assert "RSS +4K" in zeroed[1] and "and 98 more" in zeroed[2] and "RSS +396K" in zeroed[2]
    assert "touch_write" in zeroed[2] and "look.c:" in zeroed[2]


def test_what_came_goes_again(vmrss):
    text = vmrss[0].stdout
    came = sum(int(re.search(r"RSS \+(\d+)K", line).group(1)) for line in text.splitlines() if "zeroed frame" in line and in_gibibyte(line))
    gone = int(re.search(r"taken back: .*VSZ -1048580K  RSS -(\d+)K", text).group(1))
    assert gone == came > 50000
    held = int(re.search(r"the end: status 0; it held (\d+) KiB", text).group(1))
    brought = sum(int(number) for number in re.findall(r"RSS \+(\d+)K", text))
    assert held == brought - 8 - gone    # the first 8K stand twice: as execve's own, and in its sum


def test_the_same_from_the_folder(vmrss):
    result, folder = vmrss
    assert story(str(folder)).stdout == result.stdout


def test_the_program_is_heard(vmrss):
    assert "touch all that fit" in vmrss[0].stderr


def test_an_address_that_was_refused(tmp_path):
    text = story("-k", str(tmp_path), "bug-uaf").stdout
    pids = sorted({int(number) for number in re.findall(r"process (\d+) begins", text)})
    assert len(pids) == 2
    child = story("-p", str(pids[-1]), str(tmp_path)).stdout
    assert "fork: process" in child and "refused: unmapped" in child and "bug-uaf.c:" in child and "signal 11" in child


@pytest.mark.parametrize("program", ["tests/demo/malloc128k", "dynamic"])
def test_foreign_programs_begin_at_the_system_call(program):
    """musl's static binary and the distribution's own dynamic ones."""
    path = "/usr/bin/sort" if program == "dynamic" else os.path.join(lab.BUILD, program)
    words = [path, "/etc/hostname"] if program == "dynamic" else [path]
    result = story(*words) if program != "dynamic" else story("-g", "-f /etc/hostname", *words)
    assert result.returncode == 0, result.stderr
    assert "op#" not in result.stdout and "mmap(NULL" in result.stdout and "promised: [" in result.stdout
    assert re.search(r"#PF write .* a zeroed frame", result.stdout)
    # a touch stands with the call that promised what was touched, at an address of it
    found = [int(address, 16) - int(start, 16) for start, address in re.findall(
        r"^mmap\(NULL.* = 0x(\w+) .*\n(?: +`- (?!#PF).*\n)* +`- #PF (?:read|write) 0x(\w+) ", result.stdout, re.MULTILINE)]
    assert found and all(0 <= offset < 1 << 24 for offset in found)
    if program == "dynamic":    # a stripped library: names that it exports, else where it is in the file
        assert re.search(r" ld-linux-x86-64\.so\.2\+0x\w+$", result.stdout, re.MULTILINE)
        assert re.search(r"^brk\(.* brk$", result.stdout, re.MULTILINE)


def test_more_memory_than_the_machine_has(tmp_path):
    """What left for the swap disk, what came back: the lines add up to what the kernel counted at the end."""
    lab.swapping(tmp_path)
    text = story(str(tmp_path)).stdout
    held, swapped = map(int, re.search(r"the end: status 0; it held (\d+) KiB in frames, (\d+) KiB on the swap disk", text).groups())
    assert sum(int(number) for number in re.findall(r"SWAP ([+-]\d+)K", text)) == swapped
    assert sum(int(number) for number in re.findall(r"RSS ([+-]\d+)K", text)) == held + 8    # execve's own 8K stand twice
    back = line_with(text, "page_right")
    assert re.search(r"#PF read 0x7\w+ and \d+ more -> back from the swap disk, #\d+, and \d+ more with them +RSS \+(\d+)K  SWAP -\1K", back)
    assert re.search(r" `- frames are few, \d+ times: \d+ pages leave for the swap disk \(\d+ looked at\) +RSS -(\d+)K  SWAP \+\1K$", text, re.MULTILINE)
    assert re.search(r"taken back: .*VSZ -\d+K  RSS -\d+K  SWAP -\d+K$", text, re.MULTILINE)


def test_pages_that_others_took(tmp_path):
    lab.swapping(tmp_path, lab.program("hog"), "16", "20")
    text = story("-p", "3", str(tmp_path)).stdout
    taken, left = map(int, re.search(r"others have sent pages of it to the swap disk +RSS -(\d+)K  SWAP \+(\d+)K$", text, re.MULTILINE).groups())
    assert taken == left and f"{left} KiB on the swap disk" in text and "taken back" not in text


def test_in_the_guest_where_memory_is_short():
    text = lab.guest(["story", "beyond", "-n", "24"], options=["-q", "-m", "32", "--swap", "32"]).stdout.decode()
    assert re.search(r"^\d+ pages leave for the swap disk +RSS -\d+K$", text, re.MULTILINE)
    assert re.search(r"#PF \w+ 0x\w+( and \d+ more)? -> read back from the swap disk, #\d+(, and \d+ more with it)? +RSS \+\d+K", text)


def test_in_the_guest():
    """The same tree, from the kernel's own ring."""
    result = lab.guest(["story", "vmrss"])
    text = result.stdout.decode()
    assert result.returncode == 0 and b"touch all that fit" in result.stdout
    malloc = line_with(text, "malloc(1073741824) = 0x")
    tree = text.splitlines()[text.splitlines().index(malloc) + 1:]
    assert re.search(r"vmrss\.c:\d+ main$", malloc)
    assert tree[0].startswith(" `- path: mmap; chunk of 1073745920 bytes at 0x")
    at = next(n for n, line in enumerate(tree) if "mmap(0x0, 1073745920, prot 3, flags 0x22) = 0x" in line)
    assert "promised: [" in tree[at + 1] and tree[at + 1].endswith("VSZ +1048580K")
    assert any("zeroed frame" in line and line.endswith("by malloc itself") for line in tree[at:at + 12])
    assert re.search(r"#PF write 0x\w+ and \d+ more -> a zeroed frame, #\d+; tables \+\d+ +RSS \+\d+K  look\.c:\d+ touch_write", text)
    assert "the end, status 0" in text and "op#" in line_with(text, "free(0x")


def test_in_the_guest_again_and_not():
    result = lab.guest(["sh", "-c", "story malloc1 > /dev/null; story | grep 'malloc(1) = '; story -p 77; story nosuch; echo $?; "
                                    "cat /proc/sys/kernel/trace /proc/sys/kernel/trace_pid"])
    said = result.stdout.decode().splitlines()
    assert re.match(r"op#\d+ malloc\(1\) = 0x", said[0]) and said[-3:] == ["127", "0", "0"]
    assert b"holds no events of that process" in result.stderr and b"nosuch: No such file" in result.stderr


def test_make_explain():
    made = lab.make("explain", "PROG=malloc1", capture_output=True, text=True, timeout=300, check=False)
    assert "the heap had no room: the break moves" in made.stdout and "malloc(1) = 0x" in made.stdout


@pytest.mark.parametrize("words,why", [(["/"], "no recording"), (["-p", "77"], "no such process"), (["no-such-program"], "")])
def test_what_cannot_be_told(words, why, vmrss):
    result = story(*words, *([str(vmrss[1])] if words[0] == "-p" else []))
    assert result.returncode != 0 and why in result.stderr and "Traceback" not in result.stderr
