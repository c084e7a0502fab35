# SPDX-License-Identifier: MIT
"""What every system test needs before it starts: the images and the test programs are built."""

import os
import subprocess
import sys

import pytest

import lab
from rerecord import pytest_runtest_call, pytest_runtest_makereport, pytest_runtest_setup    # noqa: F401 (pytest finds these hooks here)


# `make test` gives whole files to workers (--dist loadfile): what a file's tests share is made once, and they may rely on their
# order. The files that take longest come first, so that at the end no worker is left alone with one of them.
LONGEST = ["labs", "suites", "gdb_mm", "programs", "diff", "memory", "guest", "dynamic", "experiments", "live", "terminal", "stress", "smp", "sessions",
           "malloc_random", "chain", "build", "exports", "bench", "rewind", "report"]


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):    # (a worker of pytest-xdist)
        ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST)}
        items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


@pytest.fixture(scope="session", autouse=True)
def built():
    made = lab.make("all", "test-programs", capture_output=True, text=True, check=False)
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
                           capture_output=True, text=True, timeout=300, check=False)
    return ended.stdout + ended.stderr
