# SPDX-License-Identifier: MIT
"""What is said when something goes wrong: the first line in Linux's words, then what, where, why and what to try, in the
reader's language. The words are those of kernel/lib/words.def: each verdict there has a program here that provokes it."""

import ast
import functools
import os
import re

import pytest

import lab
import qemu

LANGUAGES = {"en": 0, "zh": 1}
# No exception that a program can provoke is left for this one; it is what ends the table.
UNPROVOKED = {"unknown",
              "disk_failed"}    # it needs a disk that fails: test_swap.py

# What must stand in the report, beyond the verdict; for both languages, or by language.
DETAILS = {
    "beyond_file": [r"^beyond_file\[\d+\]: bus error at [0-9a-f]+ ", r"short [0-9a-f]+-[0-9a-f]+ r--p"],
    "null_call": [r": segfault at 0 ip 0+ sp [0-9a-f]+ error 14\n", r"wrong\.c"],
    "null_pointer": [r": segfault at 0 ip [0-9a-f]{16} sp [0-9a-f]{16} error 6 in wrong\[[0-9a-f]+\+[0-9a-f]+\]\n",
                     r"write_at\+0x[0-9a-f]+ tests/system/programs/wrong\.c:\d+"],
    "null_pointer2": [r"segfault at 18 ", r"24 ?[(（]0x18[)）]"],
    "kernel_address": [r"segfault at ffff888000000000 ip .* error 5 "],
    "after_unmap": [r"\[anon\] [0-9a-f]+-[0-9a-f]+ .*\d\.\d\d\d .*munmap"],
    "after_unmap2": [r"\[anon\] [0-9a-f]+-[0-9a-f]+ .*\d\.\d\d\d .*munmap"],
    "stack_overflow": [r"8192 KiB.*8192 KiB", r"recurse\+0x[0-9a-f]+ \(wrong\.c:\d+\)"],
    "heap_overrun": [r" 100 (bytes|字节)"],
    "guard_region": [r"\[anon\] [0-9a-f]+-[0-9a-f]+ ---p"],
    "executed_data": [r"segfault at ([0-9a-f]+) ip 0+\1 .* error 15 in wrong", r"wrong [0-9a-f]+-[0-9a-f]+ rw-p"],
    "write_code": [r"error 7 in wrong", r"wrong [0-9a-f]+-[0-9a-f]+ r-xp"],
    "write_constant": [r"error 7 in wrong", r"wrong [0-9a-f]+-[0-9a-f]+ r--p"],
    "write_readonly": [r"\[anon\] [0-9a-f]+-[0-9a-f]+ r--p"],
    "wild_jump": [r"segfault at 123456789000 ip 0000123456789000 .* error 14\n"],
    "wild_pointer": [r"segfault at 123456789000 .* error 4 "],
    "privileged": [r"^traps: privileged\[\d+\] general protection fault ip:[0-9a-f]+ sp:[0-9a-f]+ error:0 in wrong", r"\bcli\b"],
    "freed_pointer": [r"r\w\w = 0x5a5a5a5a5a5a5a5a"],
    "fresh_pointer": [r"r\w\w = 0xa5a5a5a5a5a5a5a5"],
    "text_pointer": [r'= 0x6f77206f6c6c6568 .*"hello wo"'],
    "text_pointer2": [r'"hello wo"'],
    "text_pointer3": [r'"hello wo"'],
    "text_pointer4": [r'r\w\w = 0x6f77206f6c6c6568 .*"hello wo"'],    # not rdx, which holds garbage and is not used
    "garbage_pointer": [r"r\w\w = 0x8000000000000000"],
    "stopped_itself": [r"traps: stopped_itself\[\d+\] trap invalid opcode ip:", r"ud2"],
    "bad_instruction": [r"\b06 c3"],
    "division": [r"traps: division\[\d+\] trap divide error ip:"],
    "breakpoint": [r"traps: breakpoint\[\d+\] trap int3 ip:"],
    "floating": [r"traps: floating\[\d+\] trap fpu exception ip:"],
    "misaligned": [r"traps: misaligned\[\d+\] general protection fault ip:", r"misaligned\+0x"],
    "no_frame": [r"^no_frame\[\d+\] bad frame in signal delivery ip:[0-9a-f]+ sp:40 in wrong"],
}


@functools.lru_cache
def words():
    """words.def: name -> the columns, as the C compiler reads them."""
    with open(os.path.join(lab.ROOT, "kernel", "lib", "words.def"), encoding="utf-8") as file:
        text = file.read()
    string = r'"(?:[^"\\]|\\.)*"'
    rows = re.findall(rf"^(WORD|CAUSE)\((\w+),\s*({string}(?:,\s*{string})*)\)$", text, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^(?:WORD|CAUSE)\(", text, re.MULTILINE))
    return {(kind, name): [ast.literal_eval(column) for column in re.findall(string, columns)] for kind, name, columns in rows}


def pattern(format_string):
    """A regular expression for what printf makes of it."""
    return re.sub(r"%\\?[#0-9.-]*(?:l?[udx]|s|c)", ".*", re.escape(format_string).replace(r"\#", "#"))


@functools.lru_cache
def reports(language):
    """The report on each child of `wrong`, by its name."""
    result = lab.guest([lab.program("wrong")], options=["-e", f"LANG={language}_XX.UTF-8"])
    assert result.returncode == 0, lab.log_of(result)
    log = lab.log_of(result)
    assert "ledger: balanced" in log
    starts = [(found.start(), found.group(1)) for found in
              re.finditer(r"^(?:traps: )?(\w+)\[\d+\]:? (?:segfault|bus error|trap|general|bad frame).*", log, re.MULTILINE)]
    ends = [start for start, _ in starts[1:]] + [log.index("ledger:")]
    return {name: log[start:end] for (start, name), end in zip(starts, ends)}


def test_every_verdict_is_provoked():
    causes = {name for kind, name in words() if kind == "CAUSE"}
    assert {name.rstrip("23456789") for name in DETAILS} == causes - UNPROVOKED


def test_both_columns_say_something():
    for (kind, name), columns in words().items():
        assert len(columns) == (4 if kind == "CAUSE" else 2), name
        for english, chinese in zip(columns[::2], columns[1::2]):
            assert english.isascii(), name
            assert re.search("[\u4e00-\u9fff]", chinese) or english == chinese or re.sub(r"[ %\w-]", "", english) == "", name


def test_linux_dies_of_the_same():
    """The acts are mistakes on Linux, too, with the same end."""
    assert lab.guest([lab.program("wrong")]).stdout == lab.linux([lab.program("wrong")]).stdout


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mistake", DETAILS)
def test_verdict(mistake, language):
    report, column = reports(language)[mistake], LANGUAGES[language]
    row = words()[("CAUSE", mistake.rstrip("23456789"))]
    likely, advice = words()[("WORD", "line_likely")][column], words()[("WORD", "line_try")][column]
    assert re.search("^" + re.escape(likely.split("%s")[0] + row[column]) + "[ （]", report, re.MULTILINE), report
    assert advice.replace("%s", row[2 + column]) in report.splitlines(), report
    for detail in DETAILS[mistake]:
        assert re.search(detail, report, re.MULTILINE), (detail, report)
    for label in ("line_where", "line_backtrace"):
        assert words()[("WORD", label)][column].replace("%s", "") in report, report
    first, rest = report.split("\n", 1)
    assert first.isascii()
    assert bool(re.search("[\u4e00-\u9fff]", rest)) == (language == "zh"), report


@pytest.mark.parametrize("options, chinese", [
    ([], False),
    (["-e", "LANG=zh"], True),
    (["-e", "LANG=C"], False),
    (["-e", "XLANG=zh"], False),
    (["-e", "LONG=" + 600 * "x", "-e", "LANG=zh_CN.UTF-8"], True),
    (["--append", "lang=zh"], True),
    (["--append", "lang=zh", "-e", "LANG=en_US.UTF-8"], False),
])
def test_whose_language(options, chinese):
    log = lab.log_of(lab.guest([lab.program("wrong"), "null_pointer"], options=options))
    assert ("空指针" if chinese else "NULL POINTER") in log, log


def test_short_errors_are_one_line():
    log = lab.log_of(lab.guest([lab.program("wrong"), "null_pointer"], options=["--append", "errors=short"]))
    assert "segfault at 0 " in log and "NULL POINTER" not in log


PANICS = {"null": "panic_null", "frame": "panic_frame", "garbage": "panic_protection", "stack": "panic_stack",
          "text": "panic_readonly", "data": "panic_data", "user": "panic_user", "userexec": "panic_user_call",
          "test": "panic_wild"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PANICS)
def test_panic(kind, language):
    booted = lab.boot(append=f"panic={kind} lang={language}")
    assert booted.status == qemu.PANIC
    lines = booted.output[booted.output.index("BUG: "):].splitlines()
    assert re.fullmatch(r"BUG: (kernel NULL pointer dereference, address: [0-9a-f]{16}|unable to handle page fault for "
                        r"address: [0-9a-f]{16}|.*in the kernel|.*double fault\))", lines[0]), lines[0]
    column = LANGUAGES[language]
    assert re.fullmatch(pattern(words()[("WORD", PANICS[kind])][column]), lines[-2]), lines[-3:]
    assert lines[-1] == words()[("WORD", "panic_next")][column].replace("%s", "panic_trap")


def test_every_panic_is_provoked():
    rows = {name for kind, name in words() if name.startswith("panic_")}
    assert set(PANICS.values()) == rows - {"panic_next"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_out_of_memory(language):
    """The table first, the decision second; the victim is the largest, not the one that asked, who goes on."""
    result = lab.guest([lab.program("hog"), "40", "25"], options=["-m", "64", "-e", f"LANG={language}"])
    log, column = lab.log_of(result), LANGUAGES[language]
    assert result.stdout == b"own: 25 MiB\nchild: signal 9\n", log
    assert result.returncode == 0 and "ledger: balanced" in log
    lines = log[log.index("hog invoked oom-killer: order=0, oom_score_adj="):].splitlines()
    touched, head = lines[1], lines[2]
    assert re.fullmatch(pattern(words()[("WORD", "oom_touch")][column]), touched)
    assert head == words()[("WORD", "oom_head")][column]
    rows = [re.fullmatch(r"([ *]) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)  (\w+)(.*)", line) for line in lines[3:6]]
    assert [row.group(7) for row in rows] == ["init", "hog", "sleeper"]
    assert [row.group(1) for row in rows] == [" ", " ", "*"]
    assert rows[2].group(8) == words()[("WORD", "oom_victim")][column]
    frames = {owner: int(kilobytes) // 4 for owner, kilobytes in re.findall(r"[:：] *(\w+) +(\d+) kB$", log, re.MULTILINE)}
    ram = int(re.search(r"boot: (\d+) frames", log).group(1)) - frames["firmware"] - frames["image"] - frames["array"]
    for row in rows:
        resident, swapped, tables, score = map(int, row.groups()[2:6])
        assert score == (resident + swapped + tables) // 4 * 1000 // ram
    killed = re.search(rf"^Out of memory: Killed process {rows[2].group(2)} \(sleeper\) total-vm:\d+kB, anon-rss:(\d+)kB, file-rss:"
                       r"\d+kB, shmem-rss:\d+kB, UID:0 pgtables:\d+kB oom_score_adj:0$", log, re.MULTILINE)
    assert killed and 40 * 1024 <= int(killed.group(1)) < 41 * 1024, log
    assert log.index(rows[2].group(0)) < killed.start() < log.index(words()[("WORD", "oom_try")][column])


@pytest.mark.parametrize("own, child, gone", [("0", "-500", "hog"), ("500", "0", "hog"), ("0", "-1000", "hog"), ("-1000", "-900", "sleeper"),
                                              ("0", "500", "sleeper"), ("-1000", "-1000", "hog"), ("1000", "999", "sleeper")])
def test_who_goes_can_be_said(own, child, gone):
    """Without a word the sleeper with its 40 MiB goes. oom_score_adj counts as so many thousandths of the RAM more, -1000 is never."""
    result = lab.guest([lab.program("hog"), "40", "25", own, child], options=["-m", "64"])
    log = lab.log_of(result)
    assert re.search(rf"^Out of memory: Killed process \d+ \({gone}\) .* oom_score_adj:{own if gone == 'hog' else child}$", log, re.MULTILINE), log
    assert f"hog invoked oom-killer: order=0, oom_score_adj={own}\n" in log
    assert result.returncode == (137 if gone == "hog" else 0) and "ledger: balanced" in log


def test_a_copy_of_the_kernel_asks_for_frames_too():
    """read(2) into memory that was never touched: no "Bad address", but the same decision."""
    result = lab.guest([lab.program("hog"), "40", "25", "read"], options=["-m", "64"])
    assert result.stdout == b"own: 25 MiB\nchild: signal 9\n", lab.log_of(result)
    assert re.search(r"Killed process \d+ \(sleeper\)", lab.log_of(result))
    assert "ledger: balanced" in lab.log_of(result)
    result = lab.guest([lab.program("hog"), "10", "60", "read"], options=["-m", "64"])
    assert (result.returncode, result.stdout) == (137, b""), lab.log_of(result)
    assert re.search(r"Killed process \d+ \(hog\)", lab.log_of(result))
    assert "ledger: balanced" in lab.log_of(result)


def test_the_one_that_asks_goes_when_it_is_the_largest():
    result = lab.guest([lab.program("hog"), "10", "60"], options=["-m", "64"])
    assert result.returncode == 137
    assert re.search(r"Killed process \d+ \(hog\)", lab.log_of(result)), lab.log_of(result)
    assert "ledger: balanced" in lab.log_of(result)


@pytest.mark.parametrize("language", LANGUAGES)
def test_malloc(language):
    """glibc's words first; the rest of malloc's last words by the program's environment (all cases of classic: tests/host/test_malloc_misuse.c)."""
    result = lab.guest(["bug-dfree", "-here"], options=["-e", f"LANG={language}"])
    assert result.returncode == 128 + 6
    lines = lab.log_of(result).splitlines()
    first = lines.index("free(): double free detected in tcache 2")
    expected = {"en": "was freed before.", "zh": "的块早已释放。"}
    assert re.match(r"malloc: free\(0x[0-9a-f]+\)", lines[first + 1]) and lines[first + 1].endswith(expected[language])
    assert lines[first + 2].startswith("malloc: try: " if language == "en" else "malloc: 试试看：")


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_freed_it_and_when(language):
    """The history leads from munmap through free to the line of the program, as far as there are frame pointers."""
    log = lab.log_of(lab.guest(["bug-uaf", "-here"], options=["-e", f"LANG={language}"]))
    label = words()[("WORD", "line_history")][LANGUAGES[language]].split("%s")[0]
    history = next(line for line in log.splitlines() if line.startswith(label))
    assert re.search(r"\[anon\] [0-9a-f]+-[0-9a-f]+ .*?\d+\.\d{3} .*\bmunmap\+0x\w+ \(raw\.h:\d+\) <- .*\bfree\w*\+0x\w+ \((api|malloc)\.c:\d+\) <- "
                     r"freed\+0x\w+ \(bug-uaf\.c:\d+\)", history), history


def test_no_history_where_something_is():
    """mapfile's file lies where something else was unmapped before: that has nothing to do with it."""
    log = lab.log_of(lab.guest(["mapfile"], options=[]))
    assert "BEYOND THE END OF A MAPPED FILE" in log and words()[("WORD", "line_history")][0].split("%s")[0] not in log, log


def test_what_mallocs_checking_mode_fills_memory_with_is_known():
    """The values come from our malloc itself, not from a program that only looks like that."""
    result = lab.guest([os.path.join(lab.BUILD, "tests", "ours", "malloc_filled")], options=[])
    assert result.stdout.decode().count("Segmentation fault") == 2
    verdicts = re.findall(r"likely  ([A-Z ]+) \(", lab.log_of(result))
    assert verdicts == ["UNINITIALISED POINTER", "FREED MEMORY USED AS A POINTER"], lab.log_of(result)
