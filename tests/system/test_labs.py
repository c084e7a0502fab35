# SPDX-License-Identifier: MIT
"""The labs: the working tree has all points, a handout has none, and each wrong answer of labs/*/mistakes.toml loses those of the tests that
it names. Of each lab the first wrong answer is tried, and a handout without what is measured by commands, which takes longest; with
LABS=all in the environment (`make labs`) all of it.

What is not this tree is graded in one copy (build/grade/tree), which is built once; what a student would type is tried by test_a_student."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

import lab
from elf import Elf

sys.path.append(os.path.join(lab.ROOT, "scripts", "labs"))
import checks   # noqa: E402 (the path comes first)
import cut      # noqa: E402
import spec     # noqa: E402
import trees    # noqa: E402

CUT = [number for number in sorted(spec.folders()) if spec.load(number).cuts]
ALL = os.environ.get("LABS") == "all"
GRADE = os.path.join(lab.ROOT, "scripts", "grade")


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_table_of_labs_is_true(readme):
    """Each lab has a row, with its title, its points and its hours."""
    with open(os.path.join(spec.LABS, readme), encoding="utf-8") as file:
        rows = re.findall(r"^\| \[(\d+) (.+?)\]\((.+?)\) \| .* \| (\d+) \| (\d+) \|$", file.read(), re.MULTILINE)
    labs = [spec.load(number) for number in sorted(spec.folders())]
    assert rows == [(str(one.number), one.title_zh if "zh" in readme else one.title, f"{one.folder}/{readme}",
                     str(sum(test["points"] for test in one.tests + one.questions)), str(one.hours)) for one in labs]


def mistakes(number):
    path = os.path.join(lab.ROOT, "labs", spec.folders()[number], "mistakes.toml")
    with open(path, "rb") as file:
        return tomllib.load(file)["mistake"]


def grade(number, student, *words):
    """=> (what it printed, the tests as the JSON has them)"""
    name = f"lab{number}-{os.path.basename(os.path.abspath(student))}"
    ended = subprocess.run([GRADE, str(number), "--seed", "1", *words, "--from", str(student)], cwd=lab.ROOT, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    with open(os.path.join(lab.ROOT, "build", "grade", name + ".json"), encoding="utf-8") as file:
        told = json.load(file)
    assert ended.returncode == (0 if told["score"] == told["extra_data"]["of"] else 1)
    return ended.stdout, told["tests"]


def test_the_tree_in_which_is_graded_is_this_one():
    """A second build, in another place and with what a handout's build has more, gives the same files."""
    tree, _ = trees.graded(spec.load(4), lab.ROOT)
    made = checks.make(tree, "build/kernel.elf", "build/initramfs.cpio")
    assert made.returncode == 0 and not made.stdout + made.stderr, made.stdout + made.stderr
    for name in ("kernel.elf", "initramfs.cpio"):
        with open(os.path.join(tree, "build", name), "rb") as again, open(os.path.join(lab.BUILD, name), "rb") as before:
            # Paths of objects stand in the debug information only; what is loaded is the same.
            if name.endswith(".elf"):
                assert loaded(again.name) == loaded(before.name)
            else:
                assert again.read() == before.read()


def loaded(path):
    elf = Elf(path)
    return [(segment.vaddr, elf.data[segment.offset:segment.offset + segment.filesz]) for segment in elf.segments
            if segment.type == 1]


@pytest.fixture(scope="module")
def host_tests():
    """What the tests of the labs need of this tree, built by who may build here."""
    needed = {f"host/{test['host']}" for number in CUT for test in spec.load(number).tests if "host" in test}
    lab.make("malloc-lab", "host/test_malloc_model", "host/test_malloc_product_model", *sorted(needed), folder="build")


@pytest.mark.parametrize("number", CUT)
def test_the_working_tree_has_all_points(number, host_tests):
    ended = subprocess.run([GRADE, str(number), "--seed", "1"], cwd=lab.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900,
                           check=False)
    points = sum(test["points"] for test in spec.load(number).tests)
    assert ended.returncode == 0 and f"Score: {points}/{points} " in ended.stdout, ended.stdout + ended.stderr


def handout_has_none(number, tmp_path):
    out = tmp_path / f"handout{number}"
    trees.handout([spec.load(number)], str(out))
    assert not [name for name in trees.NOT_HANDED_OUT if list(out.glob(f"labs/*/{name}"))]
    tried = [str(index) for index, test in enumerate(spec.load(number).tests, 1) if ALL or "command" not in test]
    printed, tests = grade(number, out, "--test", *tried)
    assert len(tests) == len(tried) and all(test["score"] == 0 for test in tests), printed
    assert f"lab {number}: " in printed.replace(f"== lab {number}: ", "") or all(one.body for one in spec.load(number).cuts), printed


def test_a_unit_test_says_what_is_wrong(tmp_path):
    """Of the case that failed, the line and what it found, not what other cases say."""
    name = "kernel/mm/pmap.c"
    for file in spec.files(spec.load(2)):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.join(lab.ROOT, file), tmp_path / file)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.count("pmap->tables++;") == 1
    (tmp_path / name).write_text(text.replace("pmap->tables++;", ";"), encoding="utf-8")
    printed, tests = grade(2, tmp_path, "--test", "2")
    line = lab.line_of("tests/host/test_tables.c", "    assert_int_equal(tables_for(BASE), 3);")
    assert not tests[0]["score"] and f"\n      0 != 0x3\n      tests/host/test_tables.c:{line}: error: Failure!\n" in printed, printed


def mistake_is_noticed(number, index, tmp_path):
    mistake = mistakes(number)[index]
    files = {one.file for one in spec.load(number).cuts if one.function == mistake["function"]}
    assert len(files) == 1, f"{mistake['function']} is no function of lab {number}"
    student = tmp_path / f"mistake{index}"
    for name in spec.files(spec.load(number)):
        (student / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.join(lab.ROOT, name), student / name)
    name = files.pop()
    (student / name).write_text(cut.rewritten(lab.ROOT, name, {mistake["function"]: cut.indented(mistake["body"])}), encoding="utf-8")
    printed, tests = grade(number, student, "--test", *map(str, mistake["fails"]))
    assert len(tests) == len(mistake["fails"]) and all(test["score"] < test["max_score"] for test in tests), f"{mistake['says']}\n{printed}"


# Lab by lab: where the same files change, less is built again.
WRONG_TREES = [(number, index) for number in CUT
               for index in [None, *range(len(mistakes(number)) if ALL else 1)]]


@pytest.mark.parametrize("number, index", WRONG_TREES, ids=[f"{number}-{'handout' if index is None else index}" for number, index in WRONG_TREES])
def test_what_is_wrong_has_no_points(number, index, tmp_path):
    if index is None:
        handout_has_none(number, tmp_path)
    else:
        mistake_is_noticed(number, index, tmp_path)


def test_a_student(tmp_path):
    """What is typed in a handout: `make grade`. (The grading tree is one, of all labs.)"""
    trees.handout([spec.load(4)], str(tmp_path / "student"))
    tree, changed = trees.graded(spec.load(4), str(tmp_path / "student"))
    assert not changed
    command = ["make", "-s", "-C", tree, "grade", "LAB=4", "SEED=1"]
    ended = subprocess.run(command, env={**os.environ, "MAKEFLAGS": ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 2 and "lab 4: fault_locked is yours to write, kernel/mm/fault.c" in ended.stdout, ended.stdout + ended.stderr
    assert "Score: 0/120" in ended.stdout


def test_only_the_labs_files_count(tmp_path):
    """A student's other changes are named, and a tree that is none does not stop the others."""
    student, nobody = tmp_path / "student", tmp_path / "nobody"
    for name in [*spec.files(spec.load(4)), "scripts/labs/checks.py"]:
        (student / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.join(lab.ROOT, name), student / name)
    with open(student / "scripts/labs/checks.py", "a", encoding="utf-8") as file:
        file.write("# all points, please\n")
    nobody.mkdir()
    ended = subprocess.run([GRADE, "4", "--seed", "1", "--from", nobody, student], cwd=lab.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=900, check=False)
    assert ended.returncode == 1
    assert "not graded: kernel/mm/anon.c is not there: is this a tree of lab 4?" in ended.stdout
    assert "changed, but not graded: scripts/labs/checks.py" in ended.stdout and "Score: 120/120" in ended.stdout
    with open(os.path.join(lab.ROOT, "build", "grade", "lab4.csv"), encoding="utf-8") as file:
        head, first, second = file.read().splitlines()
    assert head.startswith("who,score,of,") and first == "nobody,0,0" and second.startswith("student,120,120,")


@pytest.mark.parametrize("words, said", [
    ([], "grade: which lab? There are 0 look, "),
    (["99"], "grade: there is no lab 99 here: there are 0, "),
    (["x"], "grade: LAB: 'x' is no number from 0 on"),
    (["4", "--test", "99"], "grade: lab 4 has no test 99: it has 8"),
])
def test_who_is_to_be_graded_must_be_said(words, said):
    ended = subprocess.run([GRADE, *words], cwd=lab.ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2 and ended.stderr.startswith(said) and ended.stderr.count("\n") == 1


RIGHT = ["4", "404 kB", "0", "0x21000", "48", "131072", "16 KiB", "104", "r-xp", "SEGV_ACCERR", "0", "zombie"]
WRONG = ["0", "400", "100", "132 KiB", "40", "131073", "13", "100", "rwxp", "SEGV_MAPERR", "20", ""]


@pytest.mark.parametrize("answers, score", [(RIGHT, 24), (WRONG, 0)])
def test_lab_0_compares_answers_with_the_guest(answers, score, tmp_path):
    path = tmp_path / spec.answers(spec.load(0))
    path.parent.mkdir(parents=True)
    path.write_text("# 1: 5\n" + "".join(f"{number}: {answer}\n" for number, answer in enumerate(answers, 1)), encoding="utf-8")
    printed, tests = grade(0, tmp_path)
    assert sum(test["score"] for test in tests) == score, printed
