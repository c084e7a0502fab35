# SPDX-License-Identifier: MIT
"""newc.py - writes archives in cpio's "newc" format, which Linux and this kernel take as initial file system.

An archive is a row of entries: 110 bytes of header in hexadecimal, the name, the content, each padded to 4 bytes;
an entry called TRAILER!!! ends it. Archives may follow one another in one file, and a later entry adds to or
replaces an earlier one: so scripts/guest puts a program beside the base system without unpacking that.
"""

import os
import stat

TRAILER = "TRAILER!!!"


def pad4(data):
    return data + b"\0" * (-len(data) % 4)


def names(archive):
    """The names of an archive's entries; the archive may be a mapped file."""
    at, found = 0, set()
    while archive[at:at + 6] == b"070701":
        size, length = (int(archive[at + start:at + start + 8], 16) for start in (54, 94))
        found.add(os.fsdecode(archive[at + 110:at + 110 + length - 1]))
        at += (110 + length + 3 & ~3) + (size + 3 & ~3)
    return found


def entry(name, mode, content=b"", time=0, inode=0):
    """One entry. inode, mode, uid, gid, links, time, size, 2+2 device numbers, length of the name, checksum."""
    encoded = os.fsencode(name) + b"\0"
    numbers = (inode, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, time, len(content), 0, 0, 0, 0, len(encoded), 0)
    return pad4(b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded) + pad4(content)


class Archive:
    """Collects files; directories on the way to a file come by themselves."""

    def __init__(self):
        self.entries, self.directories = {}, {}

    def directory(self, path):
        parts = [part for part in path.split("/") if part]
        for count in range(1, len(parts) + 1):
            self.directories.setdefault("/".join(parts[:count]), stat.S_IFDIR | 0o755)

    def file(self, path, content, mode=0o644, time=0):
        self.directory(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFREG | mode, content, time)

    def copy(self, host, path):
        """A file of the host, or a whole directory, to path in the archive."""
        if os.path.isdir(host):
            self.directory(path)
            for name in sorted(os.listdir(host)):
                self.copy(os.path.join(host, name), path.rstrip("/") + "/" + name)
        elif os.path.islink(host) and not os.path.exists(host):
            self.link(path, os.readlink(host))
        else:
            self.copy_file(host, path)

    def copy_file(self, host, path):
        with open(host, "rb") as source:
            status = os.fstat(source.fileno())
            self.file(path, source.read(), stat.S_IMODE(status.st_mode), int(status.st_mtime) & 0xffffffff)

    def link(self, path, target):
        self.directory(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFLNK | 0o777, os.fsencode(target))

    def bytes(self):
        everything = {name: (mode,) for name, mode in self.directories.items()} | self.entries
        parts = [entry(name, *everything[name], inode=number)
                 for number, name in enumerate(sorted(everything), 0x100000)]
        return b"".join(parts) + entry(TRAILER, 0)
