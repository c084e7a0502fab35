# SPDX-License-Identifier: MIT
"""Memory larger than RAM: pages leave for the swap disk and come back as they were, however little RAM there is, and whatever the disk does."""

import os
import re
import stat

import pytest

import lab


def balanced(result):
    """The ledger's last word also says that no slot of the disk is taken any more."""
    log = lab.log_of(result)
    assert "ledger: balanced" in log, log
    return log


def test_what_leaves_comes_back():
    result = lab.guest([lab.program("swapping"), "facts"], options=["--swap", "64"])
    assert result.returncode == 0, result.stdout.decode()
    balanced(result)


@pytest.mark.parametrize("memory, megabytes, seed", [(24, 30, 1), (48, 66, 2)])
def test_a_crowd_that_does_not_fit(memory, megabytes, seed):
    """Three processes and the children that they fork, with twice the RAM that is left between them."""
    result = lab.guest([lab.program("swapping"), "crowd", str(megabytes), str(seed)], options=["-m", str(memory), "--swap", "256"])
    assert result.returncode == 0, result.stdout.decode() + lab.log_of(result)
    balanced(result)


@pytest.mark.parametrize("icount", [False, True])
def test_beyond(icount):
    """Three times the RAM: every page is right, what is resident and what is swapped is what was written, and both are gone at the end."""
    result = lab.guest(["beyond"], options=["-m", "32", "--swap", "128", *(["--icount"] if icount else [])])
    text = result.stdout.decode()
    assert result.returncode == 0, text
    written, swapped = zip(*[(int(a), int(b)) for a, b in re.findall(r"(\d+) MiB +\d+ MiB +(\d+) MiB +resident \+ swapped = written: yes", text)])
    assert len(written) == 4 and written[-1] > 2.8 * 30 and list(swapped) == sorted(swapped) and swapped[-1] >= written[-1] - 30, text
    right, pages, faults = map(int, re.search(r"(\d+) of (\d+) pages are as they were written; that took (\d+) major faults", text).groups())
    assert right == pages == written[-1] * 256 and pages // 8 <= faults < pages // 6, text
    assert "VmSwap +0 MiB against the start; SwapFree +0 MiB" in text
    balanced(result)


def test_what_the_system_says():
    script = ("cat /proc/swaps; free; beyond -n 48 >/dev/null; grep -E '^(pswp|pgmaj|pgsteal|pgscan)' /proc/vmstat; "
              "grep -E 'CommitLimit|MemTotal' /proc/meminfo; exit 0\n")
    result = lab.guest(["sh"], stdin=script.encode(), options=["-m", "32", "--swap", "64"])
    text = result.stdout.decode()
    assert re.search(r"^/dev/vda {32}partition\t65532\t\t0\t\t-2$", text, re.M), text
    assert re.search(r"^Swap: +65532 +0 +65532$", text, re.M), text
    seen = {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", text, re.M)}
    assert seen["pswpout"] == seen["pgsteal_direct"] < seen["pgscan_direct"], seen
    assert 0 < seen["pgmajfault"] < seen["pswpin"] <= seen["pswpout"], seen
    total, limit = (int(re.search(rf"^{name}: +(\d+) kB$", text, re.M).group(1)) for name in ("MemTotal", "CommitLimit"))
    assert limit == (total // 4 // 2 + 65532 // 4) * 4
    balanced(result)


def test_a_disk_that_is_full():
    """Then it is as without one: the largest process goes, what it had on the disk counts, and the table says how full the disk is."""
    result = lab.guest(["leak", "-forever"], options=["-m", "32", "--swap", "16"])
    log = balanced(result)
    victim = re.search(r"^\* +\d+ +(\d+) +(\d+) +(\d+) +(\d+)  leak", log, re.M)
    resident, swapped, tables, score = map(int, victim.groups())
    assert swapped > 15 * 1024 and score > 800, log
    assert re.search(r"^  swap disk: 16380 kB, 16380 kB of it taken$", log, re.M), log


@pytest.mark.parametrize("calls, seed", [("200000", "5")])
def test_random_calls(calls, seed):
    """The fuzzer of memory calls, whose MADV_PAGEOUT has an effect here, hashes to what it does on Linux without swap."""
    program = [os.path.join(lab.BUILD, "tests", "musl", "fuzz_memory"), calls, seed]
    expected = lab.linux(program)
    result = lab.guest(program, options=["--swap", "64"])
    assert (result.returncode, result.stdout) == (0, expected.stdout)
    balanced(result)


# ---- a disk that fails

WRITES = '[inject-error]\nevent = "write_aio"\nerrno = "5"\n'
READS = '[set-state]\nevent = "write_aio"\nstate = "1"\nnew_state = "2"\n[inject-error]\nevent = "read_aio"\nerrno = "5"\nstate = "2"\n'


@pytest.fixture(name="failing")
def failing_disk(tmp_path):
    """failing(rules): the environment in which QEMU gets the swap disk with blkdebug between."""
    def make(rules):
        (tmp_path / "rules").write_text(rules)
        wrapper = tmp_path / "qemu"
        wrapper.write_text("#!/usr/bin/python3\nimport os, sys\n"
                           f"words = [word.replace('file=/dev/fd/', 'file=blkdebug:{tmp_path}/rules:/dev/fd/') if 'id=swap' in word else word\n"
                           "         for word in sys.argv[1:]]\n"
                           "os.execvp('qemu-system-x86_64', ['qemu-system-x86_64', *words])\n")
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        return dict(os.environ, QEMU=str(wrapper))
    return make


def test_a_disk_that_cannot_be_written(failing):
    """Nothing is lost: the pages stay, and memory ends as it does without a disk."""
    result = lab.guest(["beyond", "-n", "48"], options=["-m", "32", "--swap", "64"], env=failing(WRITES))
    log = balanced(result)
    assert result.returncode == 137
    assert len(re.findall(r"swap: /dev/vda refused to write slot \d+: no page goes there any more", log)) == 1, log
    assert "Out of memory: Killed process 2 (beyond)" in log


def test_a_disk_that_cannot_be_read(failing):
    """A page that does not come back is a bus error, as on Linux, and the explanation says whose fault it is."""
    result = lab.guest(["beyond", "-n", "48"], options=["-m", "32", "--swap", "64"], env=failing(READS))
    log = balanced(result)
    assert result.returncode == 135
    assert re.search(r"swap: /dev/vda cannot read slot \d+", log) and "beyond[2]: bus error at" in log, log
    assert "THE SWAP DISK FAILED" in log and "its page is on the swap disk, which cannot be read" in log, log


def test_a_disk_that_is_no_swap(tmp_path):
    """A disk without the header of mkswap is somebody's: it is left alone. The machine goes on without."""
    disk = tmp_path / "disk"
    disk.write_bytes(b"somebody's" + bytes(2**20))
    booted = lab.boot(append="tour", extra=["-drive", f"file={disk},format=raw,if=none,id=swap", "-device",
                                            "virtio-blk-pci,drive=swap,disable-modern=on"])
    assert "swap: /dev/vda is not used: it has no swap header (mkswap)" in booted.output
    assert disk.read_bytes() == b"somebody's" + bytes(2**20)
