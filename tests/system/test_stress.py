# SPDX-License-Identifier: MIT
"""stress-ng's memory stressors, a fixed number of operations each: same words and status as on Linux, and no frame is lost.
(The one that asks for ptrace, vm-segv, is not among them.) mmapfork touches half of the memory that sysinfo(2) tells of: Linux
tells it of a guest's, so that the work does not depend on the machine."""

import os
import re
import shutil

import pytest

import lab

STRESSORS = {
    "vm": ["--vm-bytes", "8M", "--vm-ops", "200", "--vm-method", "all"],
    "brk": ["--brk-ops", "2000"],
    "mmap": ["--mmap-bytes", "4M", "--mmap-ops", "10"],
    "malloc": ["--malloc-bytes", "4M", "--malloc-ops", "2000"],
    "fault": ["--fault-ops", "200"],
    "stack": ["--stack-ops", "3"],
    "mremap": ["--mremap-bytes", "4M", "--mremap-ops", "5"],
    "mprotect": ["--mprotect-ops", "100"],
    "mincore": ["--mincore-ops", "100"],
    "mlock": ["--mlock-ops", "5"],
    "mmapfork": ["--mmapfork-ops", "2"],
    "futex": ["--futex-ops", "500"],
    "pipe": ["--pipe-ops", "500"],
    "fork": ["--fork-ops", "50"],
}


def words_of(result):
    text = (result.stdout + result.stderr).decode()
    return sorted(re.sub(r"\d+\.\d+s", "TIME", re.sub(r"\[\d+\]", "[PID]", line)) for line in text.splitlines()
                  if line.startswith("stress-ng"))


@pytest.mark.parametrize("name", STRESSORS)
def test_the_same_as_on_linux(name):
    if not shutil.which("stress-ng"):
        pytest.skip("stress-ng is not installed: scripts/doctor names its package")
    words = [shutil.which("stress-ng"), "--seed", "1", f"--{name}", "1", *STRESSORS[name]]
    small = "LD_PRELOAD=" + os.path.join(lab.BUILD, "tests", "preload", "memory256.so")
    expected, got = lab.linux(["env", small, *words]), lab.guest(words, options=["-m", "256"], seconds=300)
    assert expected.returncode == 0
    assert (words_of(got), got.returncode) == (words_of(expected), 0)
    assert "ledger: balanced" in lab.log_of(got)
