# SPDX-License-Identifier: MIT
"""What the documents say of the tree is true of the tree."""

import glob
import os
import re
import subprocess

import pytest

import lab

DOCUMENTS = ["README.md", "README.zh-CN.md", "kernel/mm/README.md", "libc/malloc/README.md",
             *sorted(os.path.relpath(path, lab.ROOT) for path in glob.glob(os.path.join(lab.ROOT, "labs", "**", "*.md"), recursive=True)),
             *sorted("docs/" + name for name in os.listdir(os.path.join(lab.ROOT, "docs")) if name.endswith(".md"))]
FOLDERS = "boot|kernel|libc|user|tests|labs|scripts|docs"


def text_of(path):
    with open(os.path.join(lab.ROOT, path), encoding="utf-8") as file:
        return file.read()


def test_every_system_call_is_listed_and_no_other():
    table = set(re.findall(r"^SYSCALL\((\w+)", text_of("kernel/sys/table.h"), re.MULTILINE))
    listed = re.findall(r"^\| (\w+) \| (?:full|part|stub) \|", text_of("docs/syscalls.md"), re.MULTILINE)
    assert sorted(listed) == sorted(table)


def test_files_that_are_named_exist():
    for document in DOCUMENTS:
        for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text_of(document)):
            assert os.path.exists(os.path.join(lab.ROOT, path)), f"{document} names {path}"
        folder = os.path.dirname(os.path.join(lab.ROOT, document))
        for path in re.findall(r"\]\(([\w./-]+)\)", text_of(document)):
            assert os.path.exists(os.path.join(folder, path)), f"{document} links to {path}"


def is_defined(name, text, suffix):
    """A function of a C file (its line begins at the margin and is no declaration), a constant; a label or macro of an asm file."""
    if suffix == ".asm":
        return re.search(rf"^(?:%macro )?{name}\b[: ]", text, re.MULTILINE)
    call = rf"|^SYSCALL_IS\({name[4:]}," if name.startswith("sys_") else ""    # (a call of one line: sys/calls.h)
    return re.search(rf"^[a-z_][^;=]*\b{name}\([^;]*?\)\n?\{{|^#define {name}\b{call}", text, re.MULTILINE)


def test_functions_that_are_named_exist():
    """`FILE:NAME` in a document: NAME is a function, a label or a constant of FILE."""
    named = [(document, *reference) for document in DOCUMENTS
             for reference in re.findall(rf"`((?:{FOLDERS})/[\w./-]+?(\.\w+)):(\w+)`", text_of(document))]
    assert len(named) > 60
    for document, path, suffix, name in named:
        assert is_defined(name, text_of(path), suffix), f"{document} names {name} of {path}"
    assert not is_defined("no_such_function", text_of("kernel/mm/fault.c"), ".c")


def unknown_names(text, words, files):
    """What `backquotes` in a text call like a name of the code (it has an underscore) or a file, and is neither."""
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    names = {name for each in quoted for name in re.findall(r"(?<![\w%$/.-])[A-Za-z]+_\w+", each)}
    paths = {each for each in quoted if re.fullmatch(r"[\w./-]+\.(c|h|py|asm|def|jsx?|txt|md)", each)}
    return sorted(names - words) + sorted(path for path in paths if os.path.basename(path) not in files)


def test_names_that_are_named_exist():
    words, files = {f"sys_{name}" for name in re.findall(r"^SYSCALL\((\w+)", text_of("kernel/sys/table.h"), re.MULTILINE)}, {"Makefile"}
    for folder in FOLDERS.removesuffix("|docs").split("|"):
        for path, folders, names in os.walk(os.path.join(lab.ROOT, folder)):
            folders[:] = set(folders) - {"__pycache__"}    # where files come and go while other tests run
            files |= set(names)
            for name in names:
                with open(os.path.join(path, name), encoding="utf-8", errors="ignore") as file:
                    words |= set(re.findall(r"\w+", file.read()))
    files |= {os.path.basename(document) for document in DOCUMENTS}
    words |= set(re.findall(r"\w+", text_of("Makefile")))
    for document in DOCUMENTS:
        assert not unknown_names(text_of(document), words, files), document
    wrong = "fault_" + "lockd"    # (this file is read, too)
    assert unknown_names(f"`{wrong}` of `fault.c`, `falt.c`", words, files) == [wrong, "falt.c"]


def test_every_message_is_explained():
    """docs/errors.md knows each verdict and panic of the tables, and each first line that malloc can say."""
    errors = text_of("docs/errors.md")
    table = text_of("kernel/lib/words.def")
    verdicts = re.findall(r'^CAUSE\(\w+,\s*"([^"]+)"', table, re.MULTILINE)
    verdicts += re.findall(r'^WORD\(panic_\w+,\s*"likely: ([A-Z ]+?)(?: plus %lu)?:', table, re.MULTILINE)
    assert len(verdicts) > 30
    for verdict in verdicts:
        assert f"\n| {verdict} |" in errors, verdict
    for words in re.findall(r'^    C\w+\(\w+, "([^"]+)"\),$', text_of("tests/host/test_malloc_misuse.c"), re.MULTILINE):
        assert f"\n| {words} |" in errors or words.startswith("malloc_usable_size()"), words


@pytest.mark.parametrize("damage, said", [
    (lambda text: text, ""),
    (lambda text: text.replace("\n## ", "\n### ", 1), "heading 2 "),
    (lambda text: text + "\n# One more\n", "heading "),
    (lambda text: text.replace("make run  ", "make  run "), "code block 2 "),
    (lambda text: text.replace("```\n", "", 2), "code block "),
])
def test_the_two_readmes_are_held_together(damage, said, tmp_path):
    """scripts/peer.py, which `make check` runs, sees a heading or a line of code that only one of them has."""
    other = tmp_path / "peer.md"
    other.write_text(damage(text_of("README.zh-CN.md")), encoding="utf-8")
    result = subprocess.run([os.path.join(lab.ROOT, "scripts", "peer.py"), "README.md", str(other)], cwd=lab.ROOT,
                            capture_output=True, text=True, check=False)
    assert (result.returncode == 0) == (said == "")
    assert said in result.stderr


def test_every_panic_is_explained():
    errors, said = text_of("docs/errors.md"), []
    for folder, _, files in os.walk(os.path.join(lab.ROOT, "kernel")):
        for name in files:
            if name.endswith(".c"):
                said += re.findall(r'\bpanic(?:_trap)?\(\s*(?:frame,\s*)?"([^"]+)"', text_of(os.path.join(folder, name)))
    assert len(said) > 10
    for words in said:
        assert re.split(r"%|:|, |\(", words)[0].strip() in errors, words
