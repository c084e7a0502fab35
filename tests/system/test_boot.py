# SPDX-License-Identifier: MIT
"""From power-on to the first program: sizes of memory, both ways in, the price, and what happens when it cannot go on."""

import re
import subprocess

import pytest

import lab
import newc
import qemu

BOOT_INSTRUCTIONS = 20_000_000


@pytest.mark.parametrize("mebibytes", [16, 17, 64, 512, 4096, 16384])
def test_boots_with_any_memory(mebibytes):
    result = lab.guest([lab.program("end"), "exit", "7"], options=["-m", str(mebibytes)], seconds=300)
    assert result.returncode == 7, lab.log_of(result)
    assert "ledger: balanced" in lab.log_of(result)


def test_the_tour_from_the_iso_through_grub():
    booted = lab.boot(iso=qemu.TOUR_ISO)
    assert booted.status == qemu.CLEAN, booted.output
    assert "power off: status 0" in booted.output


def test_the_tour_without_grub_shows_the_same():
    """The same text, from the same kernel file; only numbers that depend on time or on the loader may differ."""
    def words(text):
        return re.sub(r"[0-9a-fx.]*\d[0-9a-fx.]*", "N", text).split("Faultline", 1)[-1].splitlines()[-20:]
    iso, direct = lab.boot(iso=qemu.TOUR_ISO), lab.boot(append="tour")
    assert direct.status == qemu.CLEAN
    assert words(direct.output) == words(iso.output)


def test_own_boot_work_is_small():
    result = lab.guest([lab.program("end"), "exit", "0"], options=["--icount"])
    ticks = re.search(r"boot: .*?(\d+) ticks since entry", lab.log_of(result))
    assert ticks, lab.log_of(result)
    assert int(ticks.group(1)) <= BOOT_INSTRUCTIONS


def test_a_panic_says_where_and_why():
    booted = lab.boot(append="panic=test")
    assert booted.status == qemu.PANIC, booted.output
    text = booted.output
    assert re.search(r"panic", text)
    for register in ("rip", "rsp", "rax", "cr2", "cr3"):
        assert re.search(rf"\b{register}\b", text, re.IGNORECASE), f"no {register} in:\n{text}"
    assert re.search(r"\w+\+0x[0-9a-f]+ .*kernel/\w[\w/]*\.c:\d+", text), f"no symbolised backtrace in:\n{text}"
    assert re.search(r"PML4", text, re.IGNORECASE), f"no page walk in:\n{text}"


@pytest.mark.parametrize("kind, words", {
    "stack": ("kernel stack overflow", "recurse"),
    "text": ("supervisor write access in kernel mode", "permissions violation", "crash_on_purpose"),
    "data": ("supervisor instruction fetch in kernel mode", "permissions violation"),
    "user": ("supervisor read access in kernel mode", "permissions violation"),
    "userexec": ("supervisor instruction fetch in kernel mode", "permissions violation"),
}.items())
def test_the_kernel_is_protected_against_itself(kind, words):
    """Guard pages, W^X, NX, SMAP and SMEP: each act ends in a panic that names it."""
    booted = lab.boot(append=f"panic={kind}")
    assert booted.status == qemu.PANIC, booted.output
    for word in words:
        assert word in booted.output


def damaged_archives():
    good = newc.entry("init", 0o100755, b"x" * 1000) + newc.entry(newc.TRAILER, 0)
    with open(qemu.INITRAMFS, "rb") as file:
        base = file.read()
    header = base[:110]
    return {
        "empty": b"",
        "text": b"this is no archive at all\n" * 100,
        "zeros": bytes(5000),
        "another format": b"070707" + good[6:],
        "cut in a header": base[:50],
        "cut in a file": base[:len(base) // 2],
        "no trailer": newc.entry("init", 0o100755, b"x" * 1000),
        "digits that are none": header[:54] + b"ZZZZZZZZ" + base[62:],
        "a file larger than everything": header[:54] + b"FFFFFFFF" + base[62:],
        "a name longer than everything": header[:94] + b"FFFFFFFF" + base[102:],
        "a name of no length": header[:94] + b"00000000" + base[102:],
        "a name without end": newc.entry("init", 0o100755)[:110] + b"abcde" + newc.entry(newc.TRAILER, 0),
        "a path that climbs": newc.entry("../../init", 0o100755, b"x") + newc.entry(newc.TRAILER, 0),
        "a file below a file": newc.entry("a", 0o100644, b"x") + newc.entry("a/b", 0o100644, b"y")
        + newc.entry(newc.TRAILER, 0),
    }


@pytest.mark.parametrize("damage", ["empty", "text", "zeros", "another format", "cut in a header", "cut in a file",
                                    "no trailer", "digits that are none", "a file larger than everything",
                                    "a name longer than everything", "a name of no length", "a name without end",
                                    "a path that climbs", "a file below a file"])
def test_a_damaged_initramfs_is_refused_with_a_message(damage, tmp_path):
    path = tmp_path / "initramfs"
    path.write_bytes(damaged_archives()[damage])
    booted = lab.boot(initrd=str(path), seconds=90)
    assert booted.status == qemu.PANIC, booted.output
    assert re.search(r"initramfs|cpio|init\b", booted.output), booted.output
    assert "#PF" not in booted.output and "page fault" not in booted.output


def test_no_initramfs_at_all():
    words = [word for word in qemu.command(initrd="-") if word not in ("-initrd", "-")] + ["-serial", "stdio"]
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)
    assert ended.returncode == qemu.PANIC
    assert b"init" in ended.stdout
