# SPDX-License-Identifier: MIT
"""peers.py - the allocators that are set side by side on this machine: each is a library for LD_PRELOAD, or none.

Ours is build/libmalloc.so, whatever `make MALLOC=...` put there. A user may name any other .so.
"""

import os
from collections import namedtuple

import instructions

BUILD = instructions.BUILD
OURS = os.path.join(BUILD, "libmalloc.so")
LIBRARIES = "/usr/lib/x86_64-linux-gnu"

Peer = namedtuple("Peer", "name preload")    # preload: a path, or None: the program's own, glibc's
GLIBC = Peer("glibc", None)
GLIBC_CHECKING = Peer("glibc", os.path.join(LIBRARIES, "libc_malloc_debug.so.0"))    # its MALLOC_CHECK_ has moved there
DEBIAN = [Peer("jemalloc", os.path.join(LIBRARIES, "libjemalloc.so.2")),
          Peer("tcmalloc", os.path.join(LIBRARIES, "libtcmalloc_minimal.so.4")),
          Peer("mimalloc", os.path.join(LIBRARIES, "libmimalloc.so.2"))]


def chosen():
    """The name of the allocator that the build put behind malloc."""
    with open(os.path.join(BUILD, "flags"), encoding="utf-8") as flags:
        return flags.read().split()[1]


def ours():
    return Peer(chosen(), OURS)


def everyone(extra=()):
    """Ours, glibc, those of Debian that are installed, and the libraries that the user named."""
    named = [Peer(os.path.basename(path).split(".so")[0].removeprefix("lib"), os.path.realpath(path)) for path in extra]
    return [ours(), GLIBC, *(peer for peer in DEBIAN if os.path.exists(peer.preload)), *named]


def environment(peer, **more):
    """What a program needs to run on it."""
    plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD" and not name.startswith("MALLOC_")}
    return {**plain, **({"LD_PRELOAD": peer.preload} if peer.preload else {}), **more}
