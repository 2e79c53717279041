"""Another file beside the open one, and how sets of different elements share one descriptor."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from quests_core import Environments
from quests_core.io.dataset import content_hash
from quests_core.utils import memory
from quests_core.utils.arrays import read_only

from .analysed_dataset import AnalysedDataset, environments
from .parameters import KEYS, Parameters, load


@dataclass(frozen=True, eq=False)
class Reference:
    """Another file, as a set of environments.

    Attributes
    ----------
    name, path, sha256, uploaded
        As of `analysis.DataSet`.
    parameters : Parameters
        Those its environments were described with.
    X, offsets : ndarray
        The fields of its `Environments`.
    elements : tuple of str
        Symbols, sorted; where elements are told apart, the descriptor has a block for each.
    """

    name: str
    path: Path
    sha256: str
    parameters: Parameters
    X: np.ndarray
    offsets: np.ndarray
    elements: tuple[str, ...]
    uploaded: bool = False

    def describes_like(self, parameters: Parameters) -> bool:
        """Whether environments described with `parameters` can be compared with these."""
        # Neither the bandwidth nor the names of labels describe anything.
        others = {name: getattr(parameters, name) for name in ("bandwidth", *KEYS)}
        return dataclasses.replace(self.parameters, **others) == parameters

    @cached_property
    def envs(self) -> Environments:
        """Its environments."""
        return Environments(self.X, self.offsets)


def reference(
    path: Path, name: str, parameters: Parameters, uploaded: bool = False, progress=None
) -> Reference:
    """Read a file as a reference."""
    dataset = load(path, name, content_hash(path), progress)
    envs = environments(dataset, parameters, progress)
    return Reference(name, path, dataset.sha256, parameters, envs.X, envs.offsets, dataset.elements, uploaded)


def union(*elements: tuple[str, ...]) -> tuple[str, ...]:
    """Return the elements of several sets, sorted."""
    return tuple(sorted(set().union(*elements)))


def aligned(
    envs: Environments, own: tuple[str, ...], elements: tuple[str, ...], parameters: Parameters
) -> Environments:
    """Return environments of a set of the elements `own` as described with all of `elements`.

    The block of an element is zero for all other atoms, so one that a set does not have is zero
    throughout: nothing is computed anew. Where elements are not told apart there are no blocks.
    """
    if not parameters.species or own == elements:
        return envs
    width = envs.X.shape[1] // (len(own) + 1)
    shape = len(envs.X), width * (len(elements) + 1)
    memory.check_fits(
        8 * shape[0] * shape[1],
        f"{shape[0]:,} environments with blocks for {len(elements)} elements",
        "compare sets of fewer elements, or elements not told apart",
    )
    X = np.zeros(shape)
    X[:, :width] = envs.X[:, :width]
    for block, element in enumerate(own, start=1):
        at = elements.index(element) + 1
        X[:, at * width : (at + 1) * width] = envs.X[:, block * width : (block + 1) * width]
    return Environments(read_only(X, copy=False), envs.offsets)


def together(opened: AnalysedDataset, other: Reference) -> tuple[Environments, Environments]:
    """Return the environments of the open set and of a reference, in one space."""
    mine, elements = opened.dataset.elements, union(opened.dataset.elements, other.elements)
    return (
        aligned(opened.envs, mine, elements, opened.parameters),
        aligned(other.envs, other.elements, elements, opened.parameters),
    )
