"""Tests of the compilation of all kernels."""

import json
import os
import subprocess
import sys
import threading

import pytest

from quests_core import warm_up
from quests_core.utils import kernel_cache
from quests_core.utils.child import Child, ChildError

# What users compute, after the steps in the same process. Kernels may be stored, so what counts is which
# signatures are used, not what is compiled.
SCRIPT = """
import json, sys
from ase.build import bulk, molecule
import quests_core as q
from quests_core.warm_up import warm_up
from tests.core.with_y import select

def signatures():
    found = set()
    for name, module in list(sys.modules.items()):
        if name.startswith("quests_core"):
            for value in vars(module).values():
                if hasattr(value, "py_func") and value.py_func.__module__ == name:
                    found |= {f"{name}.{value.py_func.__name__}{one}" for one in value.signatures}
    return found

warm_up()
known = signatures()
frames = []
for i in range(12):
    atoms = bulk("NaCl", "rocksalt", 5.6 + 0.02 * i).repeat((1, 1, 1 + i % 2))
    atoms.rattle(0.05, seed=i)
    frames.append(atoms)
frames.append(molecule("H2O"))
envs = q.descriptors(frames)
for method in q.METHODS:
    select(envs, method, 0.5)
    if method in ("msc", "balanced"):
        select(envs.take(range(6)), method, reference=envs.take(range(6, 9)), locked=[2], excluded=[1])
        select(envs, method, precision="double")
order = q.select(envs, "msc").order
q.compression_curve(envs, order)
q.compression_path(envs, order, sizes=[1, 5])
q.entropy(envs), q.diversity(envs), q.entropy(envs, precision="double")
q.delta_entropy(envs, envs.take([1, 2])), q.overlap(envs, envs.take([1, 2]))
q.exchange(envs, order[:4])
q.species_descriptors(frames), q.descriptors(frames, species="auto")
q.descriptors(frames, k=5, cutoff=4.0)
q.estimate_entropy(envs)
q.estimate_diversity(envs)
q.select_in_chunks([envs.take(range(6)), envs.take(range(6, 13))], keep=0.5)
q.smallest_subset(envs, order)
print(json.dumps([len(known), sorted(signatures() - known)]))
"""


def test_every_step_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "folder", lambda: tmp_path)
    steps = {name: (lambda name=name: done.append(name)) for name in warm_up.steps()}
    done, reported = [], []
    monkeypatch.setattr(warm_up, "steps", lambda: steps)
    warm_up.warm_up(lambda *args: reported.append(args))
    assert done == [*steps]
    assert reported[1] == (f"compiling: {done[1]}", 1, len(done))
    assert kernel_cache.is_complete()
    (tmp_path / warm_up.STEP).write_text(done[2])
    warm_up.compile_in_child(tmp_path)
    assert done[len(steps) :] == [done[2]]


@pytest.fixture
def shared(monkeypatch, tmp_path):
    """Return what was compiled here and in another process, and a function that replaces that process."""
    monkeypatch.setattr(kernel_cache, "folder", lambda: tmp_path)
    here, there, begun = [], [], threading.Event()

    def compile_here(name):
        # Until the other process has begun.
        assert begun.wait(60)
        here.append(name)

    def compile_there(compile_one):
        def run(child, folder, progress=None):
            begun.set()
            compile_one((folder / warm_up.STEP).read_text())

        monkeypatch.setattr(Child, "run", run)

    steps = {name: (lambda name=name: compile_here(name)) for name in warm_up.steps()}
    monkeypatch.setattr(warm_up, "steps", lambda: steps)
    return steps, here, there, compile_there


def test_two_processes_share_the_steps(shared):
    steps, here, there, compile_there = shared
    compile_there(there.append)
    warm_up.warm_up(n_processes=2)
    assert there
    assert sorted(here + there) == sorted(steps)
    assert kernel_cache.is_complete()


def test_a_step_that_fails_in_another_process_is_compiled_here(shared):
    steps, here, _, compile_there = shared

    def fail(_):
        raise ChildError("its process was killed")

    compile_there(fail)
    warm_up.warm_up(n_processes=2)
    assert sorted(here) == sorted(steps)


@pytest.mark.jit
def test_nothing_is_compiled_after_warming_up():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    n_known, further = json.loads(done.stdout)
    assert n_known > 20
    assert further == []
