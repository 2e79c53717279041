"""Progress and cancellation of all long computations."""

import threading
import time

import ase.io
import numpy as np
import pytest
from ase.build import molecule

import quests_core as qc
from quests_core import Cancelled, Environments, Progress
from quests_core.progress import in_blocks


def _environments():
    rng = np.random.default_rng(0)
    return Environments(rng.normal(0, 0.1, (60, 3)), np.arange(0, 61, 3))


LONG = {
    "descriptors": lambda progress: qc.descriptors([molecule("H2O")] * 5, k=2, progress=progress),
    "descriptors of elements": lambda progress: qc.descriptors(
        [molecule("H2O")] * 5, k=2, species="auto", progress=progress
    ),
    "descriptors of a user": lambda progress: qc.descriptors(
        [molecule("H2O")] * 5, descriptor_fn=lambda atoms: atoms.positions, progress=progress
    ),
    "log_kernel_sum": lambda progress: qc.log_kernel_sum(*[_environments()] * 2, progress=progress),
    "entropy": lambda progress: qc.entropy(_environments(), progress=progress),
    "diversity": lambda progress: qc.diversity(_environments(), progress=progress),
    "delta_entropy": lambda progress: qc.delta_entropy(*[_environments()] * 2, progress=progress),
    "overlap": lambda progress: qc.overlap(*[_environments()] * 2, progress=progress),
    "learning_curve": lambda progress: qc.learning_curve(_environments(), progress=progress),
    "compression_curve": lambda progress: qc.compression_curve(_environments(), range(20), progress=progress),
    "compression_path": lambda progress: qc.compression_path(_environments(), range(20), progress=progress),
    **{
        f"select by {method}": lambda progress, method=method: qc.select(
            _environments(), method, progress=progress
        )
        for method in ("msc", "fps", "mean_fps")
    },
    "select given a reference": lambda progress: qc.select(
        _environments(), reference=_environments(), progress=progress
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_progress_is_reported_and_changes_no_result(name):
    calls = []
    result = LONG[name](lambda *call: calls.append(call))
    assert calls
    for step, done, total in calls:
        assert isinstance(step, str)
        assert step
        assert 0 <= done <= total
    for step in {call[0] for call in calls}:
        of_step = [call for call in calls if call[0] == step]
        assert any(done == total for _, done, total in of_step), f"{step} never ends"
    assert _comparable(result) == _comparable(LONG[name](None))


def _comparable(result):
    if isinstance(result, qc.CompressionPath):
        return result.curve.to_csv() + str(result.delta_entropy.tolist())
    if isinstance(result, Environments):
        return result.X.tolist()
    if isinstance(result, qc.Selection):
        return result.order.tolist()
    return result.to_csv() if hasattr(result, "to_csv") else np.asarray(result).tolist()


@pytest.mark.parametrize("name", LONG)
def test_cancel_ends_the_computation_after_a_block(name):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled, match=r"^cancelled during \w"):
        LONG[name](progress)


@pytest.mark.parametrize("name", LONG)
def test_exceptions_of_the_callback_reach_the_caller(name):
    class Stop(Exception):
        pass

    def stop(step, done, total):
        raise Stop(step)

    with pytest.raises(Stop):
        LONG[name](stop)


def test_reading_reports_progress_and_can_be_cancelled(tmp_path):
    path = tmp_path / "many.xyz"
    ase.io.write(path, [molecule("H2O")] * 130, format="extxyz")
    calls = []
    qc.read(path, progress=lambda *call: calls.append(call))
    assert calls[-1] == ("reading", 130, 130)
    assert len(calls) > 1
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled, match=r"^cancelled during reading$"):
        qc.read(path, progress=progress)


@pytest.mark.jit
@pytest.mark.parametrize("n_threads", [1, 3])
def test_cancel_from_another_thread_ends_a_long_run_soon(n_threads):
    # All rows are within the limits of each other, which is the maximum of work.
    envs = np.random.default_rng(0).normal(0, 0.002, (40_000, 63))
    started, at_cancel, before = threading.Event(), [], qc.get_num_threads()
    progress = Progress(lambda _: started.set())

    def cancel():
        started.wait()
        progress.cancel()
        at_cancel.append(progress.fraction)

    other = threading.Thread(target=cancel)
    other.start()
    qc.set_num_threads(n_threads)
    try:
        with pytest.raises(Cancelled):
            qc.entropy(envs, progress=progress)
    finally:
        qc.set_num_threads(before)
        other.join()
    # At most the blocks that were being computed.
    assert progress.fraction - at_cancel[0] < 0.1
    assert 0 < progress.fraction < 1
    # The pool can be used again.
    assert qc.entropy(np.zeros((3000, 2))) == pytest.approx(0, abs=1e-6)


@pytest.mark.jit
def test_progress_is_reported_in_small_steps():
    """A run of a second reports dozens of steps, none of which takes a large part of it."""
    envs, fractions = np.random.default_rng(0).normal(0, 0.01, (12_000, 63)), [0]
    before = qc.get_num_threads()
    # A single thread, as the blocks of others are reported with the caller's next one.
    qc.set_num_threads(1)
    try:
        qc.entropy(envs, progress=lambda step, done, total: fractions.append(done / total))
    finally:
        qc.set_num_threads(before)
    assert np.median(np.diff(fractions)) < 0.02
    assert max(np.diff(fractions)) < 0.1
    assert fractions[-1] == 1


@pytest.mark.jit
def test_a_long_curve_can_be_cancelled_between_blocks():
    envs = Environments(np.random.default_rng(0).normal(0, 0.1, (4000, 8)), np.arange(0, 4001, 2))
    seen = []

    def stop(step, done, total):
        seen.append(done)
        if len(seen) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match=r"^enough$"):
        qc.compression_curve(envs, range(2000), progress=stop)
    assert len(seen) == 3


def test_fraction_and_remaining_time():
    progress = Progress()
    assert (progress.fraction, progress.remaining) == (0.0, None)
    progress("one", 0, 10)
    assert progress.remaining is None
    time.sleep(0.02)
    progress("one", 4, 10)
    assert progress.fraction == 0.4
    assert 0.02 <= progress.remaining < 5
    progress("two", 0, 0)
    assert (progress.step, progress.fraction, progress.remaining) == ("two", 0.0, None)


def test_updates_are_rare_but_always_sent_at_the_end_of_a_step():
    updates = []
    progress = Progress(lambda p: updates.append((p.step, p.done)), interval=1000.0)
    for step in ("first", "second"):
        for done in range(1, 51):
            progress(step, done, 50)
    assert ("first", 50) in updates
    assert ("second", 50) in updates
    assert len(updates) <= 4
    updates.clear()
    progress = Progress(lambda p: updates.append(p.done), interval=0.0)
    for done in range(5):
        progress("every", done, 5)
    assert updates == list(range(5))


def test_cancelled_property():
    progress = Progress()
    assert not progress.cancelled
    progress.cancel()
    assert progress.cancelled


def test_blocks_cover_everything_once():
    for n in (0, 1, 9, 10, 11):
        calls = []
        blocks = list(in_blocks(n, 5, "step", lambda *call, calls=calls: calls.append(call)))
        assert [i for start, stop in blocks for i in range(start, stop)] == list(range(n))
        assert calls == [("step", stop, n) for _, stop in blocks]
