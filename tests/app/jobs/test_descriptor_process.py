"""Descriptors computed in a child process: the same as in this one, and cancelled at once."""

import importlib.util

import numpy as np
import pytest
from ase.build import bulk

from quests_app.jobs import descriptor_process
from quests_app.jobs.descriptor_process import describe_in_process
from quests_core import Cancelled, Progress, descriptors

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("dscribe") is None, reason="dscribe is not installed"
)


def frames(n=20):
    made = []
    for seed in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[0] = "Au"
        atoms.rattle(0.1, seed=seed)
        made.append(atoms)
    return made


def test_they_are_those_of_the_library():
    from dscribe.descriptors import SOAP

    steps = []
    envs = describe_in_process(frames(), "soap", None, ["Au", "Cu"], 4.0, lambda *step: steps.append(step))
    soap = SOAP(species=["Au", "Cu"], r_cut=4.0, n_max=6, l_max=4, periodic=True)
    expected = descriptors(frames(), descriptor_fn=soap.create)
    # Its basis is made by linear algebra, which depends on the number of threads.
    np.testing.assert_allclose(envs.X, expected.X, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(envs.offsets, expected.offsets)
    assert {step[1:] for step in steps} >= {(0, 80), (64, 80), (80, 80)}


def test_a_frame_that_cannot_be_described_is_named():
    with pytest.raises(ValueError, match=r"frames 0 to 15 cannot be described: .*29"):
        describe_in_process(frames(), "soap", None, ["Au"], 4.0)


def test_cancelling_ends_it(monkeypatch):
    started = []
    start = descriptor_process.Child._start
    monkeypatch.setattr(
        descriptor_process.Child, "_start", lambda self: started.append(start(self)) or started[-1]
    )
    progress = Progress(lambda _: started and progress.cancel())
    with pytest.raises(Cancelled):
        describe_in_process(frames(), "soap", None, ["Au", "Cu"], 4.0, progress)
    assert started
    assert all(process.poll() is not None for process in started)


@pytest.mark.slow
def test_sets_that_exceed_the_memory_are_refused_after_the_first_frames(monkeypatch):
    monkeypatch.setattr(descriptor_process.memory, "available", lambda: None)

    def refuse(n_bytes, *_):
        raise ValueError(f"{n_bytes} bytes")

    monkeypatch.setattr(descriptor_process.memory, "check_fits", refuse)
    with pytest.raises(ValueError, match=f"{8 * 80 * 390} bytes"):
        describe_in_process(frames(), "soap", None, ["Au", "Cu"], 4.0)
