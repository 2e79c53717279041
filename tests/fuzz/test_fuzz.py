"""Damaged files are refused with a clear error or read as they are."""

import sys

import numpy as np
import pytest

from tests import fuzz
from tests.fuzz import mutations, oracle, verdict
from tests.fuzz import run as child_runs
from tests.fuzz.mutations import Case
from tests.fuzz.run import run

pytestmark = pytest.mark.jit
SEED, CASES = 20261122, 300


def test_a_seeded_corpus_holds_no_surprise():
    outcome = run(CASES, SEED, bombs=0)
    assert outcome.faults == []
    assert outcome.n_cases == CASES
    # Both happen often, or nothing was tried.
    assert min(outcome.outcomes["read"], outcome.outcomes["refused"]) > CASES / 10


def test_a_number_names_one_file(tmp_path):
    def make():
        return [mutations.case(np.random.default_rng([1, i]), i, tmp_path / "trap", 0) for i in range(60)]

    assert make() == make()


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        (Case("good", "a.xyz", b"no file", good=True), "good, but refused"),
        (Case("bad", "a.xyz", b"1\n\nH 0 0 0\n", good=False), ""),
    ],
)
def test_faults_are_recognised(tmp_path, case, fault):
    outcome, message = verdict.judge(case, tmp_path)
    assert (outcome == "FAULT") == bool(fault)
    assert fault in message


def test_the_judge_notices_numbers_that_differ(tmp_path, monkeypatch):
    data = b"1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.5\nH 0 0 0.5 1 2 3\n"
    for old, new in ((b"0.5", b"0.6"), (b"-1.5", b"-1.4"), (b"1 2 3", b"1 2 4"), (b"H 0", b"C 0")):
        other = oracle.parse(data.replace(old, new))
        monkeypatch.setattr(fuzz.oracle, "parse", lambda _, other=other: other)
        assert verdict.judge(Case("", "a.xyz", data), tmp_path)[0] == "FAULT"


@pytest.mark.parametrize(
    ("what", "fault"),
    [("time.sleep(600)", "no answer in"), ("sys.exit('broken')", "ended with 1: broken")],
    ids=["hang", "crash"],
)
def test_a_hang_and_a_crash_are_faults(monkeypatch, what, fault):
    monkeypatch.setattr(child_runs, "SECONDS", 1)
    code = f"import sys, time; print('ready', flush=True); {what}"
    monkeypatch.setattr(child_runs, "CHILD", (sys.executable, "-c", code))
    outcome = run(2, SEED, bombs=0)
    assert outcome.n_cases == 2
    assert len(outcome.faults) == 2
    assert all(fault in text for text in outcome.faults)
