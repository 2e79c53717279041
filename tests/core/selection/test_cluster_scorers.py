"""Scorers on a cluster: the order of one process, whichever worker dies or finishes first."""

from pathlib import Path

import numpy as np
import pytest

from quests_core import Cancelled, Environments, Progress, Strata, descriptors, select
from quests_core.selection import balanced, cluster_msc, cluster_totals
from quests_core.selection.arguments import WITH_COSTS
from tests.core.cluster import NO_KILL, killed_worker
from tests.core.selection.naive_scores import clusters_and_outliers, grouped
from tests.core.selection.test_cluster_msc import stored
from tests.core.selection.test_msc import dense
from tests.core.ugly import BANDWIDTH, SETS

pytestmark = pytest.mark.jit
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(autouse=True)
def made(monkeypatch):
    """Allow small parts; return the totals that were made."""
    monkeypatch.setattr(cluster_msc, "_FEWEST_ROWS", 1)
    monkeypatch.setattr(cluster_totals, "_FEWEST_ROWS", 1)
    found, init = [], cluster_totals.ClusterTotals.__init__

    def note(self, *given):
        found.append(self)
        init(self, *given)

    monkeypatch.setattr(cluster_totals.ClusterTotals, "__init__", note)
    return found


@pytest.fixture
def frames(rng):
    """Return more frames than are evaluated at a time."""
    return clusters_and_outliers(rng, 4, spread=0.6, noise=0.05)


def assert_same(envs, client, **options):
    given = {"bandwidth": BANDWIDTH} | options
    expected = select(envs, **given).order
    np.testing.assert_array_equal(select(envs, **given, client=client).order, expected)


@pytest.mark.parametrize("method", WITH_COSTS)
@pytest.mark.parametrize("name", SETS)
def test_the_order_of_ugly_sets_is_that_of_one_process(threads, name, method):
    assert_same(grouped(SETS[name]), threads, method=method)


@pytest.mark.parametrize("method", WITH_COSTS)
def test_the_order_is_that_of_one_process(threads, frames, tmp_path, made, method):
    for envs in (grouped(frames), stored(tmp_path / "a", grouped(frames))):
        assert_same(envs, threads, method=method)
    assert len(made[-1]._parts) == 2
    # A round for each pick, and two before the first one.
    assert made[-1].n_rounds <= len(frames) + 1


@pytest.mark.parametrize("ahead", [0, 3])
def test_what_is_evaluated_ahead_does_not_change_the_order(threads, frames, monkeypatch, made, ahead):
    monkeypatch.setattr(balanced, "AHEAD", ahead)
    assert_same(grouped(frames), threads)
    assert made[-1].n_rounds > len(frames) + 1


@pytest.mark.parametrize("method", WITH_COSTS)
def test_locked_and_excluded_frames_costs_and_a_reference(threads, frames, method):
    marks = {"locked": [9, 2], "excluded": [0, 11, 30], "n_to_select": 25, "cost": "environments"}
    for reference in (None, frames[7] + 0.02):
        assert_same(grouped(frames), threads, **marks, reference=reference, method=method)


@pytest.mark.parametrize("method", WITH_COSTS)
def test_quotas_of_labels(threads, frames, method):
    labels = ["a" if i % 5 else "b" for i in range(len(frames))]
    for strata in (Strata(labels), Strata(labels, "equal", minimum=3)):
        assert_same(grouped(frames), threads, method=method, strata=strata, excluded=[4], locked=[9])


def test_parts_that_are_far_from_each_other(threads, rng, monkeypatch, made):
    """Rows beyond the reach of a part are not sent to it."""
    monkeypatch.setattr(cluster_totals, "_GROUPS", 1)
    made_of, contents = cluster_totals._contents, []
    monkeypatch.setattr(
        cluster_totals, "_contents", lambda *given: [contents.append(one) or one for one in made_of(*given)]
    )
    # Of 128 environments each, as many as a tile has.
    frames = [rng.normal(60.0 * (i % 2), 0.3, (8, 3)) for i in range(32)]
    assert_same(grouped(frames), threads)
    assert [sum(block.offsets[-1] for block in one.near) for one in contents] == [128, 128]


def test_rows_are_read_in_blocks(threads, frames, monkeypatch):
    monkeypatch.setattr(cluster_totals, "_ROWS_AT_ONCE", 30)
    assert_same(grouped(frames), threads)


def test_frames_within_reach_of_each_other(threads, rng):
    assert_same(grouped(dense(40, rng)), threads)


def test_equal_frames_come_in_the_order_of_the_file(threads, rng):
    kinds = [rng.normal(0, 0.4, (3, 9)) for _ in range(4)]
    assert_same(grouped([kinds[i] for i in rng.permutation(np.repeat(range(4), 12))]), threads)


@pytest.mark.parametrize("method", WITH_COSTS)
def test_empty_frames_come_last(threads, rng, method):
    empty = np.empty((0, 4))
    envs = grouped([empty, rng.normal(size=(3, 4)), empty, rng.normal(size=(2, 4))])
    for locked in ((), (2,), (2, 1)):
        assert_same(envs, threads, locked=locked, method=method)
    options = {"client": threads, "excluded": [3], "locked": [1], "strata": Strata([*"aabb"])}
    assert select(grouped([empty] * 4), method, **options).order.tolist() == [1, 2, 0]


def test_targets_are_met_by_the_same_prefix(threads, frames):
    assert_same(grouped(frames), threads, until={"overlap": 0.8})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "name"), [*((one, "gap20_Graphite") for one in WITH_COSTS), ("balanced", "3bpa")]
)
def test_a_real_set(client, tmp_path, name, made, method):
    path = DATA / f"{name}.xyz.gz"
    if not path.exists():
        pytest.skip(f"needs {path}")
    assert_same(
        descriptors(path, store=tmp_path / "a"), client, bandwidth=0.015, method=method, n_to_select=100
    )
    assert len(made[0]._parts) == 2


@NO_KILL
@pytest.mark.slow
@pytest.mark.parametrize(("task", "after"), [("walk", 0), ("answer", 0), ("answer", 5)])
def test_a_killed_worker_does_not_change_the_order(client, frames, tmp_path, task, after, made):
    envs = stored(tmp_path / "a", grouped(frames))
    expected = select(envs, bandwidth=BANDWIDTH).order
    with killed_worker(client, task, tmp_path, after) as killed:
        found = select(envs, bandwidth=BANDWIDTH, client=client).order
        assert killed.exists()
    np.testing.assert_array_equal(found, expected)
    assert made[0].n_lost >= (after > 0)


def test_progress_and_callback_follow_the_picks(threads, frames):
    calls, parts = [], []
    options = {
        "bandwidth": BANDWIDTH,
        "client": threads,
        "callback": lambda part: parts.append(part.tolist()),
    }
    order = select(grouped(frames), n_to_select=9, **options, progress=lambda *call: calls.append(call)).order
    assert parts == [order[:n].tolist() for n in range(1, 10)]
    steps = list(dict.fromkeys(step for step, _, _ in calls))
    assert steps == ["msc order", "sorting into tiles", "kernels of frames", "balanced order"]
    done = [done for step, done, _ in calls if step == "balanced order"]
    assert done == sorted(done)
    assert calls[-1] == ("balanced order", 9, 9)


@pytest.mark.parametrize("step", ["msc order", "balanced order"])
def test_cancelling_ends_the_run_and_frees_the_workers(threads, frames, step):
    progress = Progress()

    def until(now, done, total):
        if now == step and done == 5:
            progress.cancel()
        progress(now, done, total)

    with pytest.raises(Cancelled, match=f"^cancelled during {step}"):
        select(grouped(frames), bandwidth=BANDWIDTH, client=threads, progress=until)
    assert len(select(grouped(frames), n_to_select=5, bandwidth=BANDWIDTH, client=threads).order) == 5


def test_one_frame_without_a_store(threads):
    assert select(Environments([[0.0], [1.0]], [0, 2]), client=threads).order.tolist() == [0]
