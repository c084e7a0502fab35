# SPDX-License-Identifier: MIT
"""What the documents say of the tree is true of the tree."""

import os
import re

import lab

DOCUMENTS = ["README.md", "docs/report.md", "docs/design.md", "docs/gdb.md", "docs/syscalls.md", "docs/bench-malloc.md", "kernel/mm/README.md"]


def text_of(path):
    with open(os.path.join(lab.ROOT, path), encoding="utf-8") as file:
        return file.read()


def test_every_system_call_is_listed_and_no_other():
    table = set(re.findall(r"^SYSCALL\((\w+)", text_of("kernel/sys/table.h"), re.MULTILINE))
    listed = re.findall(r"^\| (\w+) \| (?:full|part|stub) \|", text_of("docs/syscalls.md"), re.MULTILINE)
    assert sorted(listed) == sorted(table)


def test_files_that_are_named_exist():
    for document in DOCUMENTS:
        for path in re.findall(r"`((?:boot|kernel|libc|user|tests|scripts|docs)/[\w./-]*)`", text_of(document)):
            assert os.path.exists(os.path.join(lab.ROOT, path)), f"{document} names {path}"
