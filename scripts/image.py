# SPDX-License-Identifier: MIT
"""image.py - the initial file system of a guest that runs one program: the base system, and beside it the program.

The base archive stays as the build made it. A second archive behind it brings the program, with its symbols (so that
the kernel can name function and line when it faults), with interpreter and libraries when it needs them, and in /run
what process 1 is to do: guest.argv, guest.exe, guest.env, guest.cwd, guest.stdio.
"""

import fnmatch
import functools
import glob
import mmap
import os
import re
import shutil
import stat
import subprocess
import sys

import elf
import mksym
import newc
import qemu


class Refusal(Exception):
    """Why the guest is not even started."""


# What these programs do nothing without: they are no libraries that the loader would know of.
STANDARD = ((r"python3\.\d+", "/usr/lib/{}"), (r"perl", "/usr/lib/x86_64-linux-gnu/perl-base"))
LEFT_OUT = ("test", "idlelib", "config-*")    # of Python: its own tests, and what large libraries it could be linked to


@functools.cache
def base_names():
    with open(qemu.INITRAMFS, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as archive:
        return newc.names(archive)


def find_program(program):
    """A name without a slash is the guest's own program, or one of the host's PATH."""
    if "/" in program or os.path.isfile(program) or "bin/" + program in base_names():
        return program
    return shutil.which(program) or program


def add_program(archive, program):
    """Copies a program of the host; returns the path that the guest executes."""
    if not os.path.isfile(program):
        return program if "/" in program else "/bin/" + program
    path = os.path.abspath(program)
    real = add_file(archive, path)
    image = add_needs(archive, path)
    if image and image.symbols():
        add_symbols(archive, real, image)
    return path


def add_needs(archive, path):
    """What a file needs to be executed: a dynamic program its interpreter and libraries, a script its interpreter.
    Returns the program; None when it is none, or something for the guest's kernel to refuse."""
    with open(path, "rb") as file:
        start = file.read(256)
    words = start[2:].split(b"\n")[0].split()
    if start[:2] == b"#!" and words and os.path.isfile(words[0]) and not os.path.samefile(words[0], path):
        add_program(archive, os.fsdecode(words[0]))
        if os.path.basename(words[0]) == b"env" and len(words) > 1:
            add_named(archive, os.fsdecode(words[1]))
    try:
        image = elf.Elf(path)
    except elf.ElfError:
        return None
    if image.interpreter():
        add_libraries(archive, path, image.interpreter())
        add_standard(archive, os.path.basename(os.path.realpath(path)), image.interpreter())
    return image


def add_named(archive, name):
    """What `#!/usr/bin/env NAME` looks for along the guest's PATH: its own program of that name, or the host's."""
    program = find_program(name)
    if os.path.isabs(program) and program != name:
        archive.link(f"/bin/{name}", add_program(archive, program))


def add_standard(archive, name, interpreter):
    """The folder of what belongs to a language, and the libraries of the modules in it that are machine code."""
    folder = next((folder.format(name) for pattern, folder in STANDARD if re.fullmatch(pattern, name)), None)
    if not folder or not os.path.isdir(folder):
        return
    for item in sorted(os.listdir(folder)):
        if not any(fnmatch.fnmatch(item, pattern) for pattern in LEFT_OUT):
            archive.copy(f"{folder}/{item}", f"{folder}/{item}")
    for module in sorted(glob.glob(f"{folder}/lib-dynload/*.so")):
        add_libraries(archive, module, interpreter)


def add_file(archive, path):
    """Copies a file of the host to where it really lies, with the name that leads there as a link: so the names in
    /proc/<pid>/maps are those of the host. Returns the real path."""
    real = os.path.realpath(path)
    archive.copy(real, real)
    if real != path:
        archive.link(path, real)
    return real


def add_symbols(archive, path, image):
    """So that the kernel can say function and line when the program faults; a program is run without them as well."""
    try:
        archive.file(f"/lib/debug{path}.sym", mksym.blob(image))
    except (elf.ElfError, ValueError, IndexError, KeyError) as error:
        print(f"guest: no symbols for {path}: {error}", file=sys.stderr)


def add_libraries(archive, path, interpreter):
    """The interpreter itself says what it would load: both glibc's and musl's know --list."""
    if not os.path.isfile(interpreter):
        raise Refusal(f"{path} needs the interpreter {interpreter}, which is not here")
    add_file(archive, interpreter)
    listing = subprocess.run([interpreter, "--list", path], stdout=subprocess.PIPE, text=True, check=False).stdout
    for line in listing.splitlines():
        words = line.replace("=>", " ").split()
        files = [word for word in words if word.startswith("/") and os.path.isfile(word)]
        if "not found" in line:
            raise Refusal(f"{path} needs the library {words[0]}, which is not here")
        for file in files:
            add_file(archive, file)
            if os.path.basename(file).startswith("libtinfo."):
                add_terminal(archive)


def add_terminal(archive):
    """What terminfo knows of the terminal that the program will be told of: without it top and its like end in silence."""
    for name in {"dumb", os.environ.get("TERM") or "dumb"}:
        for folder in ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"):
            if os.path.isfile(f"{folder}/{name[0]}/{name}"):
                add_file(archive, f"{folder}/{name[0]}/{name}")
                break


def add_files(archive, wanted):
    for item in wanted:
        host, colon, guest = item.partition(":")
        if not os.path.exists(host):
            raise Refusal(f"-f {host}: no such file")
        if colon and not guest:
            raise Refusal(f"-f {item}: no name in the guest behind the colon")
        archive.copy(host, os.path.abspath(guest or host))
        if os.path.isfile(host) and os.access(host, os.X_OK):
            add_needs(archive, host)


def environment(wanted, stdio):
    """Little, and the same everywhere, because it lies on the program's stack."""
    names = {"PATH": "/bin", "HOME": "/"}
    if "tty" in stdio:
        names["TERM"] = os.environ.get("TERM", "dumb")
    for item in wanted:
        name, equals, value = item.partition("=")
        if not name or not equals:
            raise Refusal(f"-e {item}: not NAME=VALUE")
        names[name] = value
    return [f"{name}={value}" for name, value in names.items()]


def strings(items):
    return b"".join(os.fsencode(item) + b"\0" for item in items)


def addition(program, arguments, stdio, files=(), variables=()):
    """The second archive: its bytes."""
    archive = newc.Archive()
    executable = add_program(archive, find_program(program))
    add_files(archive, files)
    archive.directory(os.getcwd())
    archive.directories["tmp"] = stat.S_IFDIR | 0o1777
    archive.file("/run/guest.argv", strings([program, *arguments]))
    archive.file("/run/guest.exe", os.fsencode(executable))
    archive.file("/run/guest.env", strings(environment(variables, stdio)))
    archive.file("/run/guest.cwd", os.fsencode(os.getcwd()))
    archive.file("/run/guest.stdio", " ".join(stdio).encode())
    return archive.bytes()


def write_whole(file, second):
    """Both archives into a file: the base, which goes there without passing through here, and behind it the second."""
    with open(qemu.INITRAMFS, "rb") as base:
        size = os.fstat(base.fileno()).st_size
        while (at := os.lseek(base.fileno(), 0, os.SEEK_CUR)) < size:
            os.sendfile(file, base.fileno(), None, size - at)
    with os.fdopen(os.dup(file), "wb") as stream:
        stream.write(bytes(-size % 4) + second)


def memory_file(second):
    """A file without a name that holds both, for QEMU to inherit and open as /dev/fd/N."""
    file = os.memfd_create("initramfs", 0)
    write_whole(file, second)
    return file
