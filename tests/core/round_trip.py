"""Content of frames before and after writing, compared independently of the library."""

import math

import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

import quests_core as q


def plain(value):
    """Return a value as plain numbers, text, lists and dicts."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, float) and math.isnan(value):
        return "not a number"
    # In Python, True equals 1; as numbers, 1 equals 1.0.
    return ("truth", value) if isinstance(value, bool) else value


def table(atoms):
    """Return the content of a frame, with results, info and arrays merged."""
    results = getattr(atoms.calc, "results", {})
    held = {**atoms.info, **atoms.arrays, **results}
    columns = {name: np.squeeze(array, axis=1) if array.ndim == 2 and array.shape[1] == 1 else array
               for name, array in atoms.arrays.items()}  # fmt: skip
    return plain({**held, **columns, "cell": atoms.cell.array, "pbc": atoms.pbc})


def read_back(tmp_path, frames):
    path = q.write_subset(tmp_path / "written.xyz", frames, range(len(frames)), overwrite=True)
    return q.read(path)


def frame(info=None, array=None, name="extra", stress=None):
    atoms = bulk("Cu", cubic=True)
    atoms.pbc = (True, True, False)
    atoms.info.update(info or {})
    if array is not None:
        atoms.arrays[name] = np.asarray(array)
    results = {"energy": -14.0, "forces": np.full((4, 3), 0.1)}
    atoms.calc = SinglePointCalculator(atoms, **results, **({} if stress is None else {"stress": stress}))
    return atoms
