# SPDX-License-Identifier: MIT
"""trees.py - copies of this tree: a handout for students, and the tree in which their files are graded.

A graded tree is everything from here but the files of the lab, which are the student's: whatever else a student changed, the tests
and the grader among it, does not count. It is kept, so that the next one is a matter of the few files that differ."""

import os
import shutil
import subprocess

import cut
import spec
from spec import Refusal

NOT_HANDED_OUT = {"mistakes.toml"}    # wrong answers that the labs' own test knows
MARK = """# A lab's tree: the bodies of its functions are yours to write. The Makefile reads this.
LAB_HERE := {}
"""


def listed(root):
    """The files of a tree, by their paths in it: git's, and those that git does not know yet; where there is no git, all."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=False)
    if done.returncode == 0 and os.path.exists(os.path.join(root, ".git")):
        return sorted(name for name in done.stdout.splitlines() if os.path.isfile(os.path.join(root, name)))
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__") and os.path.join(folder, name) != os.path.join(root, "build")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(found)


def handed_out(name, labs):
    """Is this file of the tree a part of the handout of these labs?"""
    parts = name.split("/")
    other = parts[0] == "labs" and len(parts) > 2 and parts[1] not in {lab.folder for lab in labs}
    return not other and parts[-1] not in NOT_HANDED_OUT and parts[0] != ".ci"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def put(path, content, like=None):
    """Writes it, unless it is there already: what make has built of it stays good."""
    if read(path) == content:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "wb") as file:
        file.write(content)
    if like:
        shutil.copymode(like, path)


def fill(out, labs, texts):
    names = [name for name in listed(spec.ROOT) if handed_out(name, labs)]
    for name in names:
        source = os.path.join(spec.ROOT, name)
        put(os.path.join(out, name), texts[name].encode() if name in texts else read(source), source)
    put(os.path.join(out, "lab.mk"), MARK.format(" ".join(str(lab.number) for lab in labs)).encode())
    return names


def handout(labs, out):
    if os.path.isdir(out) and os.listdir(out) or os.path.isfile(out):
        raise Refusal(f"{out} is there already: name a new folder")
    texts = cut.without(spec.ROOT, labs)
    fill(out, labs, texts)
    return sorted(texts)


def graded(lab, student):
    """The tree with this student's files. => (its path, other files that the student changed)"""
    mine = {name: read(os.path.join(student, name)) for name in spec.files(lab)}
    for name, content in mine.items():
        if content is None:
            raise Refusal(f"{name} is not there: is this a tree of lab {lab.number}?")
    tree = os.path.join(spec.ROOT, "build", "grade", "tree")
    everything = [spec.load(number) for number in spec.folders()]
    os.makedirs(tree, exist_ok=True)
    names = set(fill(tree, everything, {})) | {"lab.mk"}
    for name in listed(tree):
        if name not in names:
            os.unlink(os.path.join(tree, name))
    for name, content in mine.items():
        put(os.path.join(tree, name), content)
    changed = [name for name in names - set(mine) - {"lab.mk"}
               if handed_out(name, [lab]) and (content := read(os.path.join(student, name))) is not None and content != read(os.path.join(tree, name))]
    return tree, sorted(changed)
