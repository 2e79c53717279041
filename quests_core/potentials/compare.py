"""`compare_potentials`: train potentials on subsets of several methods, and compare their errors."""

import contextlib
import hashlib
import importlib.metadata
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from ..descriptors.describe import descriptors
from ..environments import Environments
from ..io.isolated import labels_of
from ..io.labels import frame_energies
from ..progress import ProgressCallback
from ..utils import scratch
from ..utils.arrays import Indices
from ..utils.json_values import as_json
from ..utils.validation import check_count, check_frames, check_sane
from .cells import FAILED, Cell, CellStore
from .errors import DELTA_ENTROPY_EDGES
from .hold_out import Split, hold_out
from .labelled import fingerprint
from .result import PotentialComparison
from .subsets import Orders, Subset, check_orders, check_sizes, subsets
from .trainer import Trainer
from .trainers import as_trainer
from .training import Check, Setup, train_cell


def compare_potentials(
    frames: Sequence[Atoms],
    orders: Orders | str = ("balanced", "msc", "random"),
    sizes: Sequence[int | float] = (0.1, 0.25, 0.5),
    trainer: str | Trainer = "gap",
    test: str | Indices = "random",
    seeds: Sequence[int] = (0, 1, 2),
    *,
    test_size: int | float = 0.2,
    test_labels: Sequence[str] = (),
    label_key: str | None = None,
    k: int = 32,
    cutoff: float = 5.0,
    bandwidth: float = 0.015,
    species: Sequence[str] | str | None = None,
    random_state: int = 0,
    folder: str | Path | None = None,
    keep_files: bool = True,
    envs: Environments | None = None,
    on_part: Callable[[PotentialComparison], None] | None = None,
    progress: ProgressCallback | None = None,
) -> PotentialComparison:
    """Train a potential on each subset, and compare their errors on a test set that no subset contains.

    Orders are computed from the training part alone. Isolated atoms are in neither part: they give the
    trainer the energies of single atoms.

    A trainer that is missing, fails, exceeds its time limit, or fits a potential that predicts NaN or whose
    force RMSE exceeds the root mean square of the test forces costs only its own row, which is marked; so
    does a size that the training part has too few frames for.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Frames with forces, and preferably energies.
    orders : sequence of str, or mapping of str to sequence of int
        Names of methods of `select`, or orders by name, of frame numbers in the training part; see
        `quests_core.potentials.hold_out` for it.
    sizes : sequence of int or float
        Numbers of training frames, or their fractions of the training part.
    trainer : str or Trainer
        One of `quests_core.potentials.TRAINERS`, or an object such as ``GAP(n_sparse=1000)``.
    test : str or sequence of int
        How to choose the test set: "random", "stratified", "labels", "highest_forces", or frame numbers; see
        `quests_core.potentials.hold_out`.
    seeds : sequence of int
        Seeds of the trainer, and of random methods.
    test_size : int or float
        Number of test frames, or their fraction.
    test_labels : sequence of str
        Labels to hold out, for ``test="labels"``.
    label_key : str, optional
        Key of the label in ``info``, instead of ``config_type``.
    k, cutoff, species : optional
        Descriptor; see `descriptors`.
    bandwidth : float
        h of the kernel, Å⁻¹.
    random_state : int
        Seed of the choice of the test set.
    folder : path-like, optional
        Keeps finished potentials, with their files and logs, and the record as ``record.json``. If the
        computation is interrupted, the same call continues it. By default a temporary folder.
    keep_files : bool
        Whether `folder` also keeps the files of the trainer: potentials, training sets and logs.
    envs : Environments, optional
        The environments of all frames; computed with `k`, `cutoff` and `species` by default.
    on_part : callable, optional
        Called with the result so far after each potential.
    progress : callable, optional
        See `quests_core.progress`; also called several times a second during training.

    Returns
    -------
    PotentialComparison
        ``table`` has a row for each potential, and ``groups`` its errors by label, element, decile of the
        force, and δH of the test environment against the subset.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, a frame lacks forces, the training part has too few frames for all sizes,
        or the test set has an element that the training part lacks.

    Examples
    --------
    A trainer that ignores its training set, and takes a potential of ASE:

    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> from quests_core.potentials import calculator_predictions
    >>> class Known:
    ...     name, parameters = "emt", {}
    ...     def train(self, frames, atom_energies, folder, seed, check):
    ...         return calculator_predictions(EMT())
    >>> frames = []
    >>> for i in range(10):
    ...     atoms = bulk("Cu", cubic=True)
    ...     atoms.rattle(0.1, seed=i)
    ...     atoms.calc = EMT()
    ...     atoms.arrays["forces"] = atoms.get_forces()
    ...     frames.append(atoms)
    >>> found = compare_potentials(frames, ["msc", "random"], [0.25, 0.5], Known(), seeds=[0])
    >>> found.table[["method", "n_frames", "status"]].values.tolist()
    [['msc', 2, 'finished'], ['msc', 4, 'finished'], ['random', 2, 'finished'], ['random', 4, 'finished']]
    >>> bool(found.table.force_rmse.max() < 1e-9)
    True
    """
    frames, trainer = check_frames(frames), as_trainer(trainer)
    parameters = as_json(trainer.parameters, "trainer.parameters")
    bandwidth = check_sane(bandwidth, "bandwidth")
    seeds = list(dict.fromkeys(check_count(seed, "seeds", minimum=0) for seed in seeds))
    if not seeds:
        raise ValueError("seeds: expected at least 1 seed, got none")
    split = hold_out(frames, test, test_size, test_labels, label_key, random_state)
    counts = check_sizes(sizes, len(split.train))
    possible = [count for count in counts if count <= len(split.train)]
    given = check_orders(orders, split, len(frames), possible[-1])
    descriptor: dict[str, Any] = {"k": k, "cutoff": cutoff, "species": species}
    if envs is None:
        envs = descriptors(frames, k, cutoff, species, progress=progress)
    else:
        descriptor = {"sha256": _checked_hash(envs, frames)}
    setup = Setup(frames, split, envs, trainer, bandwidth, labels_of(frames, label_key))
    settings = {
        "versions": {name: importlib.metadata.version(name) for name in ("quests-explorer", "ase", "numpy")},
        "trainer": {"name": trainer.name, "parameters": parameters},
        "frames_sha256": fingerprint(frames),
        "n_frames": len(frames),
        "test": {
            "method": test if isinstance(test, str) else "given", "test_size": test_size,
            "test_labels": list(test_labels), "label_key": label_key, "random_state": random_state,
            "frames": split.test.tolist(), "isolated_atoms": split.isolated.tolist(),
        },
        "orders": list(given), "sizes": counts, "seeds": seeds,
        "descriptor": {**descriptor, "bandwidth": bandwidth},
        "delta_entropy_edges": list(DELTA_ENTROPY_EDGES),
    }  # fmt: skip
    chosen = subsets(
        given,
        possible,
        seeds,
        split,
        setup.train_envs,
        bandwidth,
        _energies_per_atom(frames, split),
        progress,
    )
    with _folder(folder) as path:
        store = CellStore(path)
        store.write("settings.json", settings)
        cells: list[Cell] = []

        def result() -> PotentialComparison:
            return PotentialComparison.from_cells(_sorted(cells, list(given)), split, settings)

        total = len(given) * len(possible) * len(seeds)
        trained = _cells(setup, store, settings, chosen, total, keep_files, progress)
        for cell in itertools.chain(_impossible(given, counts, seeds, len(split.train)), trained):
            cells.append(cell)
            if on_part is not None:
                on_part(result())
        found = result()
        store.write("record.json", found.record)
    return found


def _checked_hash(envs: Environments, frames: Sequence[Atoms]) -> str:
    """Return the SHA-256 of given environments; raise a ValueError if they are not those of the frames."""
    sizes = [len(atoms) for atoms in frames]
    if envs.sizes.tolist() != sizes:
        raise ValueError(
            f"envs: expected the {sum(sizes):,} environments of {len(sizes):,} frames, "
            f"got {envs.n_envs:,} of {len(envs):,}"
        )
    return hashlib.sha256(np.ascontiguousarray(envs.X).tobytes()).hexdigest()


def _sorted(cells: Sequence[Cell], names: list[str]) -> list[Cell]:
    """Sort cells by the rank of their method, size and seed."""
    return sorted(cells, key=lambda cell: (names.index(cell.method), cell.n_frames, cell.seed))


@contextlib.contextmanager
def _folder(folder: str | Path | None) -> Iterator[Path]:
    """Yield a folder, by default a temporary one."""
    if folder is not None:
        yield Path(folder)
        return
    with scratch.temporary("potentials-") as name:
        yield Path(name)


def _energies_per_atom(frames: Sequence[Atoms], split: Split) -> np.ndarray | None:
    """Return the energy per atom of each training frame, for ``pcov_fps``; None if a frame has none."""
    train = [frames[i] for i in split.train]
    energies = frame_energies(train) / [len(atoms) for atoms in train]
    return energies if np.isfinite(energies).all() else None


def _impossible(
    methods: Iterable[str], counts: Sequence[int], seeds: Sequence[int], n_train: int
) -> Iterator[Cell]:
    """Yield the cells of sizes that the training part is too small for."""
    for method, count, seed in itertools.product(methods, counts, seeds):
        if count > n_train:
            why = f"the training part has only {n_train} frames"
            yield Cell(method, count, 0, count / n_train, seed, [], FAILED, why)


def _cells(
    setup: Setup,
    store: CellStore,
    settings: dict[str, Any],
    chosen: Iterator[Subset],
    total: int,
    keep_files: bool,
    progress: ProgressCallback | None,
) -> Iterator[Cell]:
    """Yield the cell of each subset: from the store, or trained and stored."""
    shared = {
        name: settings[name] for name in ("trainer", "frames_sha256", "descriptor", "delta_entropy_edges")
    }
    shared |= {name: settings["test"][name] for name in ("frames", "isolated_atoms", "label_key")}
    for done, subset in enumerate(chosen):
        check = Check(progress, done, total)
        check()
        depends_on = {**shared, "training_frames": subset.frames.tolist()}
        name = store.name(subset.method, len(subset.frames), subset.seed, depends_on)
        cell = store.load(name)
        if cell is None:
            with _folder(store.folder_of(name) if keep_files else None) as folder:
                cell = train_cell(setup, subset, folder, check)
            store.save(name, cell)
        yield cell
    Check(progress, total, total)()
