# SPDX-License-Identifier: MIT
"""What is mistyped is refused before anything is built or run: a status that is not 0, and one line that says what to write."""

import os
import signal
import subprocess

import pytest

import lab

OUTSIDE = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PROG")}
# A bare `make` in another folder would otherwise build there.
MAKE = ["make", "-s", *([f"B={os.environ['B']}"] if "B" in os.environ else [])]


def said(words, **options):
    """(status, the lines of both outputs without make's own `Error 1`)"""
    ended = subprocess.run(words, cwd=lab.ROOT, env=OUTSIDE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace", timeout=120, check=False, **options)
    return ended.returncode, [line for line in ended.stdout.splitlines() if "] Error " not in line]


GUEST = [
    ([], "which program?"),
    (["-x", "true"], "-x"),
    (["-m", "x", "true"], "-m: 'x' is no number from 16 on"),
    (["-m", "8", "true"], "-m: '8' is no number from 16 on"),
    (["-c", "0", "true"], "-c: '0' is no number from 1 on"),
    (["-c", "2", "--icount", "true"], "leave out -c"),
    (["-t", "0", "true"], "-t: '0' is no time in seconds"),
    (["-t", "soon", "true"], "-t: 'soon' is no time in seconds"),
    (["-f", "/no/file", "true"], "-f /no/file: no such file"),
    (["-f", "README.md:", "true"], "-f README.md:: no name in the guest"),
    (["-e", "FOO", "true"], "-e FOO: not NAME=VALUE"),
    (["--trace", "/proc/no", "true"], "--trace: /proc/no: No such file or directory"),
    (["--record", "/proc/no", "true"], "/proc/no: No such file or directory"),
    (["--trace-level", "9", "--trace", "/tmp/x", "true"], "--trace-level"),
]


@pytest.mark.parametrize("words, text", GUEST, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_scripts_guest(words, text):
    """Status 125, as whatever is not the program's own word."""
    status, lines = said([lab.GUEST, *words])
    assert status == 125, lines
    assert len(lines) == 1 and lines[0].startswith("guest: ") and text in lines[0]


MADE = [
    (["MALLOC=nonsense"], "MALLOC=nonsense: one of bump implicit first list classic malloc"),
    (["TRACE=9"], "TRACE=9: one of none 1 2 3"),
    (["run", "BOOT=nonsense"], "BOOT=nonsense: one of direct"),
    (["run", "MEM=abc"], "run: -m: 'abc' is no number from 16 on"),
    (["run", "MEM=1"], "run: -m: '1' is no number from 16 on"),
    (["run", "SWAP=abc"], "run: --swap: 'abc' is no number from 0 to 8192"),
    (["run", "CPUS=0"], "run: -c: '0' is no number from 1 on"),
    (["gdb", "CPUS=9"], "debug: CPUS: '9' is no number from 1 to 8"),
    (["gdb", "SWAP=abc"], "debug: SWAP: 'abc' is no number from 0 to 8192"),
    (["report", "PROG=nosuch"], "nosuch: not found"),
    (["report", "PROG=./nosuch"], "./nosuch: not found"),
    (["explain", "PROG=nosuch"], "nosuch: not found"),
    (["record", "PROG=nosuch", "REC={folder}"], "nosuch: not found"),
    (["rewind", "REC={folder}/none"], "holds no recording: make record"),
    (["live"], "start one with make run"),
]


@pytest.mark.parametrize("words, text", MADE, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_make(words, text, tmp_path):
    status, lines = said([*MAKE, *[word.format(folder=tmp_path / "recording") for word in words]])
    if words == ["live"] and os.path.exists(lab.qemu.LIVE):
        pytest.skip("another test's guest runs")
    assert status != 0, lines
    told = [line for line in lines if text in line]
    assert len(told) == 1, lines
    if words[0] != "record":    # which shows the kernel's log
        assert lines == told


def test_nothing_to_say_is_the_usual_thing():
    """An empty PROG is vmrss, an empty MEM 128 MiB, an empty SWAP 512, an empty CPUS 1, with each command."""
    shown = subprocess.run([*MAKE, "-n", "report", "explain", "record", "run", "PROG=", "MEM=", "SWAP=", "CPUS="], cwd=lab.ROOT, env=OUTSIDE, capture_output=True,
                           text=True, check=True).stdout
    assert "recordings/vmrss" in shown and "scripts/story vmrss" in shown and "-- vmrss" in shown and "run -m 128 -c 1 --swap 512" in shown


def test_gdb_takes_the_program_by_either_name():
    for word in ("PROGRAM=malloc1", "PROG=malloc1"):
        shown = subprocess.run([*MAKE, "-n", "gdb", word], cwd=lab.ROOT, env=OUTSIDE, capture_output=True, text=True, check=True).stdout
        assert "scripts/debug malloc1" in shown
    assert "debug malloc1" not in subprocess.run([*MAKE, "-n", "gdb"], cwd=lab.ROOT, env=OUTSIDE, capture_output=True, text=True, check=True).stdout


def test_misuse_before_it_is_built():
    status, lines = said(["env", "B=/nowhere", "scripts/misuse"])
    assert (status, lines) == (1, [f"misuse: {os.path.relpath('/nowhere/libmalloc.so', lab.ROOT)} is not built yet: type make malloc-lab"])


INTERRUPTED = """import os, signal, sys
sys.path.insert(0, {scripts!r})
import tool
def main():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        print("cleaned up")
if {loading}:
    main()
tool.run(main)
"""


@pytest.mark.parametrize("loading, expected", [(True, (-signal.SIGINT, "")), (False, (130, "cleaned up\n"))])
def test_ctrl_c_is_no_traceback(loading, expected):
    text = INTERRUPTED.format(scripts=os.path.join(lab.ROOT, "scripts"), loading=loading)
    ended = subprocess.run(["/usr/bin/python3", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert (ended.returncode, ended.stdout) == expected
