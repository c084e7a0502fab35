# SPDX-License-Identifier: MIT
"""Random calls against a model: threads under ThreadSanitizer and under LD_PRELOAD, forks among them, and the fuzzer's short run.

The campaigns are `make model-malloc` (millions of calls) and `make fuzz-malloc`.
"""

import os
import re
import subprocess

import pytest

import lab
import peers

TOOLS = os.path.join(lab.BUILD, "malloc")


def built(name):
    lab.make("malloc-lab", "malloc/" + name)
    return os.path.join(TOOLS, name)


def run(words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, **more)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.mark.parametrize("name", ["list", "classic"] + ([] if peers.chosen() == "classic" else [peers.chosen()]))
def test_no_two_threads_race(name):
    done = run([built("tsan-" + name), "4", "20000" if name == "list" else "80000"])
    assert re.search(r"calls by 4 threads, [1-9]\d+ blocks handed over, nothing wrong", done.stdout) and not done.stderr


@pytest.mark.parametrize("name", ["bump", "first", "list", "classic"] + ([] if peers.chosen() == "classic" else [peers.chosen()]))
def test_threads_under_the_address_sanitizer(name):
    """Threads end here and nobody tells the allocator, as where it is linked into a program."""
    done = run([built("asan-" + name), "4", "100000" if name in ("classic", "malloc") else "20000"])
    assert "nothing wrong" in done.stdout and not done.stderr


@pytest.mark.parametrize("mode", [{}, {"MALLOC_CHECK_": "3"}], ids=["default", "checking"])
@pytest.mark.parametrize("threads", [1, 4])
def test_threads_and_forks_under_preload(threads, mode):
    words = [built("model"), str(threads), "300000", "7", "fork"]
    for peer in (peers.ours(), peers.GLIBC):
        assert "nothing wrong" in run(words, env=peers.environment(peer, **mode)).stdout


def test_the_model_sees_an_allocator_that_is_wrong(tmp_path):
    """A library whose malloc gives every hundredth block out a second time."""
    source = tmp_path / "twice.c"
    source.write_text("#include <stddef.h>\nvoid *__libc_malloc(size_t);\nstatic void *last; static int n;\n"
                      "void *malloc(size_t size) { if (++n % 100 == 0 && size == 40 && last) return last;\n"
                      "    void *p = __libc_malloc(size); if (size == 40) last = p; return p; }\n")
    library = str(tmp_path / "twice.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-fno-builtin", "-o", library, str(source)], check=True)
    done = subprocess.run([built("model"), "1", "300000"], env={**os.environ, "LD_PRELOAD": library}, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == -6 and re.match("model: (contents changed|realloc lost)", done.stderr), done.stderr


@pytest.mark.parametrize("check, seconds", [("0", 10), ("3", 4)])
def test_the_fuzzer_finds_nothing(check, seconds, tmp_path):
    program = built("fuzz-" + peers.chosen())
    done = run([program, f"-max_total_time={seconds}", "-max_len=1000", "-len_control=0"], cwd=tmp_path, env={**os.environ, "MALLOC_CHECK_": check})
    runs = int(re.search(r"Done (\d+) runs", done.stderr).group(1))
    assert runs > 100
