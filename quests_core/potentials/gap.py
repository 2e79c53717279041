"""Train Gaussian approximation potentials with ``gap_fit``, the program of the package ``quippy-ase``."""

import importlib.util
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from ..io.frame_writer import frames_bytes
from ..utils.neighbor_pairs import neighbor_pairs
from ..utils.threads import get_num_threads
from ..utils.validation import check_count, check_positive
from . import gap_prediction
from .labelled import write_labelled
from .prediction_file import PREDICTIONS, read_predictions_file
from .process import find_program, last_line, run_logged
from .trainer import Predict, Predictions, TrainerMissing, parameters_with_version

ENERGY, FORCES = "quests_energy", "quests_forces"
# Pair distances that differ by less than this, in Å, are one: gap_fit cannot place points between them.
_MIN_SPREAD = 1e-3
# Why QUIP ended, in its log.
_ABORT = re.compile(r"^SYSTEM ABORT:.*", re.MULTILINE)


@dataclass(frozen=True)
class GAP:
    """Train sparse GAPs with a two-body and a SOAP kernel.

    The defaults are those of published general GAPs, but with smaller SOAP bases and fewer sparse points, for
    seconds to minutes per potential. Errors may be compared between subsets, not with published potentials.

    Parameters
    ----------
    cutoff : float
        Cutoff radius of both descriptors, Å.
    n_max, l_max : int
        Numbers of radial functions and highest angular momentum of SOAP.
    atom_sigma : float
        Width of the atomic densities of SOAP, Å.
    zeta : int
        Power of the SOAP kernel.
    n_sparse, n_sparse_2b : int
        Number of sparse points of SOAP per element, and of distances per pair of elements.
    delta, delta_2b : float
        Energy scales of the SOAP and two-body terms, eV.
    energy_sigma : float
        Expected error of energies, eV per atom.
    force_sigma : float
        Expected error of force components, eV/Å.
    seconds : float, optional
        Time limit for each of training and prediction; None for no limit.
    command : str
        The program: a name to be searched, or a path.

    Notes
    -----
    Stresses are not used. Frames without energy contribute their forces. A frame that is not periodic along
    an axis is put in a box with a gap of twice the cutoff along it. Requires ``pip install quippy-ase``, for
    Linux and macOS.

    References
    ----------
    A. Bartók et al., Phys. Rev. Lett. 104, 136403 (2010), doi 10.1103/PhysRevLett.104.136403; V. Deringer
    et al., Chem. Rev. 121, 10073 (2021), doi 10.1021/acs.chemrev.1c00022; https://libatoms.github.io/GAP.

    Examples
    --------
    >>> GAP(n_sparse=200).parameters["n_sparse"]
    200
    """

    cutoff: float = 5.0
    n_max: int = 8
    l_max: int = 4
    atom_sigma: float = 0.5
    zeta: int = 4
    n_sparse: int = 500
    n_sparse_2b: int = 15
    delta: float = 1.0
    delta_2b: float = 1.0
    energy_sigma: float = 0.002
    force_sigma: float = 0.1
    seconds: float | None = 3600.0
    command: str = "gap_fit"

    def __post_init__(self):
        """Raise an error if a parameter is invalid."""
        for name in ("n_max", "zeta", "n_sparse", "n_sparse_2b"):
            check_count(getattr(self, name), name)
        check_count(self.l_max, "l_max", minimum=0)
        for name in ("cutoff", "atom_sigma", "delta", "delta_2b", "energy_sigma", "force_sigma"):
            check_positive(getattr(self, name), name)
        if self.seconds is not None:
            check_positive(self.seconds, "seconds")

    @property
    def name(self) -> str:
        """The name in tables and records."""
        return "gap"

    @property
    def parameters(self) -> dict[str, Any]:
        """What the potential depends on, and the version of quippy-ase if it is installed."""
        return parameters_with_version(self, "quippy-ase")

    def train(
        self,
        frames: Sequence[Atoms],
        atom_energies: Mapping[str, float],
        folder: Path,
        seed: int,
        check: Callable[[], None],
    ) -> Predict:
        """Run ``gap_fit`` in a folder; see `quests_core.potentials.Trainer`."""
        self.check_installed()
        environment = {"OMP_NUM_THREADS": str(get_num_threads())}
        run = partial(run_logged, seconds=self.seconds, check=check, environment=environment)
        _, *arguments = self.write_training(frames, atom_energies, folder, seed)
        run([str(find_program(self.command)), *arguments], folder / "gap_fit.log", reason=abort_line)

        def predict(frames: Sequence[Atoms]) -> Predictions:
            self._write_boxed(frames, folder)
            # -P: other modules of this folder must not be found under their bare names.
            script = [sys.executable, "-P", gap_prediction.__file__]
            run([*script, "gap.xml", "test.xyz", PREDICTIONS], folder / "prediction.log")
            return read_predictions_file(folder / PREDICTIONS, frames)

        return predict

    def write_training(
        self, frames: Sequence[Atoms], atom_energies: Mapping[str, float], folder: Path, seed: int
    ) -> list[str]:
        """Write the training set to a folder, and return the command that trains there."""
        written = [in_box(atoms, 2 * self.cutoff) for atoms in frames]
        write_labelled(folder / "train.xyz", written, frames, ENERGY, FORCES)
        return [self.command, *self._arguments(written, atom_energies, seed)]

    def write_test(self, frames: Sequence[Atoms], folder: Path) -> list[str]:
        """Write the test set and a script to a folder, and return the command that predicts there."""
        self._write_boxed(frames, folder)
        shutil.copyfile(gap_prediction.__file__, folder / "gap_prediction.py")
        return ["python", "gap_prediction.py", "gap.xml", "test.xyz", PREDICTIONS]

    def _write_boxed(self, frames: Sequence[Atoms], folder: Path) -> None:
        boxed = [in_box(atoms, 2 * self.cutoff) for atoms in frames]
        (folder / "test.xyz").write_bytes(frames_bytes(boxed))

    def check_installed(self) -> None:
        """Raise `TrainerMissing` if the program or the package is not installed."""
        if find_program(self.command) is None:
            raise TrainerMissing(f"{self.command} is not installed; pip install quippy-ase provides gap_fit")
        if importlib.util.find_spec("quippy") is None:
            raise TrainerMissing(
                "quippy, which predicts with a GAP, is not installed; pip install quippy-ase"
            )

    def _arguments(self, frames: Sequence[Atoms], atom_energies: Mapping[str, float], seed: int) -> list[str]:
        """Return the arguments of ``gap_fit``."""
        pair = (
            "distance_2b Z1={} Z2={} add_species=F " + f"cutoff={self.cutoff} covariance_type=ard_se "
            f"delta={self.delta_2b} theta_uniform=1.0 sparse_method=uniform n_sparse={self.n_sparse_2b}"
        )
        soap = (
            f"soap add_species=T cutoff={self.cutoff} cutoff_transition_width=1.0 n_max={self.n_max} "
            f"l_max={self.l_max} atom_sigma={self.atom_sigma} zeta={self.zeta} delta={self.delta} "
            f"covariance_type=dot_product sparse_method=cur_points n_sparse={self.n_sparse}"
        )
        terms = [*(pair.format(*one) for one in pairs_with_spread(frames, self.cutoff)), soap]
        energies = ":".join(f"{element}:{energy!r}" for element, energy in atom_energies.items())
        return [
            "at_file=train.xyz", "gap_file=gap.xml", f"gap={{{' : '.join(terms)}}}", f"e0={{{energies}}}",
            f"default_sigma={{{self.energy_sigma} {self.force_sigma} 0.0 0.0}}",
            f"energy_parameter_name={ENERGY}", f"force_parameter_name={FORCES}",
            "virial_parameter_name=none", "stress_parameter_name=none", "do_copy_at_file=F",
            "sparse_separate_file=F",
            # A seed of 0 would be taken from the clock.
            f"rnd_seed={seed + 1}",
        ]  # fmt: skip


def in_box(atoms: Atoms, gap: float) -> Atoms:
    """Return the structure alone, in a box that leaves a gap, in Å, along axes that are not periodic.

    Examples
    --------
    >>> in_box(Atoms("H2", positions=[[0, 0, 0], [1, 0, 0]]), 10.0).cell.lengths().tolist()
    [11.0, 10.0, 10.0]
    """
    boxed = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    if not boxed.pbc.all():
        boxed.cell = boxed.cell.complete()
        # Distances between the planes of the cell, which are shorter than the vectors of a skewed one.
        heights = 1 / np.linalg.norm(np.asarray(boxed.cell.reciprocal()), axis=1)
        extents = np.ptp(boxed.cell.scaled_positions(boxed.positions), axis=0) * heights
        scale = np.where(boxed.pbc, 1.0, (extents + gap) / heights)
        boxed.set_cell(np.asarray(boxed.cell) * scale[:, None])
    return boxed


def pairs_with_spread(frames: Sequence[Atoms], cutoff: float) -> list[tuple[int, int]]:
    """Return the pairs of atomic numbers that occur within a cutoff at more than one distance.

    Examples
    --------
    >>> trimer = Atoms("CuAg2", positions=[[0, 0, 0], [2, 0, 0], [0, 2.5, 0]])
    >>> pairs_with_spread([trimer], 4.0)
    [(29, 47)]
    """
    limits: dict[tuple[int, int], tuple[float, float]] = {}
    for atoms in frames:
        first, second, distances = neighbor_pairs(atoms, cutoff)
        numbers = np.sort(np.stack([atoms.numbers[first], atoms.numbers[second]], axis=1), axis=1)
        for a, b in np.unique(numbers, axis=0).tolist():
            values = distances[(numbers == (a, b)).all(axis=1)]
            low, high = limits.get((a, b), (np.inf, -np.inf))
            limits[a, b] = (min(low, values.min()), max(high, values.max()))
    return sorted(pair for pair, (low, high) in limits.items() if high - low > _MIN_SPREAD)


def abort_line(log: str) -> str:
    r"""Return the line of a log of QUIP that says why it aborted, or the last one.

    Examples
    --------
    >>> abort_line("SYSTEM ABORT: Exit: no memory\nSTOP 1")
    'SYSTEM ABORT: Exit: no memory'
    """
    found = _ABORT.search(log)
    return found[0] if found else last_line(log)
