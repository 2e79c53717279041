"""Quotas and references: compare every pick with naive scores and shares."""

import numpy as np
import pytest

from quests_core import METHODS, Environments, Strata
from quests_core.selection.result import NOT_NESTED
from tests import naive
from tests.core.ugly import BANDWIDTH, SETS, combined
from tests.core.with_y import select

LABELS = "aaabacabcaddbaaab"
LABELS_LIST = list(LABELS)
GIVEN = {"a": 1, "b": 5, "c": 2.5, "d": 0.1, "never seen": 3}


def msc_order(frames):
    return select(Environments.from_frames(frames), "msc", bandwidth=BANDWIDTH).order


SCORES = {
    "msc": lambda frames, picked: naive.msc_scores(frames, picked, BANDWIDTH),
    "fps": lambda frames, picked: naive.fps_scores(frames, picked, BANDWIDTH),
    "information_loss": lambda frames, picked: naive.cover_scores(
        frames, picked, naive.information, BANDWIDTH
    ),
    "coverage": lambda frames, picked: naive.cover_scores(frames, picked, naive.covered, BANDWIDTH),
    "balanced": lambda frames, picked: naive.balanced_scores(frames, picked, msc_order(frames), BANDWIDTH),
}


@pytest.fixture
def frames(rng):
    return [rng.normal(0, 0.3, (rng.integers(1, 6), 3)) for _ in LABELS]


def assert_shares(order, labels, n_locked=0, **quotas):
    for rank in range(n_locked, len(order)):
        allowed = naive.labels_next(labels, order[:rank], **quotas)
        assert labels[order[rank]] in allowed, f"pick {rank}"


@combined("method, minimum, quotas", METHODS, [0, 2], ["proportional", "equal", GIVEN])
def test_each_pick_has_an_allowed_label(frames, method, minimum, quotas):
    strata = Strata(LABELS_LIST, quotas, minimum)
    order = select(
        Environments.from_frames(frames), method, strata=strata, bandwidth=BANDWIDTH, locked=[4, 2]
    ).order.tolist()
    assert order[:2] == [4, 2]
    assert sorted(order) == list(range(len(frames)))
    assert_shares(order, LABELS, 2, quotas=quotas, minimum=minimum)


@pytest.mark.parametrize("quotas", ["proportional", "equal", GIVEN], ids=str)
@pytest.mark.parametrize("method", SCORES)
def test_each_pick_is_the_best_frame_of_the_allowed_labels(frames, method, quotas):
    envs = Environments.from_frames(frames)
    order = select(envs, method, strata=Strata(LABELS_LIST, quotas, 1), bandwidth=BANDWIDTH).order
    for rank in range(len(order)):
        scores = SCORES[method](frames, list(order[:rank]))
        allowed = naive.labels_next(LABELS, order[:rank], quotas, 1)
        left = [i for i in range(len(frames)) if i not in order[:rank] and LABELS[i] in allowed]
        assert scores[order[rank]] >= scores[left].max() - 1e-5, f"pick {rank}"


@pytest.mark.parametrize("method", METHODS)
def test_a_prefix_is_the_selection_of_that_size_with_quotas(frames, method):
    envs, strata = Environments.from_frames(frames), Strata(LABELS_LIST, "equal")
    whole = select(envs, method, strata=strata).order
    for n in (1, 5, 11):
        part = select(envs, method, n, strata=strata).order
        assert len(set(part)) == n
        assert_shares(part, LABELS, quotas="equal")
        if method not in NOT_NESTED:
            assert part.tolist() == whole[:n].tolist()


@pytest.mark.parametrize("n", [4, 9, 15])
def test_counts_as_quotas_are_met_exactly(rng, n):
    labels = rng.permutation(list("x" * 30 + "y" * 20 + "z" * 10)).tolist()
    wanted = {"x": n, "y": 3, "z": 7}
    for method in ("random", "k_means", "mean_fps"):
        X = rng.normal(size=(60, 2))
        order = select(X, method, n + 10, strata=Strata(labels, wanted)).order
        picked = [labels[i] for i in order]
        assert {label: picked.count(label) for label in wanted} == wanted


def test_shares_are_right_at_every_size(rng):
    labels = rng.permutation(list("x" * 300 + "y" * 90 + "z" * 10)).tolist()
    order = select(np.zeros((400, 1)), "random", strata=Strata(labels)).order
    is_label = np.array(labels)[order][:, None] == ["x", "y", "z"]
    fair = np.arange(1, 401)[:, None] * np.array([300, 90, 10]) / 400
    assert np.abs(np.cumsum(is_label, axis=0) - fair).max() < 1.0


def test_excluded_frames_have_no_share(frames):
    envs = Environments.from_frames(frames)
    excluded = [0, 3, 9]
    left = [i for i in range(len(frames)) if i not in excluded]
    for method in METHODS:
        order = select(envs, method, strata=Strata(LABELS_LIST), excluded=excluded, locked=[5]).order
        assert sorted(order) == left
        where = [left.index(i) for i in order]
        assert_shares(where, [LABELS[i] for i in left], 1, quotas="proportional")


def test_empty_frames_count_for_their_label():
    frames = [np.zeros((0, 2)), np.ones((2, 2)), np.zeros((0, 2)), np.full((1, 2), 3.0), np.ones((1, 2))]
    labels = list("eexxx")
    for method in METHODS:
        order = select(Environments.from_frames(frames), method, strata=Strata(labels, "equal")).order
        assert sorted(order) == list(range(5))
        assert_shares(order, labels, quotas="equal")
        if method != "random":
            assert list(order).index(1) < list(order).index(0)


def test_random_draws_within_labels_are_uniform():
    labels = list("aaabbbb")
    orders = [
        select(np.zeros((7, 1)), "random", strata=Strata(labels), random_state=s).order for s in range(800)
    ]
    first_a = np.bincount([next(i for i in order if i < 3) for order in orders], minlength=3)
    # 800 draws with three equal probabilities: mean 267, standard deviation 13.
    assert np.abs(first_a - 800 / 3).max() < 55


def test_invalid_quotas_are_refused(frames):
    envs = Environments.from_frames(frames)
    one, two = Strata(["a", "b"]), Strata(LABELS_LIST, minimum=2)
    for kind, text, make in (
        (
            ValueError,
            "quotas: expected one of 'proportional', 'equal', got 'fair'",
            lambda: Strata(["a"], "fair"),
        ),
        (
            ValueError,
            "quotas: expected a number for every label, got none for 'b'",
            lambda: Strata(["a", "b"], {"a": 1}),
        ),
        (ValueError, "quotas['a']: expected a positive number, got 0", lambda: Strata(["a"], {"a": 0})),
        (
            ValueError,
            "minimum: expected an integer of at least 0, got -1",
            lambda: Strata(["a"], minimum=-1),
        ),
        (ValueError, "strata: expected 17 labels, one per frame, got 2", lambda: select(envs, strata=one)),
        (TypeError, "strata: expected a Strata, got str 'a'", lambda: select(envs, strata="a")),
        (
            ValueError,
            "minimum: expected at most 7 frames (n_to_select) in all, got 8",
            lambda: select(envs, "random", 7, strata=two, locked=[0]),
        ),
    ):
        with pytest.raises(kind) as caught:
            make()
        assert str(caught.value) == text
    with pytest.raises(TypeError, match="labels: expected one label per frame, got 'ab'"):
        Strata("ab")
    assert len(select(envs, "random", 8, strata=two).order) == 8


def test_parameters_include_quotas(frames):
    parameters = select(
        Environments.from_frames(frames), "random", strata=Strata(LABELS_LIST, GIVEN, 2)
    ).parameters
    assert (parameters["quotas"], parameters["minimum"]) == (GIVEN, 2)


# References


@pytest.mark.parametrize("name", ["plain", "duplicates", "far outliers", "63 columns", "one-atom frames"])
@pytest.mark.parametrize("method", ["fps", "mean_fps"])
def test_distances_to_a_reference_are_included(method, name, rng):
    frames = SETS[name]
    d = frames[0].shape[1]
    slow = {"fps": lambda picked: naive.fps_scores(frames, picked, BANDWIDTH, reference)}
    slow["mean_fps"] = lambda picked: naive.mean_fps_scores(frames, picked, reference)
    for reference in ([frames[0]], [frames[-1][:1] + 0.05, np.empty((0, d)), rng.normal(0, 2, (3, d))]):
        given = Environments.from_frames(reference)
        for locked in ([], [len(frames) - 1]):
            order = select(
                Environments.from_frames(frames), method, reference=given, locked=locked, random_state=3
            ).order
            for rank in range(len(locked), len(frames)):
                scores = slow[method](list(order[:rank]))
                left = np.setdiff1d(np.arange(len(frames)), order[:rank])
                assert scores[order[rank]] >= scores[left].max() - 1e-9 * max(1, abs(scores[left].max()))


def test_the_rows_of_a_plain_reference_are_frames(rng):
    envs = Environments.from_frames([rng.normal(0, 0.3, (4, 2)) for _ in range(9)])
    rows = rng.normal(0, 0.3, (5, 2))
    for method in ("fps", "mean_fps"):
        given = select(envs, method, reference=rows).order
        assert given.tolist() == select(envs, method, reference=Environments(rows, range(6))).order.tolist()


def test_random_ignores_a_reference(rng):
    X = rng.normal(size=(9, 2))
    assert select(X, "random", reference=X).order.tolist() == select(X, "random").order.tolist()
