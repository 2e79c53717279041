"""`msc` on a cluster: the order of one process, whichever worker dies or finishes first."""

from pathlib import Path

import numpy as np
import pytest

from quests_core import Cancelled, Environments, Progress, descriptors, select
from quests_core.selection import Strata, candidate_pool, cluster_msc
from quests_core.store.manifest import Manifest
from quests_core.store.writer import Chunk, StoreWriter
from tests.core.cluster import NO_KILL, killed_worker
from tests.core.selection.naive_scores import assert_greedy, clusters_and_outliers, grouped, slow_scores
from tests.core.selection.test_msc import dense
from tests.core.ugly import BANDWIDTH, PROMISES, SETS

pytestmark = pytest.mark.jit
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(autouse=True)
def scorers(monkeypatch):
    """Allow small parts; return the scorers."""
    monkeypatch.setattr(cluster_msc, "_FEWEST_ROWS", 1)
    made, init = [], cluster_msc.ClusterMSC.__init__
    monkeypatch.setattr(
        cluster_msc.ClusterMSC, "__init__", lambda self, *rest: (made.append(self), init(self, *rest))[1]
    )
    return made


def stored(folder, envs, **options):
    """Store environments, and open them."""
    n = envs.n_envs
    with StoreWriter(folder, Manifest("key", {}, ("a.xyz",), envs.X.shape[1])) as writer:
        frames = envs.sizes, np.zeros(len(envs)), [""] * len(envs)
        writer.append(Chunk(envs.X, np.ones(n), np.zeros((n, 3)), *frames), set())
        writer.finish()
    return Environments.open(folder, **options)


@pytest.fixture
def frames(rng):
    return clusters_and_outliers(rng, 9, spread=2, noise=0.1)


@pytest.mark.parametrize("precision", PROMISES)
@pytest.mark.parametrize("name", SETS)
def test_every_pick_has_the_highest_score(client, name, precision):
    kwargs = {"bandwidth": BANDWIDTH, "precision": precision, "client": client}
    order = select(grouped(SETS[name]), "msc", **kwargs).order
    assert sorted(order) == list(range(len(SETS[name])))
    assert_greedy(order, slow_scores("msc", SETS[name]), 0, PROMISES[precision][0])


@pytest.mark.parametrize("options", [{}, {"memory_limit": "1kB"}], ids=["a part per worker", "small parts"])
def test_the_order_is_that_of_one_process(client, frames, tmp_path, scorers, monkeypatch, options):
    monkeypatch.setattr(cluster_msc, "rows_within", lambda limit, n: 50)
    envs = grouped(frames)
    expected = select(envs, "msc", bandwidth=BANDWIDTH).order
    for one in (envs, stored(tmp_path / "a", envs, **options)):
        np.testing.assert_array_equal(select(one, "msc", bandwidth=BANDWIDTH, client=client).order, expected)
    assert len(scorers[-1]._parts) == (7 if options else 2)
    # Several picks per round.
    assert scorers[0].n_rounds < 40


def test_one_pick_per_round_gives_the_same_order(client, frames, scorers, monkeypatch):
    monkeypatch.setattr(
        candidate_pool.CandidatePool,
        "has_best",
        property(lambda self: self._is_fresh and len(self.frames) > 0),
    )
    order = select(grouped(frames), "msc", 20, bandwidth=BANDWIDTH, client=client).order
    assert scorers[0].n_rounds == 20
    np.testing.assert_array_equal(order, select(grouped(frames), "msc", 20, bandwidth=BANDWIDTH).order)


def test_locked_and_excluded_frames_and_a_reference(client, frames, rng, tmp_path):
    reference = frames[7] + 0.02
    marks = {"locked": [9, 2], "excluded": [0, 11, 30], "n_to_select": 25, "bandwidth": BANDWIDTH}
    for envs in (grouped(frames), stored(tmp_path / "a", grouped(frames))):
        for known in (None, reference, stored(tmp_path / f"b{envs.store is None}", grouped([reference]))):
            expected = select(grouped(frames), "msc", reference=known, **marks).order
            found = select(envs, "msc", reference=known, **marks, client=client).order
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("quotas", ["proportional", "equal", {"a": 3, "b": 1, "c": 2}])
def test_quotas_of_labels(client, frames, rng, quotas, tmp_path):
    labels = rng.choice([*"aaabc"], len(frames)).tolist()
    empty = np.empty((0, frames[0].shape[1]))
    envs = grouped([*frames, empty])
    for minimum in (0, 3):
        strata = Strata([*labels, "c"], quotas, minimum=minimum)
        marks = {"strata": strata, "excluded": [4], "locked": [9], "bandwidth": BANDWIDTH}
        expected = select(envs, "msc", **marks).order
        for one in (envs, stored(tmp_path / f"{minimum}", envs)):
            np.testing.assert_array_equal(select(one, "msc", **marks, client=client).order, expected)
    alone = Strata([*"ab" * (len(frames) // 2), *["b"] * (len(frames) % 2), "only an empty frame"], "equal")
    marks = {"strata": alone, "bandwidth": BANDWIDTH, "reference": frames[3] + 0.02}
    expected = select(envs, "msc", **marks).order
    np.testing.assert_array_equal(select(envs, "msc", **marks, client=client).order, expected)


def test_frames_within_reach_of_each_other(client, rng):
    """So that the sums of all environments are updated together."""
    envs = grouped(dense(40, rng))
    expected = select(envs, "msc", bandwidth=BANDWIDTH).order
    np.testing.assert_array_equal(select(envs, "msc", bandwidth=BANDWIDTH, client=client).order, expected)


def test_equal_frames_come_in_the_order_of_the_file(client, rng):
    kinds = [rng.normal(0, 0.4, (3, 9)) for _ in range(4)]
    envs = grouped([kinds[i] for i in rng.permutation(np.repeat(range(4), 12))])
    expected = select(envs, "msc", bandwidth=BANDWIDTH).order
    np.testing.assert_array_equal(select(envs, "msc", bandwidth=BANDWIDTH, client=client).order, expected)


def test_empty_frames_come_last(client, rng):
    empty = np.empty((0, 4))
    envs = grouped([empty, rng.normal(size=(3, 4)), empty, rng.normal(size=(2, 4))])
    for locked in ((), (2,), (2, 1)):
        expected = select(envs, "msc", locked=locked).order
        np.testing.assert_array_equal(select(envs, "msc", locked=locked, client=client).order, expected)
    assert select(grouped([empty] * 3), "msc", client=client).order.tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["gap20_Graphite", pytest.param("3bpa", marks=pytest.mark.slow)])
def test_a_real_set(client, tmp_path, name, scorers):
    path = DATA / f"{name}.xyz.gz"
    if not path.exists():
        pytest.skip(f"needs {path}")
    envs = descriptors(path, store=tmp_path / "a")
    found = select(envs, "msc", client=client).order
    np.testing.assert_array_equal(found, select(envs, "msc").order)
    assert scorers[0].n_rounds < len(envs) / 3


@NO_KILL
@pytest.mark.parametrize("after", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_a_killed_worker_does_not_change_the_order(client, frames, tmp_path, after, scorers):
    envs = stored(tmp_path / "a", grouped(frames))
    expected = select(envs, "msc", bandwidth=BANDWIDTH).order
    with killed_worker(client, "advance", tmp_path, after) as killed:
        found = select(envs, "msc", bandwidth=BANDWIDTH, client=client).order
        assert killed.exists()
    np.testing.assert_array_equal(found, expected)
    assert scorers[0].n_lost >= (after > 0)


def test_progress_and_callback_follow_the_picks(client, frames):
    calls, parts = [], []
    kwargs = {"bandwidth": BANDWIDTH, "client": client, "progress": lambda *call: calls.append(call)}
    order = select(
        grouped(frames), "msc", 9, callback=lambda part: parts.append(part.tolist()), **kwargs
    ).order
    assert parts == [order[:n].tolist() for n in range(1, 10)]
    assert {step for step, _, _ in calls} == {"msc order"}
    done = [done for _, done, _ in calls]
    assert done == sorted(done)
    assert calls[-1] == ("msc order", 9, 9)


def test_cancelling_ends_the_run_and_frees_the_workers(client, frames):
    progress = Progress()

    def until(step, done, total):
        if done == 5:
            progress.cancel()
        progress(step, done, total)

    with pytest.raises(Cancelled, match=r"^cancelled during msc order"):
        select(grouped(frames), "msc", bandwidth=BANDWIDTH, client=client, progress=until)
    assert len(select(grouped(frames), "msc", 5, bandwidth=BANDWIDTH, client=client).order) == 5


def test_what_is_not_computed_on_a_cluster_is_refused(client, frames):
    envs = grouped(frames)
    for method in ("fps", "random"):
        with pytest.raises(ValueError, match=rf"^client: expected .* one of 'msc', .*, got '{method}'$"):
            select(envs, method, client=client)
    with pytest.raises(TypeError, match=r"^client: expected a synchronous"):
        select(envs, "msc", client="tcp://127.0.0.1:8786")
