"""The descriptors that the page can use in place of its own: those that are installed, or an array."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from quests_core import Environments, bandwidth_from_entropy, entropy
from quests_core.utils.memory import check_fits
from quests_core.utils.regular import check_regular

from .analysed_dataset import AnalysedDataset
from .calculators import usable
from .parameters import RANDOM_STATE

# Of SOAP: radial functions, and highest angular momentum; the cutoff is that of the settings.
N_MAX, L_MAX = 6, 4
# Environments of the sample with which a bandwidth is matched.
SAMPLE = 5000
# Returns one row per atom.
Describe = Callable[[Atoms], np.ndarray]


@dataclass(frozen=True)
class DescriptorKind:
    """A kind of descriptor.

    Attributes
    ----------
    title : str
        Its name on the page.
    package : str
        The module that must be installed.
    make : callable or None
        Returns the function that describes a frame, for the path of a model ("" if it needs none), the
        elements of the data set, and a cutoff, Å. None if the file holds the descriptors themselves.
    suffix : str
        Of its file; "" if it needs none.
    runs_code : bool
        Whether the file can contain code, which loading it runs.
    """

    title: str
    package: str
    make: Callable[[str, Sequence[str], float], Describe] | None
    suffix: str = ""
    runs_code: bool = False

    def name(self, path: Path | None, cutoff: float) -> str:
        """Return what a record says of descriptors of this kind."""
        if path is not None:
            return f"{self.title.partition(',')[0]}: {path.name}"
        return f"{self.title}, cutoff {cutoff:g} Å, n_max {N_MAX}, l_max {L_MAX}"


def _soap(_: str, elements: Sequence[str], cutoff: float) -> Describe:
    kind: Any = importlib.import_module("dscribe.descriptors").SOAP
    made = {
        periodic: kind(species=list(elements), r_cut=cutoff, n_max=N_MAX, l_max=L_MAX, periodic=periodic)
        for periodic in (False, True)
    }
    return lambda atoms: made[bool(atoms.pbc.any())].create(atoms)


def _mace(path: str, *_) -> Describe:
    load: Any = importlib.import_module("mace.calculators").MACECalculator
    # Invariant features of all layers; in double precision, as distances of similar atoms are small.
    return load(model_paths=path, device="cpu", default_dtype="float64").get_descriptors


DESCRIPTORS = {
    "soap": DescriptorKind("SOAP (dscribe)", "dscribe", _soap),
    "mace": DescriptorKind("MACE, from a file (.model)", "mace", _mace, ".model", runs_code=True),
    "array": DescriptorKind("Array, from a file (.npy)", "numpy", None, ".npy"),
}


def installed(files: bool, code: bool) -> dict[str, DescriptorKind]:
    """Return the kinds that are installed: with `files` those that read one, with `code` those that run it.

    Examples
    --------
    >>> list(installed(files=True, code=False))[-1]
    'array'
    >>> any(kind.suffix for kind in installed(files=False, code=True).values())
    False
    """
    return usable(DESCRIPTORS, files, code)


def load_array(path: Path, frames: Sequence[Atoms]) -> Environments:
    """Return the descriptors in a file of numpy: an array with a row for each atom of all frames.

    Raises
    ------
    ValueError
        If it is no such array.
    """
    check_regular(path)
    sizes = [len(atoms) for atoms in frames]
    try:
        # Never unpickled.
        X = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path.name}: expected an array of numpy ({error})") from None
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind not in "fiu" or len(X) != sum(sizes):
        got = f"shape {X.shape} of {X.dtype}" if isinstance(X, np.ndarray) else "an archive"
        raise ValueError(
            f"{path.name}: expected an array of shape ({sum(sizes)}, d) of numbers, one row per atom, "
            f"got {got}"
        )
    check_fits(8 * X.size, f"an array of shape {X.shape}", "use fewer columns")
    return Environments(np.asarray(X, dtype=np.float64), np.cumsum([0, *sizes]))


def matched_bandwidth(envs: Environments, opened: AnalysedDataset) -> float:
    """Return the bandwidth at which descriptors of a data set have the entropy of those that it has now.

    Both are sampled in the same rows; see `quests_core.bandwidth_from_entropy`.

    Raises
    ------
    ValueError
        If no bandwidth has this entropy.
    """
    X, now = envs.X, opened.envs.X
    if len(X) > SAMPLE:
        rows = np.sort(np.random.default_rng(RANDOM_STATE).choice(len(X), SAMPLE, replace=False))
        X, now = X[rows], now[rows]
    return bandwidth_from_entropy(X, entropy(now, opened.parameters.bandwidth))
