"""Compare the open set with references, and labels or files with each other."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quests_core import Environments, delta_entropy
from quests_core.information.entropy import OVERLAP_THRESHOLD

from .analysed_dataset import AnalysedDataset
from .map_placement import pca
from .method_path import MethodPath, method_path, reader
from .methods import MSC_WITH_REFERENCE
from .parameters import RANDOM_STATE, Marks
from .reference import Reference, align_elements, union, with_common_elements

if TYPE_CHECKING:
    from distributed import Client

MAX_GROUPS = 20
NO_LABEL = "no label"
# Environments of each set that the map draws; the most novel ones are always among them.
MAP_LIMIT, _NOVEL_DRAWN = 15_000, 1000


@dataclass(frozen=True, eq=False)
class Comparison:
    """The open set compared with a reference.

    Attributes
    ----------
    novelty : ndarray of shape (n_envs,)
        δH(environment of the open set | reference), nats; NaN in excluded frames.
    back : ndarray of shape (n_reference,)
        δH(environment of the reference | open set without excluded frames), nats.
    rows, back_rows : ndarray
        Environments of the open set and of the reference that the map draws.
    xy, back_xy : ndarray of shape (n, 2)
        Their coordinates on the principal axes of both sets together.
    """

    novelty: np.ndarray
    back: np.ndarray
    rows: np.ndarray
    back_rows: np.ndarray
    xy: np.ndarray
    back_xy: np.ndarray


@dataclass(frozen=True, eq=False)
class Matrix:
    """Overlaps of several sets with each other: their `names`, and `shares` from `overlap_matrix`."""

    names: tuple[str, ...]
    shares: np.ndarray
    left_out: int = 0


def share_covered(novelty: np.ndarray) -> float:
    """Return the share of environments that are covered, ignoring NaN."""
    counted = novelty[~np.isnan(novelty)]
    return float(np.mean(counted < OVERLAP_THRESHOLD)) if len(counted) else float("nan")


def compare(
    opened: AnalysedDataset, other: Reference, marks: Marks, progress=None, client: "Client | None" = None
) -> Comparison:
    """Compute δH of each set given the other, and place both on one map.

    The workers of a `client` compute it if both are stores, which they read.
    """
    bandwidth, (envs, others) = opened.parameters.bandwidth, with_common_elements(opened, other)
    kept = kept_rows(opened, marks)
    kept_envs = envs.take(_kept_frames(opened, marks)) if marks.excluded else envs
    client = reader(client, kept_envs, others)
    novelty = np.full(envs.n_envs, np.nan)
    novelty[kept] = delta_entropy(kept_envs, others, bandwidth, progress=progress, client=client)
    back = delta_entropy(others, kept_envs, bandwidth, progress=progress, client=client)
    rows, back_rows = rows_to_draw(novelty), rows_to_draw(back)
    xy = pca(np.concatenate([envs.X[rows], others.X[back_rows]]))
    return Comparison(novelty, back, rows, back_rows, xy[: len(rows)], xy[len(rows) :])


def _kept_frames(opened: AnalysedDataset, marks: Marks) -> np.ndarray:
    return np.setdiff1d(np.arange(len(opened.envs)), marks.excluded)


def kept_rows(opened: AnalysedDataset, marks: Marks) -> np.ndarray:
    """Return the environments of the frames that are not excluded, in ascending order."""
    return opened.envs.rows(_kept_frames(opened, marks))


def most_novel(novelty: np.ndarray, count: int) -> np.ndarray:
    """Return the `count` most novel environments, the most novel first, ignoring NaN."""
    order = np.argsort(-novelty, kind="stable")
    return order[: min(count, int(np.isfinite(novelty).sum()))]


def rows_to_draw(novelty: np.ndarray) -> np.ndarray:
    """Return the environments to draw, ascending: all, or the most novel ones and a random sample."""
    counted = np.flatnonzero(~np.isnan(novelty))
    if len(counted) <= MAP_LIMIT:
        return counted
    novel = most_novel(novelty, _NOVEL_DRAWN)
    rest = np.setdiff1d(counted, novel)
    rng = np.random.default_rng(RANDOM_STATE)
    return np.sort(np.append(novel, rng.choice(rest, MAP_LIMIT - len(novel), replace=False)))


def novel_frames(novelty: np.ndarray, offsets: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Return the frames with the most novel environments, ranked by the most novel one of each.

    Returns
    -------
    dict
        ``frame``; ``delta``: its largest δH, nats; ``row``: the environment with that δH; ``share``:
        the share of its environments that are not covered.
    """
    filled = np.flatnonzero(np.diff(offsets) > 0)
    values = np.where(np.isnan(novelty), -np.inf, novelty)
    if not len(filled):
        return {name: np.empty(0) for name in ("frame", "delta", "row", "share")}
    starts = offsets[:-1][filled]
    largest = np.maximum.reduceat(values, starts)
    novel = np.add.reduceat((values >= OVERLAP_THRESHOLD).astype(float), starts)
    best = np.argsort(-largest, kind="stable")[:count]
    best = best[np.isfinite(largest[best])]
    rows = [starts[i] + int(np.argmax(values[starts[i] : offsets[filled[i] + 1]])) for i in best]
    return {
        "frame": filled[best],
        "delta": largest[best],
        "row": np.array(rows, dtype=int),
        "share": novel[best] / np.diff(offsets)[filled[best]],
    }


def label_groups(labels: Sequence[str], sizes: np.ndarray, excluded: Sequence[int]) -> dict[str, np.ndarray]:
    """Return the frames of each label without excluded ones, labels with most environments first."""
    names = np.array([label or NO_LABEL for label in labels])
    counted = np.setdiff1d(np.arange(len(names)), excluded)
    found, group = np.unique(names[counted], return_inverse=True)
    members = np.split(counted[np.argsort(group, kind="stable")], np.cumsum(np.bincount(group))[:-1])
    groups = dict(zip(map(str, found), members, strict=False))
    groups = {name: frames for name, frames in groups.items() if sizes[frames].sum()}
    return dict(sorted(groups.items(), key=lambda group: -sizes[group[1]].sum()))


def overlap_matrix(groups: Sequence[Environments], bandwidth: float, progress=None) -> np.ndarray:
    """Return the overlap of each group with each other.

    Returns
    -------
    ndarray of shape (n_groups, n_groups)
        Entry (i, j): share of group i that group j covers. Not symmetric: a large set covers a small
        one more easily than vice versa.
    """
    everything = Environments.from_frames([group.X for group in groups])
    starts = everything.offsets[:-1]
    matrix = np.empty((len(groups), len(groups)))
    for j, group in enumerate(groups):

        def report(step, done, total, j=j):
            progress("overlaps", j + done / max(1, total), len(groups))

        novelty = delta_entropy(everything, group, bandwidth, progress=report if progress else None)
        matrix[:, j] = np.add.reduceat((novelty < OVERLAP_THRESHOLD).astype(float), starts) / everything.sizes
    return matrix


def label_matrix(opened: AnalysedDataset, marks: Marks, progress=None) -> Matrix:
    """Return the overlaps of the labels of a file, at most of the `MAX_GROUPS` largest ones."""
    groups = label_groups(opened.dataset.labels, opened.envs.sizes, marks.excluded)
    names = tuple(groups)[:MAX_GROUPS]
    sets = [opened.envs.take(groups[name]) for name in names]
    shares = overlap_matrix(sets, opened.parameters.bandwidth, progress)
    return Matrix(names, shares, len(groups) - len(names))


def file_matrix(opened: AnalysedDataset, others: Sequence[Reference], marks: Marks, progress=None) -> Matrix:
    """Return the overlaps of the open file, without excluded frames, and the references."""
    elements = union(opened.dataset.elements, *(other.elements for other in others))
    mine = opened.envs.take(_kept_frames(opened, marks)), opened.dataset.elements
    sets = [
        align_elements(envs, own, elements, opened.parameters)
        for envs, own in (mine, *((other.envs, other.elements) for other in others))
    ]
    names = (opened.dataset.name, *(other.name for other in others))
    return Matrix(names, overlap_matrix(sets, opened.parameters.bandwidth, progress))


def covered_along(novelty: np.ndarray, deltas: np.ndarray) -> np.ndarray:
    r"""Return the share of environments that a reference and a subset cover together, for each subset.

    Kernel sums add up, so :math:`\delta H(e | R \cup S) = -\ln(e^{-\delta H(e|R)} + e^{-\delta H(e|S)})`.

    Parameters
    ----------
    novelty : ndarray of shape (n_envs,)
        δH given the reference, nats; NaN where an environment does not count.
    deltas : ndarray of shape (n_subsets, n_envs)
        δH given each subset, nats.
    """
    counted = ~np.isnan(novelty)
    log_sums = -novelty[counted]
    return np.array([share_covered(-np.logaddexp(log_sums, -delta[counted])) for delta in deltas])


def path_with_reference(
    opened: AnalysedDataset, other: Reference, marks: Marks, progress=None, on_part=None,
    client: "Client | None" = None,
) -> MethodPath:  # fmt: skip
    """Order the frames by `msc` with a reference.

    δH and the numbers derived from it are given the reference and the subset together; entropy and
    diversity are those of the subset alone. `on_part` is that of `method_path`, and so is `client` if both
    are stores.
    """

    def named(path: MethodPath) -> MethodPath:
        return dataclasses.replace(path, method=MSC_WITH_REFERENCE, reference=other)

    mine, others = with_common_elements(opened, other)
    report = None if on_part is None else lambda part: on_part(named(part))
    own = dataclasses.replace(opened, envs=mine)
    return named(method_path(own, "msc", marks, progress, others, report, reader(client, mine, others)))
