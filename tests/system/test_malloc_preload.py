# SPDX-License-Identifier: MIT
"""Whole programs on our malloc (LD_PRELOAD=build/libmalloc.so): what they print and write is what it is without."""

import os
import re
import subprocess

import pytest

import lab
import malloc_measures as measures
import peers

FUNCTION = """
struct node{i} {{ struct node{i} *next; long key, value[{width}]; }};
long walk{i}(struct node{i} *n, long limit)
{{
    long sum = {i};
    for (; n && limit > 0; n = n->next, limit -= n ? n->key % {step} + 1 : 1)
        for (int k = 0; k < {width}; k++) {{
            if (n->value[k] % {step} == 0)
                sum += n->value[k] * k - (sum >> {shift});
            else if (n->key > sum)
                sum ^= n->value[{width} - 1 - k] << {shift};
            else
                switch (n->value[k] & 7) {{
                case 0: sum += walk{before}(0, k); break;
                case {case}: sum *= 3; break;
                default: sum -= n->key;
                }}
        }}
    return sum;
}}
"""


def large_file(functions=400):
    """Some 9 000 lines of C, of which no two functions compile to the same."""
    bodies = [FUNCTION.format(i=i, before=max(i - 1, 0), width=3 + i % 11, step=2 + i % 13, shift=1 + i % 5, case=1 + i % 6)
              for i in range(functions)]
    return "".join(bodies)


@pytest.fixture(scope="module", autouse=True)
def host_tools():
    lab.make("malloc-lab")


def on_both(words, folder=None, normal=lambda text: text, **settings):
    """Runs the words on glibc's malloc and on ours. => both results: status, output, errors"""
    results = []
    for peer in (peers.GLIBC, peers.ours()):
        done = subprocess.run(words, env=peers.environment(peer, **settings), capture_output=True, text=True, timeout=300, check=False,
                              cwd=folder)
        said = re.sub("^malloc: .*\n", "", done.stderr, flags=re.M) if "MALLOC_CHECK_" in settings else done.stderr    # what it never freed
        results.append((done.returncode, normal(done.stdout), normal(said)))
    return results


def test_python3s_own_tests_of_json():
    words = ["/usr/bin/python3", "-m", "unittest", "test.test_json"]
    plain, ours = on_both(words, normal=lambda text: re.sub(r" in [\d.]+s", "", text), PYTHONMALLOC="malloc")
    assert plain[0] == 0 and re.search(r"Ran 1\d\d tests\n\nOK", plain[2])
    assert ours == plain


@pytest.mark.parametrize("mode", ["default", "checking"])
def test_gcc_on_a_large_file(tmp_path, mode):
    (tmp_path / "large.c").write_text(large_file(400 if mode == "default" else 100))
    settings = {"MALLOC_CHECK_": "3"} if mode == "checking" else {}
    plain, ours = on_both(["gcc", "-O2", "-S", "-o", "-", "large.c"], tmp_path, **settings)
    assert plain[0] == 0 and len(plain[1]) > 100_000
    assert ours == plain


def test_sqlite3_in_memory_and_in_a_file(tmp_path):
    scale = "create table scale(v); insert into scale values(200);"
    script = os.path.join(measures.WORKLOADS, "index.sql")
    for database in (":memory:", "file.db"):
        plain, ours = on_both(["sh", "-c", f'rm -f file.db; sqlite3 {database} "{scale}" ".read {script}" "pragma integrity_check" .dump'],
                              tmp_path)
        assert plain[0] == 0 and "\nok\n" in plain[1] and len(plain[1]) > 1_000_000
        assert ours == plain


@pytest.mark.parametrize("name", ["perl", "lua"])
def test_scripts(name, tmp_path):
    words = measures.program_list(str(tmp_path), True)[name]
    plain, ours = on_both(words, PERL_HASH_SEED="0")
    assert plain[0] == 0 and plain[1] and ours == plain


CPP = """#include <cstdint>
struct alignas(64) Line { char bytes[64]; };
int main(int count, char **)
{
    auto *leaked = new long[3];
    auto *line = new Line;
    if (reinterpret_cast<uintptr_t>(line) % 64 || !leaked)
        return 1;
    delete line;
    auto *twice = new int;
    delete twice;
    if (count > 1)
        delete twice;
}
"""


def test_cpp_is_told_its_own_places(tmp_path):
    """new and delete are functions of the library; the place that counts is where the program called them."""
    (tmp_path / "places.cc").write_text(CPP)
    subprocess.run(["g++", "-g", "-O0", "-w", "-o", "places", "places.cc"], cwd=tmp_path, check=True)
    environment = peers.environment(peers.ours(), MALLOC_CHECK_="3")
    leak, twice = (subprocess.run(["./places", *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
                   for words in ([], ["twice"]))
    assert leak.returncode == 0 and re.search(r"\(24 bytes, allocated at places\.cc:5\)", leak.stderr), leak.stderr
    assert twice.returncode == -6, twice
    assert re.search(r"\(4 bytes, allocated at places\.cc:10, freed at places\.cc:11\)", twice.stderr), twice.stderr
