# SPDX-License-Identifier: MIT
"""scripts/guest: to the byte and to the exit status, because everything else is tested through it."""

import os
import random
import shutil

import pytest

import lab


def test_every_byte_value_passes_in_both_directions():
    content = bytes(range(256)) * 8
    result = lab.guest([lab.program("copy")], stdin=content)
    assert result.returncode == 0
    assert result.stdout == content


@pytest.mark.parametrize("content", [b"", b"\x10", b"\x10\x10", b"\x10\x04", b"\x10\x04rest", b"\x04", b"no newline",
                                     b"\r\n\r", b"\xff" * 17, b"\x01x", b"\x03\x1a\x1c"])
def test_bytes_that_mean_something_to_a_terminal_or_to_the_escape(content):
    result = lab.guest([lab.program("copy")], stdin=content)
    assert (result.returncode, result.stdout) == (0, content)


def test_a_mebibyte_without_loss():
    content = random.Random(1).randbytes(1 << 20)
    result = lab.guest([lab.program("copy")], stdin=content, seconds=300)
    assert result.returncode == 0
    assert result.stdout == content


def test_end_of_file_reaches_a_program_that_waits_for_it():
    assert lab.guest(["cat"], stdin=b"").returncode == 0


@pytest.mark.parametrize("status", [0, 1, 2, 33, 77, 124, 125, 126, 127, 128, 255])
def test_exit_status(status):
    assert lab.guest([lab.program("end"), "exit", str(status)]).returncode == status


@pytest.mark.parametrize("signal", [1, 2, 6, 9, 11, 15])
def test_status_of_a_killed_program(signal):
    assert lab.guest([lab.program("end"), "signal", str(signal)]).returncode == 128 + signal


@pytest.mark.parametrize("how", ["never", "sleep"])
def test_time_is_over(how):
    result = lab.guest([lab.program("end"), how], seconds=3)
    assert result.returncode == 124
    assert b"time is over" in result.stderr


def test_a_panic_is_125_and_one_line_says_so():
    result = lab.guest([lab.program("end"), "exit", "0"], options=["-q", "--append", "panic=test"])
    assert result.returncode == 125
    lines = result.stderr.decode().strip().splitlines()
    assert len(lines) == 1 and "panic" in lines[0]


def test_a_program_that_is_not_there():
    result = lab.guest(["no-such-program"])
    assert result.returncode == 127
    assert b"no-such-program" in result.stderr


def test_a_program_that_cannot_be_executed(tmp_path):
    path = tmp_path / "text"
    path.write_text("just text\n")
    path.chmod(0o755)
    assert lab.guest([str(path)]).returncode == 126


def test_standard_error_is_apart_and_the_log_can_be_dropped():
    quiet = lab.guest([lab.program("tell")])
    assert quiet.stderr == b"to standard error\n"
    assert b"standard error" not in quiet.stdout
    loud = lab.guest([lab.program("tell")], options=[])
    assert b"to standard error\n" in loud.stderr
    assert b"power off: status 0" in loud.stderr
    assert quiet.stdout == loud.stdout


def test_arguments_environment_and_folder_are_passed(tmp_path):
    result = lab.guest([lab.program("tell"), "", "two words", "--", "-q", "\xe4"],
                       options=["-q", "-e", "ONE=1", "-e", "TWO=a=b"], cwd=tmp_path)
    expected = lab.linux([lab.program("tell"), "", "two words", "--", "-q", "\xe4"], cwd=tmp_path)
    text = result.stdout.decode()
    assert "environment 'ONE=1'" in text and "environment 'TWO=a=b'" in text
    assert f"folder '{tmp_path}'" in text
    without = [line for line in text.splitlines() if "ONE" not in line and "TWO" not in line]
    assert without == expected.stdout.decode().splitlines()


def test_the_name_is_the_one_that_was_typed():
    relative = os.path.relpath(lab.program("tell"), lab.ROOT)
    result = lab.guest([relative], cwd=lab.ROOT)
    assert f"argument '{relative}'" in result.stdout.decode()


def test_more_files(tmp_path):
    (tmp_path / "one").write_bytes(b"first")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two").write_bytes(b"second")
    result = lab.guest(["cat", str(tmp_path / "one"), "/other/two"],
                       options=["-q", "-f", str(tmp_path / "one"), "-f", f"{tmp_path}/folder:/other"])
    assert (result.returncode, result.stdout) == (0, b"firstsecond")


@pytest.mark.parametrize("megabytes", ["0", "-1", "x", "1.5", "", str(2**60)])
def test_no_swap_disk_is_so_large(megabytes):
    result = lab.guest(["cat"], options=["--swap", megabytes])
    assert result.returncode == 125
    assert result.stderr.decode().count("\n") == 1


@pytest.mark.parametrize("more", [[], ["--icount"], ["--live"]])
def test_a_swap_disk(more):
    """Its first page is the header, as mkswap(8) makes it."""
    result = lab.guest(["cat", "/proc/swaps"], options=["-q", "--swap", "3", *more])
    assert result.returncode == 0
    assert [line.split()[:4] for line in result.stdout.decode().splitlines()[1:]] == [["/dev/vda", "partition", str(3 * 1024 - 4), "0"]]


def test_without_a_swap_disk():
    assert lab.guest(["cat", "/proc/swaps"], options=["-q"]).stdout.count(b"\n") == 1


def test_counted_instructions_are_the_same_every_time():
    runs = [lab.guest([lab.program("end"), "exit", "5"], options=["--icount"]) for _ in range(2)]
    assert [run.returncode for run in runs] == [5, 5]
    assert lab.log_of(runs[0]) == lab.log_of(runs[1])


def test_a_language_brings_its_standard_library():
    result = lab.guest(["/usr/bin/python3", "-c", "import ssl, sqlite3; print(sqlite3.connect(':memory:').execute('select 6 * 7').fetchone())"], seconds=300)
    assert (result.returncode, result.stdout) == (0, b"(42,)\n")


def test_a_terminal_of_its_own_for_a_program():
    script = "import os, pty; print(pty.spawn(['/bin/sh', '-c', 'tty; stty rows 7 cols 9; stty size; exit 3']) >> 8)"
    result = lab.guest(["/usr/bin/python3", "-c", script], seconds=300)
    assert (result.returncode, result.stdout) == (0, b"/dev/pts/0\r\n7 9\r\n3\n")


def test_a_script_brings_what_env_looks_for(tmp_path):
    """`#!/usr/bin/env NAME`: the host's program of that name, or the guest's own."""
    shutil.copy(lab.program("tell"), tmp_path / "teller")
    for name in ("teller", "sh"):
        (tmp_path / "script").write_text(f"#!/usr/bin/env {name}\necho ours $0\n")
        (tmp_path / "script").chmod(0o755)
        result = lab.guest([str(tmp_path / "script")], env=dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}"))
        assert result.returncode == 0, result.stderr
        assert f"{tmp_path}/script" in result.stdout.decode()
    assert result.stdout == f"ours {tmp_path}/script\n".encode()


def test_other_names_are_the_guests_own_then_those_of_the_path(tmp_path):
    for name, text in (("only-here", "from the PATH"), ("cat", "not this one")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {text}\n")
        (tmp_path / name).chmod(0o755)
    environment = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert lab.guest(["only-here"], env=environment).stdout == b"from the PATH\n"
    assert lab.guest(["cat"], stdin=b"the guest's", env=environment).stdout == b"the guest's"
    assert lab.guest(["neither-here-nor-there"], env=environment).returncode == 127


def test_copied_files_keep_their_times(tmp_path):
    (tmp_path / "old").write_bytes(b"")
    os.utime(tmp_path / "old", (1234567890, 1234567890))
    result = lab.guest(["stat", "-c", "%Y", str(tmp_path / "old")], options=["-q", "-f", str(tmp_path / "old")])
    assert (result.returncode, result.stdout) == (0, b"1234567890\n")
