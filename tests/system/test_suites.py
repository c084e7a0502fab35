# SPDX-License-Identifier: MIT
"""Other people's programs and suites, the quick ones of `make suites` (docs/suites.md): what differs from Linux is known, with its reason."""

import os
import subprocess
import sys

import pytest

import lab

SUITES = os.path.join(lab.ROOT, "scripts", "suites")


def names():
    listed = subprocess.run([sys.executable, SUITES, "--quick", "--list"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


@pytest.mark.parametrize("name", names())
def test_the_same_as_on_linux(name):
    ended = subprocess.run([sys.executable, SUITES, name], capture_output=True, text=True, timeout=300, check=False)
    if "did not run" in ended.stdout:
        pytest.skip(ended.stdout.splitlines()[0])
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_difference_that_is_not_known_fails(tmp_path):
    """So that the cases above can fail: a case with a program that says which kernel it runs on."""
    (tmp_path / "cases.py").write_text(
        "from importlib import util\n"
        f"spec = util.spec_from_file_location('real', {os.path.join(lab.ROOT, 'tests', 'suites', 'cases.py')!r})\n"
        "real = util.module_from_spec(spec); spec.loader.exec_module(real)\n"
        "UNEXAMINED = set()\n"
        "CASES = [real.case('kernel', 'uname -r; echo same', 'uname')]\n")
    words = [sys.executable, "-c", f"import runpy, sys; sys.modules['cases'] = __import__('importlib').import_module('cases'); "
             f"sys.argv = ['suites']; runpy.run_path({SUITES!r}, run_name='__main__')"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False,
                           env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.path.join(lab.ROOT, 'scripts')}"})
    assert ended.returncode == 1 and "1 unexplained" in ended.stdout, ended.stdout + ended.stderr
