# SPDX-License-Identifier: MIT
"""headers.py - the #defines of the tree's own headers, as numbers: debug information does not have them.

`constants("kernel/include/x86/pte.h").PTE_PRESENT` is 1. A value is worked out when it is asked for, from the text in
the header, with the names that it uses looked up in the same files. Only expressions of integers are understood.
"""

import functools
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
DEFINE = re.compile(r"^#define[ \t]+(\w+)[ \t]+(\S.*)$", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CAST = re.compile(r"\((?:size_t|uint\w*_t)\)")
NUMBER = re.compile(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b")


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Constants:
    def __init__(self, paths):
        text = "\n".join(text_of(path) for path in paths)
        text = COMMENT.sub(" ", text.replace("\\\n", " "))
        self._texts = dict(DEFINE.findall(text))

    def all(self):
        """Those that are numbers: {name: value}."""
        return {name: int(text, 0) for name, text in self._texts.items() if NUMBER.fullmatch(text)}

    def __getitem__(self, name):
        return getattr(self, name)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._texts:
            raise AttributeError(name)
        words = NUMBER.sub(r"\1", CAST.sub("", self._texts[name]))
        value = eval(words, {"__builtins__": {}}, self)    # the tree's own text
        setattr(self, name, value)
        return value


@functools.lru_cache
def constants(*paths):
    return Constants(paths)


X86 = constants("kernel/include/types.h", "kernel/include/x86/pte.h", "kernel/include/x86/cpu.h")
LAYOUT = constants("kernel/include/types.h", "kernel/mm/layout.h", "kernel/mm/aspace.h")
VMA = constants("kernel/mm/vma.h")
