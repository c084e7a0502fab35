# SPDX-License-Identifier: MIT
"""What every system test needs before it starts: the images and the test programs are built."""

import os
import subprocess

import pytest

import lab


@pytest.fixture(scope="session", autouse=True)
def built():
    made = subprocess.run(["make", "-s", "-j2", "all", "test-programs"], cwd=lab.ROOT, capture_output=True, text=True,
                          check=False, env={**os.environ, "MAKEFLAGS": "", "MAKELEVEL": "0"})
    if made.returncode:
        pytest.exit("the build fails:\n" + made.stdout + made.stderr, returncode=1)
