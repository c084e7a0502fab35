# SPDX-License-Identifier: MIT
"""The mm commands of gdb: against /proc's own figures, page by page; and sessions as a student has them."""

import json
import os
import re
import subprocess
import struct
import sys

import pytest

import lab

OUTSIDE = os.path.join(lab.ROOT, "tests", "system", "outside.py")
PAGE = 4096
USER_END = 1 << 47
PRESENT, IN_SWAP, IS_FILE, EXCLUSIVE = 1 << 63, 1 << 62, 1 << 61, 1 << 56
SWAPPED = 1 << 9    # of an entry: kernel/include/x86/pte.h
PFN = (1 << 55) - 1

# All that the comparison needs of one moment: the figures of /proc that the program keeps, then ours. The pages are
# asked for one by one, so that each goes through the command that a student types.
DUMP = """
dump binary value {folder}/maps maps
dump binary value {folder}/smaps smaps
dump binary value {folder}/pages pages
mm vmmap -j
mm pt -a -j
python
import json
from mm import frames, kernel, tables
reverse = kernel.reverse_map()
rows = gdb.parse_and_eval("(char *)maps").string()
for row in rows.splitlines():
    start, end = (int(word, 16) for word in row.split()[0].split("-"))
    if start >> 47:
        break
    for va in range(start, end, 4096):
        seen = tables.look_walk(va)
        last = seen["entries"][-1]
        leads = last["level"] == 1 and last["value"] and "slot" not in seen
        frame = frames.look_frame(last["value"] >> 12 & (1 << 40) - 1, reverse) if leads else None
        print(json.dumps({{"va": va, "walk": seen, "frame": frame}}))
end
mm frames -j
shell {python} {outside} witness
"""


def answers(output):
    """The JSON objects among what gdb printed."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def smaps_of(text):
    """A dictionary for each region: start, end, permissions, Rss, the dirty and the swapped kibibytes."""
    rows = []
    for line in text.splitlines():
        if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) \S+ \d+ *(.*)", line):
            rows.append({"start": int(match[1], 16), "end": int(match[2], 16), "permissions": match[3],
                         "offset": int(match[4], 16), "name": match[5], "dirty": 0})
        elif match := re.match(r"(Rss|Swap|Shared_Dirty|Private_Dirty): +(\d+) kB", line):
            key = match[1].lower() if match[1] in ("Rss", "Swap") else "dirty"
            rows[-1][key] = rows[-1].get(key, 0) + int(match[2]) * 1024
    return [row for row in rows if row["start"] < USER_END]


@pytest.fixture(scope="module", params=["heap", "files", "fork", "swap"])
def witness(request, gdb, tmp_path_factory):
    """(what /proc said, what gdb says) of a program that stopped in ready()."""
    tmp_path = tmp_path_factory.mktemp("proc")
    output = gdb(["set max-value-size unlimited", 'break ready if $mm_in("witness")', "continue",
                  *DUMP.format(folder=tmp_path, python=sys.executable, outside=OUTSIDE).splitlines()], lab.program("witness"), request.param,
                 SWAP="16" if request.param == "swap" else "")
    said = answers(output)
    assert len(said) > 3 and "processes" in said[-1], output[-3000:]    # it came to the end
    proc = {name: (tmp_path / name).read_bytes() for name in ("maps", "smaps", "pages")}
    return smaps_of(proc["smaps"].split(b"\0")[0].decode()), proc["pages"], said


def test_vmmap_agrees_with_smaps(witness):
    expected, _, (vmmap, *_) = witness
    assert len(expected) > 4
    keys = ("start", "end", "permissions", "offset", "name", "rss", "dirty", "swap")
    assert [[row[key] for key in keys] for row in vmmap["regions"]] == [[row[key] for key in keys] for row in expected]
    assert vmmap["rss"] == sum(row["rss"] for row in expected)
    assert vmmap["swap"] == sum(row["swap"] for row in expected)
    assert vmmap["vsz"] == sum(row["end"] - row["start"] for row in expected)


def test_pt_and_frames_agree_with_pagemap_page_by_page(witness):
    expected, pagemap, (_, tree, *pages, _, _) = witness
    addresses = [va for row in expected for va in range(row["start"], row["end"], PAGE)]
    assert [page["va"] for page in pages] == addresses
    entries = struct.unpack_from(f"<{len(addresses)}Q", pagemap)
    assert sum(entry & PRESENT != 0 for entry in entries) > 20
    for page, entry in zip(pages, entries):
        frame = page["frame"]
        assert bool(frame) == bool(entry & PRESENT), page
        assert page["walk"].get("slot") == (entry >> 5 & (1 << 50) - 1 if entry & IN_SWAP else None), page    # the kernel's pagemap.rst
        if not frame:
            continue
        assert frame["pfn"] == entry & PFN, page
        assert page["walk"].get("frame", frame["pfn"]) == frame["pfn"]
        if frame["zero_page"]:
            continue
        assert (frame["owner"] != "anon") == bool(entry & IS_FILE), page
        assert (frame["maps"] == 1) == bool(entry & EXCLUSIVE), page
        assert len(frame["mapped_by"]) == frame["maps"], page
        assert page["va"] in [mapping["va"] for mapping in frame["mapped_by"]], page
    assert tree["pages"] == sum(row["rss"] for row in expected) // PAGE
    assert tree["swapped"] == sum(entry & IN_SWAP != 0 for entry in entries) == sum(row["swap"] for row in expected) // PAGE


def test_all_agrees_with_the_tables_read_from_outside(witness):
    """The guest's RAM, walked and counted by a program that knows nothing of gdb: entry by entry, frame by frame."""
    _, _, (vmmap, tree, *pages, frames, outside) = witness
    ours = outside["processes"][str(vmmap["pid"])]
    entries = {int(va): entry for va, entry in ours["entries"].items()}
    assert ours["root"] == tree["cr3"] and len(entries) > 20
    seen = {}
    for page in pages:
        last = page["walk"]["entries"][-1]
        if last["level"] == 1 and last["value"]:
            seen[page["va"]] = last["value"]
        if page["frame"] and not page["frame"]["zero_page"]:
            assert page["frame"]["maps"] == outside["maps"][str(page["frame"]["pfn"])], page
    assert seen == entries
    kernels = [page["frame"]["pfn"] for page in pages if page["frame"] and page["frame"]["owner"] == "image"]    # zeros, [vdso], [vvar]
    assert len(kernels) > 1
    frames_of = [entry for entry in entries.values() if not entry & SWAPPED]
    assert tree["swapped"] == len(entries) - len(frames_of)
    assert tree["pages"] == sum(entry >> 12 & (1 << 40) - 1 not in kernels for entry in frames_of) == vmmap["rss"] // PAGE
    assert frames["owners"] == {**outside["owners"], "free": frames["owners"]["free"]}
    # Sections of RAM that are not online yet are free too, but only for who looks at the ranges of RAM.
    assert outside["owners"]["free"] <= frames["owners"]["free"]


def test_frames_add_up(witness):
    said = witness[2][-2]
    assert sum(said["owners"].values()) == said["frames"]
    assert sum(count << order for order, count in enumerate(said["buddy"])) + said["cached"] == said["owners"]["free"]
    assert said["owners"]["anon"] > 0 and said["owners"]["table"] > 0


def test_a_page_on_the_swap_disk_is_no_frame(gdb):
    """Its entry has a slot's number where a frame's would be; the touch takes a frame, and the frame is told."""
    output = gdb(["mm sym " + lab.program("witness"), 'break ready if $mm_in("witness")', "continue", "mm vmmap", "mm pt swapped", "mm why swapped",
                  "mm pt -a"], lab.program("witness"), "swap", SWAP="16")
    walk = section(output, "pt 0x", "0x7f")
    slot = int(re.search(r"PTE .*  ON THE SWAP DISK\n  => on the swap disk, slot (\d+): no frame, a touch reads it back", walk)[1])
    assert f"PTE leads to the disk: on the swap disk, slot {slot}: no frame" in output
    assert "read -> fault (read from the disk), then OK | write -> fault (read from the disk), then OK" in output
    head = re.search(r"VSZ \d+ KiB   RSS \d+ KiB   swap (\d+) KiB", output)
    assert re.search(r" perm +size +RSS +dirty +swap +faults  what$", output, re.MULTILINE)
    assert f"and to find {int(head[1]) // 4} pages on the swap disk." in output


def test_a_fault_for_a_page_on_the_swap_disk_is_foretold(gdb):
    touch = lab.line_of("tests/system/programs/witness.c", "    block[31 ")
    output = gdb(["mm sym " + lab.program("witness"), f'break witness.c:{touch} if $mm_in("witness")', "continue", "mm fault next", "continue"],
                 lab.program("witness"), "swap", SWAP="16")
    told = section(output, "#PF  pid", "(`c` runs")
    assert re.search(r"step 3  on the swap disk, slot \d+ -> take a frame and read it +kernel/mm/swapin.c:\d+", told), output[-2000:]
    assert re.search(r"#PF served: RSS \d+K -> \d+K, 0 page tables built, frame #\d+, refs 1, maps 1, owner anon", output)


def section(output, beginning, ending=None):
    """From the line that begins like that up to the line that begins so."""
    lines = output.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(beginning))
    last = next((i for i, line in enumerate(lines) if i > first and ending and line.startswith(ending)), len(lines))
    return "\n".join(lines[first:last])


def test_a_session_from_a_touch_to_its_frame(gdb):
    """boot; the next fault of the program; the walk that failed; why; what the kernel did; the user's next line."""
    line = lab.line_of("user/demo/vmrss.c", "touch_write(first_page, 1)")
    output = gdb([f"break vmrss.c:{line} if $mm_in(\"vmrss\")", "continue", "delete", "mm fault next", "mm pt $cr2", "mm why $cr2",
                  "info line *$pc", "continue", "echo AFTER\\n", "mm pt $cr2", "finish", "next", "mm why first_page"],
                 "vmrss")
    story = section(output, "#PF  pid 2 vmrss  WRITE by USER to 0x7fff", "(`c`")
    assert "error 0x7 = U|W|P, the entry forbids it" in story
    assert re.search(r"user pc 0x[0-9a-f]+ user/demo/lib/look.c:\d+\n > \d+ ", story)
    assert re.search(r"step 1  CR2=0x(\w+) -> page 0x\w+ +kernel/trap.c:\d+", story)
    assert re.search(r"step 2  find VMA: \[anon\] rw-p, write is allowed -> legal +kernel/mm/fault.c:\d+", story)
    assert re.search(r"step 3  .*the page of zeros.* take a zeroed frame +kernel/mm/anon.c:\d+", story)
    assert re.search(r"step 4  write PTE\[\d+\].* +kernel/mm/pmap.c:\d+", story)
    before = section(output, "pt 0x", "0x7fff")
    assert "PML4E [255]" in before and "P - U" in before and "the page of zeros" in before
    assert "write -> fault (a frame of its own), then OK" in output
    assert "kernel/arch/x86/entry.asm" in section(output, "Line ")
    assert re.search(r"#PF served: RSS (\d+)K -> (\d+)K, 0 page tables built, frame #\d+, refs 1, maps 1, owner anon", output)
    after = section(output, "AFTER")
    assert re.search(r"PTE .* P W U A D NX", after)
    assert "user/demo/vmrss.c" in after and "read OK | write OK | execute -> SIGSEGV (NX)" in after


# The guest, the first that gdb's parent has started, does not run for longer than gdb waits for an answer before it asks again.
LATE = """
python
import os
guest = open(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read().split()[0]
os.system(f"kill -STOP {guest}; (sleep 4; kill -CONT {guest}) &")
end
"""


def test_a_guest_that_answers_late_is_waited_for(gdb):
    output = gdb(['break main if $mm_in("vmrss")', "continue", "mm vmmap -j", *LATE.splitlines(), "mm vmmap -j", "mm vmmap -j"], "vmrss")
    before, late, after = answers(output)
    assert before == late == after and len(before["regions"]) > 4


def classic(name):
    """A program with the classic allocator behind malloc: there every block has a header."""
    lab.make("MALLOC=classic", name, folder=os.path.join(lab.FOLDER, "classic"))
    return os.path.join(lab.BUILD, "classic", name)


def test_a_session_with_a_double_free(gdb):
    output = gdb(["break free_twice", "continue", "next", "next", "next", "mm chunk block", "mm heap", "next",
                  "echo FREED\\n", "mm chunk stale", "mm why stale", "mm heap", "break report_pointer",
                  "continue", "echo CAUGHT\\n", "bt", "frame function free_twice", "mm chunk stale"], classic("user/demo/bug-dfree.elf"), "-here")
    live, freed = output.split("FREED", 1)
    freed, caught = freed.split("CAUGHT", 1)
    assert re.search(r"head +0x\w{16}  =  seal \w{4} \(OK\) \| size 0x50 \| USED", live)
    assert "(no size: the word belongs to the block before, if there is one)" in live
    assert "state USED, 72 bytes for the user" in live and "would: make it part of the top" in live
    assert re.search(r"0x50 +USED|0x50  USED", live) and "0x50  USED" not in freed
    assert "free(): double free detected" in freed
    assert "free_twice" in caught and "user/demo/bug-dfree.c" in caught


def test_a_segmentation_fault_is_found_before_it_happens(gdb):
    output = gdb(["mm fault next -j", "mm fault -segv", "mm why $cr2", "continue"], "bug-uaf")
    first, = answers(output)
    assert first["access"] == "EXECUTE" and first["user"] and not first["refused"] and len(first["steps"]) == 4
    places = re.findall(r"^  step \d  .*? {2,}(kernel/mm/vma\.h:\d+|kernel/\S+\.c:\d+)$", output, re.MULTILINE)
    assert len(places) == 3 and "find VMA: none -> refused: SIGSEGV" in output, output    # each step says where it is done
    assert re.search(r"it was unmapped: \[0x\w+, 0x\w+\) rw-p, by munmap \(libc/sys/raw\.h:\d+\) <- .*free\w* \(libc/malloc/[\w/]+\.c:\d+\) <- "
                     r"freed \(user/demo/bug-uaf\.c:\d+\)", output)
    assert "#PF refused: the kernel is about to send a signal" in output


def test_heap_and_bins_of_a_stopped_program(gdb):
    output = gdb(["break exit if $mm_in(\"array\")", "continue", "mm heap", "mm bin", "mm heap -j", "mm bin -j"], "array")
    heap, bins = answers(output)
    chunks = [chunk for segment in heap["segments"] for chunk in segment["chunks"]]
    assert chunks and chunks[-1]["state"] == "top"
    for one, following in zip(chunks, chunks[1:]):
        assert one["chunk"] + one["size"] == following["chunk"]
        assert ("PREV_FREE" in following["flags"]) == (one["state"] == "free")
        assert following["prev_size"] == (one["size"] if one["state"] == "free" else None)
    free = sorted(chunk["chunk"] for chunk in chunks if chunk["state"] == "free")
    assert sorted(chunk["chunk"] for one in bins["bins"] for chunk in one["chunks"]) == free
    assert all(one["wrong"] is None for one in bins["bins"])
    assert re.search(r"heap \[0x\w+,0x\w+\) \w+  brk  in use \d+ / free \d+", output) and "TOP  (" in output


def test_a_block_of_a_slab(gdb):
    """The default malloc has no header in front of small blocks: the page's record is shown instead."""
    output = gdb(["break free_twice", "continue", "next", "next", "next", "mm chunk block", "mm chunk (char*)block+1", "mm why block",
                  "mm heap"], "bug-dfree", "-here")
    assert re.search(r"no header: block \d+ of a slab, a page of \d+ blocks of \d+ bytes; \d+ were handed out", output)
    assert "would: put it into the thread's list for its size" in output
    assert "would: abort the program: 1 bytes inside of the block" in output
    assert re.search(r"malloc: offset 0 of block \d+ of a slab, \d+ bytes, handed out", output)
    assert re.search(r"0x1000  SLAB  \d+ of \d+ blocks of \d+ bytes were handed out", output)


# What the program itself knows of its blocks; and the neighbours of one that lies between two free chunks.
BLOCKS = """
python
import json
from mm import kernel, malloc
slots = gdb.parse_and_eval("slots")
print(json.dumps({"slots": [[int(slots[i]["bytes"]), int(slots[i]["size"])] for i in range(500) if slots[i]["bytes"]]}))
heap = malloc.Heap(kernel.process())
row = [one for segment in heap.segments() for one in heap.chunks(segment)]
at = next(i for i, one in enumerate(row) if one.state == "used" and row[i - 1].state == row[i + 1].state == "free")
for name, one in zip(("before", "block", "after", "behind"), row[at - 1:at + 3]):
    gdb.set_convenience_variable(name, one.address + malloc.HEADER)
end
"""
BLOCKS_STOP = ["break malloc_random.c:drop if freed == 250", "continue", *BLOCKS.splitlines(),
               "mm heap -j", "mm bin -j"]


@pytest.fixture(scope="module")
def blocks(gdb):
    """({user pointer: chunk}, what the program says, what gdb printed), with some hundred blocks of all sizes."""
    output = gdb([*BLOCKS_STOP, "echo BLOCK\\n", "mm chunk $block", "mm why $before", "mm why $block-16",
                  "mm why $block-8", "mm why $after-9", "echo LENT\\n", "mm chunk $behind",
                  "set var *(long *)($after-16) = 1", "echo INTACT\\n", "mm chunk $block",
                  "set var *(long *)($block-16) = 0x77", "echo BROKEN\\n", "mm chunk $block", "mm bin",
                  "set var *(long *)($after-8) = 0", "mm chunk $block"],
                 classic("tests/ours/malloc_random"))
    said, heap, bins = answers(output)
    chunks = [chunk for segment in heap["segments"] for chunk in segment["chunks"]]
    return chunks, heap["mapped"], bins["bins"], said["slots"], output


def test_every_block_of_the_program_is_a_used_chunk(blocks):
    """24 of 32 bytes are the user's, and of no block is one byte missing."""
    chunks, mapped, _, slots, _ = blocks
    used = {one["user"]: one for one in chunks + mapped if one["state"] in ("used", "mapped")}
    assert len(slots) > 100 and sorted(used) == sorted(user for user, _ in slots)
    for user, size in slots:
        one = used[user]
        assert size <= one["usable"] == one["size"] - (16 if one["state"] == "mapped" else 8), one
        assert one["state"] == "mapped" or one["size"] <= max(32, size + 8 + 15 + 16), one
    assert any(one["size"] == 32 and one["usable"] == 24 for one in used.values())


def test_only_a_free_chunk_has_its_size_behind_it(blocks):
    chunks, _, bins, _, _ = blocks
    assert sum(one["state"] == "free" for one in chunks) > 10
    for one, following in zip(chunks, chunks[1:]):
        assert one["chunk"] + one["size"] == following["chunk"]
        assert ("PREV_FREE" in following["flags"]) == (one["state"] == "free")
        assert following["prev_size"] == (one["size"] if one["state"] == "free" else None)
        assert one["state"] == "used" or following["state"] == "used"
    free = sorted(one["chunk"] for one in chunks if one["state"] == "free")
    assert sorted(chunk["chunk"] for one in bins for chunk in one["chunks"]) == free
    assert all(one["wrong"] is None for one in bins)


def test_a_block_between_two_free_chunks(blocks):
    chunks, *_, output = blocks
    at = next(i for i, one in enumerate(chunks) if one["state"] == "used" and
              chunks[i - 1]["state"] == chunks[i + 1]["state"] == "free")
    before, block, after, _ = chunks[at - 1:at + 3]
    story, output = output.split("BLOCK\n", 1)[1].split("LENT\n")
    assert f"prev_size {before['size']:#018x}  (bytes of the free chunk before it)" in story
    assert f"size {block['size']:#x} | USED | PREV_FREE\n  state USED, {block['size'] - 8} bytes for the user" in story
    assert f"would: put {before['size'] + block['size'] + after['size']:#x} bytes into bin " in story
    assert "merged with the free chunk before it and the free chunk behind it." in story
    assert f"malloc: in a FREE chunk, 0 bytes behind {before['user']:#x}" in story
    assert f"malloc: the last word of the FREE chunk {before['chunk']:#x}: its boundary tag" in story
    assert f"malloc: in the header of the used chunk {block['chunk']:#x}" in story
    assert f"malloc: offset {block['size'] - 9} of the block {block['user']:#x}" in story
    lent, output = output.split("INTACT\n")
    assert "bytes of the free chunk before it" in lent
    intact, broken = output.split("BROKEN\n")
    assert "merged with the free chunk before it and the free chunk behind it." in intact
    assert "would: abort the program: corrupted size vs. prev_size" in broken
    assert f"the last word of {before['chunk']:#x} says 0x77, but its size is {before['size']:#x}" in broken
    assert "would: abort the program: free(): invalid next size" in broken


def test_before_paging(gdb):
    output = gdb(["mm pt 0x1000", "mm why 0x1000", "mm proc"])    # (an error ends the file of commands)
    assert "paging is off: the physical address is the same" in output
    assert "paging is off: it is a physical address" in output
    assert "paging is off: the kernel's structures do not exist yet" in output


EVERY = """
python
import json
import mm.command
def say(command, wanted):
    "Its JSON must be JSON, its refusal one line that says what to do."
    try:
        said = gdb.execute("mm " + command, to_string=True)
        kind = "json" if said.strip() and all(json.loads(line) is not None for line in said.splitlines()) else "nothing"
    except gdb.error as refusal:
        kind = "refused" if len(str(refusal).splitlines()) == 1 and len(str(refusal)) > 20 else f"bad refusal {refusal!r}"
    except Exception as error:
        kind = repr(error)
    print("EVERY", command, kind == wanted, kind)
for command in COMMANDS:
    say(command + " -j", "json" if (READY or command in GOOD) and command.split()[0] not in LATER else "refused")
print("NAMES", json.dumps(sorted(each.name for each in mm.command.Command.__subclasses__())))
end
"""
COMMANDS = ("vmmap", "pt 0x400000", "pt -a", "vma -a", "vma 0x400000", "frames", "frames 300", "heap", "bin", "proc", "sym", "why 0x400000",
            "chunk $rsp", "story", "end", "who-wrote $rsp", "fault on", "fault off", "fault next", "break main")
LATER = ("story", "end", "who-wrote")    # they need a trace or a recording: test_the_story_so_far, test_rewind.py


@pytest.mark.parametrize("where, commands, good", [
    ("before paging", [], ("pt 0x400000", "why 0x400000", "fault on", "fault off", "break main")),
    ("first C line", ["break kmain", "continue"], ("pt 0x400000", "why 0x400000", "proc", "fault on", "fault off", "fault next", "break main")),
    ("ring 0, no process", ["break process_start_init", "continue"], ("pt 0x400000", "why 0x400000", "proc", "frames", "frames 300", "fault on", "fault off", "fault next", "break main")),
    ("ring 3, before any malloc", ['break main if $mm_in("array")', "continue"], None),
    ("ring 0, for a process", ['break main if $mm_in("array")', "continue", "delete", "break vma_insert", "continue"], None),
])
def test_every_command_everywhere(gdb, where, commands, good):
    commands_here = [command for command in COMMANDS if where != "before paging" or command != "fault next"]    # (nothing to stop at yet)
    output = gdb([*commands, f"python READY, GOOD, COMMANDS, LATER = {good is None}, {good!r}, {commands_here!r}, {LATER!r}",
                  *EVERY.splitlines()], "array")
    lines = [line for line in output.splitlines() if line.startswith("EVERY")]
    assert len(lines) == len(commands_here) and all(" True " in line for line in lines), (where, output)
    names = json.loads(next(line for line in output.splitlines() if line.startswith("NAMES")).removeprefix("NAMES"))
    assert names == sorted({command.split()[0] for command in COMMANDS})    # a new command is tried here, too


def test_a_fault_stops_at_every_level(gdb):
    """The function that both ways of a fault share: the quiet one, and the one that tells its events."""
    for level, way in (("0", "fault"), ("2", "fault_aloud")):
        output = gdb(["break fault_locked if $mm_in(\"vmrss\")", "continue", "bt 3", "info args"], "vmrss", TRACE=level)
        assert re.search(rf"^#0  fault_locked \(.*\n#1  (0x\w+ in )?{way} \(", output, re.MULTILINE), output
        assert re.search(r"^va = 4\d{6}$", output, re.MULTILINE) and "access = ACCESS_EXEC" in output


def test_a_backtrace_from_the_boot_ends(gdb):
    assert len(gdb(["break process_start_init", "continue", "bt"]).splitlines()) < 120


LOADED_BEFORE = """
class Other(gdb.Command):
    "What somebody else's vmmap says."
    def __init__(self):
        super().__init__("vmmap", gdb.COMMAND_USER)
    def invoke(self, argument, from_tty):
        print("somebody else's")
Other()
"""


def test_short_names_where_they_are_free(gdb, tmp_path):
    """`why` is `mm why`; gdb's own words (end; pt is ptype, sym is symbol-file) and those of pwndbg or gef stay what they are."""
    output = gdb(["break process_start_init", "continue", "why &zero_page", "proc -j", "pt int", "help end"])
    assert "  symbol zero_page\n" in output and len(answers(output)) == 1, output
    assert "type = int" in output and "Ends a list of commands" in output
    (tmp_path / "other.py").write_text("import gdb\n" + LOADED_BEFORE)
    said = subprocess.run(["gdb", "-nh", "-q", "-batch", "-x", tmp_path / "other.py", "-x", os.path.join(lab.ROOT, "scripts", "gdb", "faultline.py"),
                           "-ex", "vmmap", "-ex", "help mm vmmap", "-ex", "help why"], capture_output=True, text=True, check=False).stdout
    assert "somebody else's\n" in said and "mm vmmap [PID]" in said and "mm why, why" in said, said


TWO_PROGRAMS = ("/bin/busybox", "sh", "-c", "array; vmrss; array; vmrss")
COUNTED = """
python
import json
from mm import kernel
for _ in range(4):
    gdb.execute("continue")
    print(json.dumps([kernel.running().name, gdb.newest_frame().name()]))
end
"""


@pytest.mark.parametrize("commands, expected", [
    (["break *_start+2"], [["array", "_start"], ["vmrss", "_start"]] * 2),
    (["mm break *_start+2"], [["vmrss", "_start"]] * 2),
    (["mm break sys_mmap if frame->rsi > 0x40000000"], [["vmrss", "sys_mmap"]] * 2),
    (["break process_exec", "continue", "delete", "mm proc 2", "mm sym vmrss", "mm break *_start+2"], [["vmrss", "_start"]]),
], ids=["without", "of the program", "of the kernel", "of a process"])
def test_a_breakpoint_of_one_program(gdb, commands, expected):
    """The other one has the same code there. (Not the very first instruction: its page fault brings the program there twice.) The
    shell itself becomes the last one, process 2."""
    output = gdb(["mm sym vmrss", *commands, *COUNTED.splitlines()], *TWO_PROGRAMS)
    assert [json.loads(line) for line in output.splitlines() if line.startswith('["')] == expected


def test_in_the_kernel(gdb):
    output = gdb(["break process_start_init", "continue", "mm pt &zero_page", "mm why zero_page", "mm why $rsp", "mm frames",
                  "mm proc"])
    assert re.search(r"^PDE .*P W - A . . ?X? .*large|PTE .* P W - A", output.replace("  PDE", "PDE"), re.MULTILINE)
    assert re.search(r"the frame array: struct page of frame #\d+", output)
    assert re.search(r"RAM \d+ KiB = \d+ frames   free \d+ ", output) and "K image" in output
    assert "CR3 = " in output and "(no process)" in output


def test_the_chosen_process_is_the_one_that_counts(gdb):
    """pid 1 while pid 2 runs: its regions, its page tables, its symbols."""
    output = gdb(["break main if $mm_in(\"vmrss\")", "continue", "mm proc 1", "mm vmmap", "mm pt $rsp", "mm proc off",
                  "mm pt $rsp"], "vmrss")
    assert re.search(r"^\* +1  init .* /init  \(symbols loaded\)$", output, re.MULTILINE)
    assert re.search(r"^ > +2  vmrss .* /bin/vmrss$", output, re.MULTILINE)
    assert "pid 1 init   VSZ" in output and "/init .text" in output
    roots = re.findall(r"^pt 0x7?\w+   CR3 = (0x\w+) \(pid (\d)\)$", output, re.MULTILINE)
    assert [pid for _, pid in roots] == ["1", "2"] and roots[0][0] != roots[1][0]


def test_every_command_explains_itself(gdb):
    names = sorted({command.split()[0] for command in COMMANDS})
    output = gdb([f"mm {name} -h" for name in names] + ["help mm"])
    for name in names:
        assert f"\nmm {name} " in output
    assert output.count("Example: mm ") == len(names)


STEP = """
python
def run_to(mnemonic):
    "Stands at the next instruction of that name from here on in the code."
    here = gdb.selected_frame()
    at = here.pc()
    while not (one := here.architecture().disassemble(at)[0])["asm"].startswith(mnemonic):
        at += one["length"]
    if at != here.pc():
        gdb.execute(f"tbreak *{at:#x}", to_string=True)
        gdb.execute("continue", to_string=True)
def step(title):
    gdb.execute("stepi", to_string=True)
    line = gdb.selected_frame().find_sal()
    print(title, f"{line.symtab.filename}:{line.line}", "cpl", int(gdb.parse_and_eval("$cs")) & 3)
"""


def test_single_steps_show_both_sides_of_a_system_call_and_of_a_fault(gdb):
    """stepi over `syscall` and `sysret`, and over `iretq`: the source of the other side, at once."""
    output = gdb(["break write if $mm_in(\"vmrss\")", "continue", "delete", "tbreak syscall_point", "continue", *STEP.splitlines(), "run_to('syscall')",
                  "step('IN')", "run_to('sysret')", "step('OUT')", "end",
                  "mm fault next", "python", "gdb.execute('tbreak trap_return', to_string=True)",
                  "gdb.execute('continue', to_string=True)", "run_to('iretq')", "step('BACK')", "end"], "vmrss")
    assert re.search(r"^IN kernel/arch/x86/entry.asm:\d+ cpl 0$", output, re.MULTILINE), output
    assert re.search(r"^OUT libc/sys/point.asm:\d+ cpl 3$", output, re.MULTILINE), output
    assert re.search(r"^BACK (user|libc)/[\w/.]+:\d+ cpl 3$", output, re.MULTILINE), output


def test_the_story_so_far(gdb):
    """The kernel's ring, read out of the paused guest: malloc, what it made, what was touched of it; the run that is still open too."""
    line = lab.line_of("user/demo/vmrss.c", "touch_write(first_page, 100)")
    output = gdb([f"break vmrss.c:{line} if $mm_in(\"vmrss\")", "continue", "mm story", "mm story -j", "mm story -a -j", "mm story -e",
                  "mm story 77"], "vmrss", TRACE="2")
    short, whole = answers(output)
    lines = whole["lines"]
    malloc = next(at for at, line in enumerate(lines) if "malloc(1073741824) = 0x" in line)
    assert "a mapping of its own" in lines[malloc + 1]
    mmap = next(at for at, line in enumerate(lines) if "mmap(NULL, 1073745920" in line)
    assert mmap > malloc and "VSZ +1048580K" in lines[mmap + 1] and whole["left_out"] == 0
    assert len(short["lines"]) == 30 and short["lines"] == lines[-30:] and short["left_out"] == len(lines) - 30
    touched = next(line for line in lines if "and 98 more" in line)
    assert "RSS +396K" in touched and "touch_write" in touched
    assert re.search(r"^\d\.\d{6}  op#6 +mark op=6 line=\d+ file=vmrss.c text=touch the same 100 again$", output, re.M)
    assert "the ring holds no events of process 77: it has those of 2" in output


def test_a_story_needs_a_trace(gdb):
    assert "nothing was traced so far" in gdb(["break process_start_init", "continue", "mm story"])
