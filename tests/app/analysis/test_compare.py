"""Comparisons of sets, checked against the library or a slow loop."""

import numpy as np
import pytest

from quests_app.analysis import compare
from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.parameters import Marks
from quests_app.plots import sets as plots
from quests_core import Environments, delta_entropy, entropy, overlap, select

H = 0.015


def test_novelty_of_both_sets_matches_the_library(opened, other):
    envs = opened.state.opened.envs
    found = compare.compare(opened.state.opened, other, Marks())
    np.testing.assert_allclose(found.novelty, delta_entropy(envs, other.envs, H), atol=1e-5)
    np.testing.assert_allclose(found.back, delta_entropy(other.envs, envs, H), atol=1e-5)
    assert compare.share_covered(found.novelty) == overlap(envs, other.envs, H)
    assert compare.share_covered(found.back) == overlap(other.envs, envs, H)
    assert 0 < compare.share_covered(found.novelty) < 1
    assert (len(found.xy), len(found.back_xy)) == (envs.n_envs, other.envs.n_envs)


def test_excluded_frames_are_ignored_in_both_directions(opened, other):
    envs, marks = opened.state.opened.envs, Marks(excluded=(1, 2, 3, 9))
    kept = envs.take([i for i in range(24) if i not in marks.excluded])
    found = compare.compare(opened.state.opened, other, marks)
    assert np.isnan(found.novelty[np.isin(envs.frame_index, marks.excluded)]).all()
    assert np.isfinite(found.novelty).sum() == kept.n_envs
    np.testing.assert_allclose(found.back, delta_entropy(other.envs, kept, H), atol=1e-5)
    assert not np.isin(envs.frame_index[found.rows], marks.excluded).any()


def test_the_matrix_holds_the_overlap_of_each_pair(rng):
    groups = [Environments.from_frames([0.02 * rng.normal(size=(n, 3))]) for n in (7, 30, 1, 12)]
    matrix = compare.overlap_matrix(groups, H)
    for i, query in enumerate(groups):
        for j, known in enumerate(groups):
            assert matrix[i, j] == overlap(query, known, H)
    assert (np.diag(matrix) == 1).all()
    assert not np.array_equal(matrix, matrix.T)


def test_labels_are_the_largest_first_without_excluded_frames(opened):
    state = opened.state
    matrix = compare.label_matrix(state.opened, Marks(excluded=(0,)))
    assert matrix.names == ("distorted", "perfect")
    labels = np.array(state.opened.dataset.labels)
    envs = state.opened.envs
    sets = [envs.take(np.flatnonzero(labels == name)) for name in matrix.names]
    assert matrix.shares[0, 1] == overlap(sets[0], sets[1], H)
    assert matrix.shares[1, 0] == overlap(sets[1], sets[0], H)


def test_many_labels_are_capped_and_counted(opened, monkeypatch):
    monkeypatch.setattr(compare, "MAX_GROUPS", 2)
    matrix = compare.label_matrix(opened.state.opened, Marks())
    assert (len(matrix.names), matrix.left_out) == (2, 1)


def test_frames_without_label_are_a_group_of_their_own():
    groups = compare.label_groups(["a", "", "a", ""], np.array([1, 5, 1, 0]), excluded=(0,))
    assert {name: frames.tolist() for name, frames in groups.items()} == {"no label": [1, 3], "a": [2]}
    assert list(groups) == ["no label", "a"]


def test_a_path_given_a_reference_counts_both_together(opened, other):
    data, marks = opened.state.opened, Marks(locked=(0,), excluded=(4, 5))
    kept = data.envs.take([i for i in range(24) if i not in marks.excluded])
    path = compare.path_with_reference(data, other, marks)
    order = select(data.envs, "msc", reference=other.envs, locked=(0,), excluded=(4, 5)).order
    np.testing.assert_array_equal(path.order, order)
    assert (path.method, path.reference, path.marks) == (MSC_WITH_REFERENCE, other, marks)
    counted = ~np.isin(data.envs.frame_index, marks.excluded)
    for n, row, found in zip(path.sizes, path.curve.itertuples(), path.delta_entropy, strict=True):
        subset = data.envs.take(order[:n])
        both = np.concatenate([other.envs.X, subset.X])
        expected = delta_entropy(kept, both, H)
        np.testing.assert_allclose(found[counted], expected, atol=1e-4)
        assert np.isnan(found[~counted]).all()
        assert row.overlap == pytest.approx(overlap(kept, both, H))
        assert row.information_loss == pytest.approx(np.maximum(expected, 0).mean(), abs=1e-4)
        assert row.max_delta_entropy == pytest.approx(expected.max(), abs=1e-4)
        assert row.entropy == pytest.approx(entropy(subset, H), abs=1e-6), (
            "entropy is that of the subset alone"
        )


def test_overlap_of_a_plain_order_with_a_reference(opened, other):
    data, path = opened.state.opened, opened.state.paths["msc"]
    novelty = compare.compare(data, other, Marks()).novelty
    shares = compare.covered_along(novelty, path.delta_entropy)
    for n, share in zip(path.sizes, shares, strict=True):
        both = np.concatenate([other.envs.X, data.envs.take(path.order[:n]).X])
        assert share == pytest.approx(overlap(data.envs, both, H))


def test_the_most_novel_frames_come_first(rng):
    sizes = [3, 0, 2, 4, 1]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    novelty = rng.normal(size=10)
    novelty[offsets[2] : offsets[3]] = np.nan
    found = compare.novel_frames(novelty, offsets, count=10)
    slow = []
    for frame in (0, 3, 4):
        block = novelty[offsets[frame] : offsets[frame + 1]]
        slow.append((-block.max(), frame, offsets[frame] + block.argmax(), np.mean(block >= 1e-5)))
    for i, (delta, frame, row, share) in enumerate(sorted(slow)):
        assert (found["delta"][i], found["frame"][i], found["row"][i]) == (-delta, frame, row)
        assert found["share"][i] == pytest.approx(share)
    assert len(found["frame"]) == 3


def test_a_sample_of_a_large_set_includes_the_most_novel(rng, monkeypatch):
    monkeypatch.setattr(compare, "MAP_LIMIT", 50)
    monkeypatch.setattr(compare, "_NOVEL_DRAWN", 10)
    novelty = rng.normal(size=400)
    novelty[::7] = np.nan
    rows = compare.rows_to_draw(novelty)
    assert len(rows) == len(set(rows)) == 50
    assert np.isfinite(novelty[rows]).all()
    assert set(np.argsort(np.where(np.isnan(novelty), -9, novelty))[-10:]) <= set(rows)


def test_histograms_hold_every_finite_value_in_bins_with_an_edge_at_zero(rng):
    values = np.concatenate([rng.normal(size=300) * 5, [-8.0, 2500.0, np.nan]])
    edges = plots.novelty_edges(values, np.array([1.0]))
    data = plots.histogram_data(values, edges)
    assert data["top"].sum() == pytest.approx(100)
    assert np.abs(edges).min() < 1e-12
    for low, high, share in zip(data["low"], data["high"], data["top"], strict=True):
        assert share == pytest.approx(100 * np.mean((values[:-1] >= low) & (values[:-1] < high)), abs=0.4)


def test_cells_are_0_and_100_only_where_exact():
    data = plots.matrix_data(np.array([[1.0, 0.0], [0.9999, 0.0001]]), ["a", "b"])
    assert data["text"] == ["100", "0", "99.9", "0.1"]
    assert (data["query_name"][1], data["known_name"][1]) == ("a", "b")
    assert (data["x"][1], data["y"][1]) == (1, 1), "the first row is at the top"
