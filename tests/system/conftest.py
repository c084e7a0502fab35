# SPDX-License-Identifier: MIT
"""What every system test needs before it starts: the images and the test programs are built."""

import os
import subprocess
import sys

import pytest

import lab
from rerecord import pytest_runtest_call, pytest_runtest_makereport, pytest_runtest_setup    # noqa: F401 (pytest finds these hooks here)


@pytest.fixture(scope="session", autouse=True)
def built():
    made = subprocess.run(["make", "-s", "-j2", "all", "test-programs"], cwd=lab.ROOT, capture_output=True, text=True,
                          check=False, env={**os.environ, "MAKEFLAGS": "", "MAKELEVEL": "0"})
    if made.returncode:
        pytest.exit("the build fails:\n" + made.stdout + made.stderr, returncode=1)


@pytest.fixture(scope="session")
def gdb(tmp_path_factory):
    """Runs gdb commands against a paused guest; what gdb said."""
    def run(commands, *program, **environment):
        return run_gdb(tmp_path_factory, "debug", commands, program, environment)
    return run


@pytest.fixture(scope="session")
def rewind(tmp_path_factory):
    """Runs gdb commands against a recorded run, at its end; what gdb said."""
    def run(commands, recording):
        return run_gdb(tmp_path_factory, "rewind", commands, [recording])
    return run


def run_gdb(tmp_path_factory, script, commands, words, environment=()):
    batch = tmp_path_factory.mktemp("gdb") / "commands"
    batch.write_text("\n".join(commands) + "\n")
    ended = subprocess.run([sys.executable, os.path.join(lab.ROOT, "scripts", script), *words],
                           env={**os.environ, **dict(environment), "GDB_BATCH": str(batch)}, stdin=subprocess.DEVNULL, cwd=lab.ROOT,
                           capture_output=True, text=True, timeout=120, check=False)
    return ended.stdout + ended.stderr
