# SPDX-License-Identifier: MIT
"""The misuse corpus: what ours notices must not become less. That Linux and the guest agree on it is test_programs.py's."""

import os

import pytest

import lab
import corpus
import peers

@pytest.fixture(scope="module", autouse=True)
def host_tools():
    lab.make("malloc-lab")


@pytest.fixture(scope="module")
def ours():
    return corpus.measure([peers.ours()])[0]


def test_nothing_that_was_noticed_is_missed_now(ours):
    with open(os.path.join(corpus.EXPECTED, peers.ours().name + ".txt"), encoding="ascii") as file:
        assert corpus.regressions(corpus.parse(file.read()), ours) == []


def test_the_shares_of_the_families(ours):
    assert corpus.share(ours, "default") >= 75
    assert corpus.share(ours, "checking") >= 90


def test_a_regression_is_seen(ours):
    worse = {key: list(row) for key, row in ours.items()}
    worse["default", "double free, at once"][2] = "missed"
    assert corpus.regressions(ours, worse) == ["default, double free, at once, large: expected stopped, found missed"]


def test_every_case_runs_on_glibc_too():
    found = corpus.parse(corpus.run(peers.GLIBC, "default"))
    assert len(found) == 28 and all(len(row) == 3 for row in found.values())
    assert corpus.share(found, "default") < 100
