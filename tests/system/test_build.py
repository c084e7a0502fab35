# SPDX-License-Identifier: MIT
"""The build itself, and the scripts that judge the tree. (That a second build gives the same files: test_labs.)"""

import os
import shutil
import subprocess

import pexpect
import pytest

import lab
import mksym
import newc
import dwarfline
from elf import Elf

SCRIPTS = os.path.join(lab.ROOT, "scripts")


def run(*words, **options):
    return subprocess.run(words, cwd=lab.ROOT, capture_output=True, text=True, check=False, **options)


# Not a part of the `make test` that runs us.
OUTSIDE = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def make(*words):
    return run("make", "-s", *words, env=OUTSIDE)


def test_nothing_is_built_twice():
    make("all")
    assert run("make", "all", env=OUTSIDE).stdout == ""


@pytest.mark.parametrize("command", ["run", "report", "gdb", "record", "explain", "diff", "suites", "soak", "fuzz-calls", "bench-threads"])
def test_the_first_command_in_a_clone_builds_what_it_boots(tmp_path, command):
    planned = make("-n", f"B={tmp_path}", command)
    assert planned.returncode == 0, planned.stderr
    assert f" -o {tmp_path}/kernel.elf " in planned.stdout and "> ../initramfs.cpio" in planned.stdout, planned.stdout[-2000:]


def test_help_names_every_command():
    listed = make("help").stdout
    for target in ("all", "run", "test", "check", "gdb", "doctor", "setup", "help", "clean"):
        assert f"make {target} " in listed


def test_doctor_is_content():
    assert make("doctor").returncode == 0


def test_layers_hold():
    result = run(os.path.join(SCRIPTS, "layers.py"), lab.BUILD)
    assert result.returncode == 0, result.stderr


def copy_sources(folder, to):
    """Without what Python keeps beside them: its files come and go while other tests run."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("__pycache__"))


def test_layers_are_really_checked(tmp_path):
    """The same tree, but with frames and faults exchanged in the list: it must complain."""
    for name in ("kernel", "scripts"):
        copy_sources(os.path.join(lab.ROOT, name), tmp_path / name)
    layers = tmp_path / "kernel" / "layers.txt"
    text = layers.read_text().replace("mm/page ", "").replace("fault:   mm/fault", "fault:   mm/fault mm/page")
    layers.write_text(text)
    result = run(str(tmp_path / "scripts" / "layers.py"), lab.BUILD)
    assert result.returncode == 1
    assert "mm/anon uses page_alloc" in result.stderr and "region must not use fault" in result.stderr
    layers.write_text(text.replace("fault:   mm/fault mm/page", "fault:   mm/page"))
    assert "mm/fault stands in no layer" in run(str(tmp_path / "scripts" / "layers.py"), lab.BUILD).stderr


def test_the_fault_path_is_short():
    result = run(os.path.join(SCRIPTS, "faultpath.py"))
    assert result.returncode == 0, result.stdout
    for function in ("trap_common", "fault", "vma_find", "pmap_enter"):
        assert f"  {function} " in result.stdout


def test_symbols_agree_with_binutils():
    """Each function's first line, as addr2line says it (of a function that stands in a header it may name the .c file: binutils 2.40)."""
    path = os.path.join(lab.BUILD, "kernel.elf")
    elf = Elf(path)
    lines = mksym.lines_of(elf)
    functions = [f for f in mksym.functions_of(elf) if f[0] >= lines[-1][0] - (1 << 31)][::7]
    asked = run("addr2line", "-fe", path, *[hex(address) for address, _, _ in functions]).stdout.splitlines()
    wrong = []
    for (address, _, name), said_name, said_place in zip(functions, asked[::2], asked[1::2]):
        row = [row for row in lines if row[0] <= address][-1]
        place = f"{row[2]}:{row[1]}"
        if row[2].endswith(".h"):
            place = f":{row[1]}"
        if said_name == name and "?" not in said_place and not said_place.split(" ")[0].endswith(place):
            wrong.append((name, place, said_place))
    assert len(functions) > 20 and not wrong


def test_line_rows_are_those_of_objdump(tmp_path):
    source = tmp_path / "twice.c"
    source.write_text("int twice(int x)\n{\n    int y = x;\n    return y + x;\n}\nint main(void)\n{\n    return twice(4);\n}\n")
    for version in ("2", "3", "4", "5"):
        binary = str(tmp_path / ("program" + version))
        subprocess.run(["gcc", "-O0", f"-gdwarf-{version}", "-gstrict-dwarf", "-o", binary, str(source)], check=True)
        rows = [row for rows in dwarfline.sequences(Elf(binary)) for row in rows if row.file.endswith("twice.c")]
        assert sorted({row.line for row in rows}) == [2, 3, 4, 5, 7, 8, 9], version


def test_archives_are_what_cpio_reads(tmp_path):
    archive = newc.Archive()
    archive.file("/deep/er/file", b"content", 0o755)
    archive.file("/odd", b"12345")
    listed = subprocess.run(["cpio", "-t", "--quiet"], input=archive.bytes(), capture_output=True, check=True)
    assert listed.stdout.decode().split() == ["deep", "deep/er", "deep/er/file", "odd"]
    subprocess.run(["cpio", "-id", "--quiet"], input=archive.bytes(), cwd=tmp_path, check=True)
    assert (tmp_path / "deep/er/file").read_bytes() == b"content"


def tree_that_misses_something(folder):
    """Copies of the scripts whose list names one package that nobody has."""
    copy_sources(SCRIPTS, folder / "scripts")
    folder.chmod(0o755)
    with open(folder / "scripts" / "packages.txt", "a", encoding="utf-8") as packages:
        packages.write("run no-such-command-at-all no-such-package no-such-fedora no-such-arch no-such-brew\n")
    return str(folder / "scripts" / "setup")


def test_setup_names_what_is_missing_where_it_may_not_install(tmp_path):
    setup = tree_that_misses_something(tmp_path)
    for folder in tmp_path.parents:    # which pytest made for its own user only
        if folder.name.startswith(("pytest-", "popen-")):    # (each worker of pytest-xdist has a folder)
            folder.chmod(0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    result = run(*nobody, setup, "run", stdin=subprocess.DEVNULL)
    assert result.returncode == 1
    assert "no-such-package" in result.stderr and "apt-get install -y" in result.stderr


def test_setup_asks_once_on_a_terminal(tmp_path):
    child = pexpect.spawn(tree_that_misses_something(tmp_path), ["run"], timeout=60, encoding="utf-8")
    if os.getuid() == 0:
        child.expect(r"no-such-package.*\[Y/n\] ")
        child.sendline("n")
    child.expect("apt-get install -y --no-install-recommends no-such-package")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
