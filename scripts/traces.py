# SPDX-License-Identifier: MIT
"""traces.py - the recorded traces of allocations in tests/malloc/traces, and any other that a user names."""

import glob
import gzip
import lzma
import os

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "tests", "malloc", "traces")
OPENERS = {".gz": gzip.open, ".xz": lzma.open}


def recorded():
    """Ours, as paths."""
    return sorted(glob.glob(os.path.join(FOLDER, "*.rep.xz")))


def short(name):
    return os.path.basename(name).split(".rep")[0]


def plain(folder, name):
    """The trace as a file that malloc-lab can read: itself, or unpacked into the folder. A word that is no file here names one of ours."""
    if "." not in name and not os.path.exists(name):
        name = os.path.join(FOLDER, name + ".rep.xz")
    stem, suffix = os.path.splitext(name)
    if suffix not in OPENERS:
        return name
    path = os.path.join(folder, os.path.basename(stem))
    if not os.path.exists(path):
        with OPENERS[suffix](name) as packed, open(path, "wb") as out:
            out.write(packed.read())
    return path


def write(name, text):
    """Packed as the name's end says."""
    opener = OPENERS.get(os.path.splitext(name)[1])
    if opener is gzip.open:
        data = gzip.compress(text.encode(), 9, mtime=0)
    else:
        data = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME) if opener else text.encode()
    with open(name, "wb") as out:
        out.write(data)
