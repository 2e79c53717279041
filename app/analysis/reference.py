"""Reference data sets, and descriptors with common elements for sets of different elements."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quests_core import Environments
from quests_core.environments import store_of
from quests_core.io.dataset import content_hash
from quests_core.store.sources import is_store
from quests_core.utils import memory
from quests_core.utils.arrays import read_only

from . import stored
from .analysed_dataset import AnalysedDataset, environments
from .parameters import KEYS, Parameters, load


@dataclass(frozen=True, eq=False)
class Reference:
    """The environments of another file.

    Attributes
    ----------
    name, path, sha256, uploaded
        As in `quests_core.io.dataset.DataSet`.
    parameters : Parameters
        Parameters of its descriptors.
    envs : Environments
        Its environments, in memory or in a store.
    numbers : ndarray of shape (n_envs,)
        Atomic number of the atom of each environment.
    elements : tuple of str
        Symbols, sorted; a descriptor that distinguishes elements has one block per element.
    """

    name: str
    path: Path
    sha256: str
    parameters: Parameters
    envs: Environments
    numbers: np.ndarray
    elements: tuple[str, ...]
    uploaded: bool = False

    def is_comparable(self, parameters: Parameters) -> bool:
        """Return whether descriptors computed with `parameters` can be compared with these."""
        # The bandwidth and the names of labels do not enter the descriptors.
        others = {name: getattr(parameters, name) for name in ("bandwidth", *KEYS)}
        return dataclasses.replace(self.parameters, **others) == parameters


def reference(
    path: Path, name: str, parameters: Parameters, uploaded: bool = False, progress=None
) -> Reference:
    """Read a file, or open a store of descriptors, as a reference."""
    if is_store(path):
        return _stored(path, name, parameters)
    dataset = load(path, name, content_hash(path), progress)
    envs = environments(dataset, parameters, progress)
    numbers = np.concatenate([atoms.numbers for atoms in dataset.frames])
    return Reference(name, path, dataset.sha256, parameters, envs, numbers, dataset.elements, uploaded)


def _stored(path: Path, name: str, parameters: Parameters) -> Reference:
    """Open a store as a reference; its frames are not read. The hash is that of content and parameters."""
    envs = Environments.open(path)
    store, own = store_of(envs), stored.parameters(envs, parameters)
    elements = store.manifest.parameters["species"]
    found = Reference(
        name, path, store.manifest.key, own, envs, store.numbers, tuple(elements or store.elements)
    )
    if not found.is_comparable(parameters):
        raise ValueError(
            f"its descriptors have {stored.described(own)}, and those of the open file "
            f"{stored.described(parameters)}; recompute these, or add the files of the store"
        )
    return found


def union(*elements: tuple[str, ...]) -> tuple[str, ...]:
    """Return the union of the elements of several sets, sorted."""
    return tuple(sorted(set().union(*elements)))


def align_elements(
    envs: Environments, own: tuple[str, ...], elements: tuple[str, ...], parameters: Parameters
) -> Environments:
    """Return environments with the elements `own` as if described with all of `elements`.

    Blocks of missing elements are zero, so no descriptor is recomputed. Descriptors that do not
    distinguish elements have no blocks and are returned unchanged.
    """
    if not parameters.species or own == elements:
        return envs
    width = envs.X.shape[1] // (len(own) + 1)
    shape = len(envs.X), width * (len(elements) + 1)
    memory.check_fits(
        8 * shape[0] * shape[1],
        f"{shape[0]:,} environments with blocks for {len(elements)} elements",
        "compare sets of fewer elements, or do not distinguish elements",
    )
    X = np.zeros(shape)
    X[:, :width] = envs.X[:, :width]
    for block, element in enumerate(own, start=1):
        target = elements.index(element) + 1
        X[:, target * width : (target + 1) * width] = envs.X[:, block * width : (block + 1) * width]
    return Environments(read_only(X, copy=False), envs.offsets)


def with_common_elements(opened: AnalysedDataset, other: Reference) -> tuple[Environments, Environments]:
    """Return the environments of the open set and of a reference, described with the elements of both."""
    mine, elements = opened.dataset.elements, union(opened.dataset.elements, other.elements)
    return (
        align_elements(opened.envs, mine, elements, opened.parameters),
        align_elements(other.envs, other.elements, elements, opened.parameters),
    )
