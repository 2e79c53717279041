"""What a frame says, to compare it before and after it was written: independent of the library."""

import math

import numpy as np

import quests_core as q


def plain(value):
    """Return numbers, text, lists and dicts: what a value says, whatever holds it."""
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
    # 1 and True are equal to Python; 1 and 1.0 are equal numbers.
    return ("truth", value) if isinstance(value, bool) else value


def table(atoms):
    """Return all that a frame holds, results and info as one."""
    results = getattr(atoms.calc, "results", {})
    held = {**atoms.info, **atoms.arrays, **results}
    columns = {name: np.squeeze(array, axis=1) if array.ndim == 2 and array.shape[1] == 1 else array
               for name, array in atoms.arrays.items()}  # fmt: skip
    return plain({**held, **columns, "cell": atoms.cell.array, "pbc": atoms.pbc})


def read_back(tmp_path, frames):
    path = q.write_subset(tmp_path / "written.xyz", frames, range(len(frames)), overwrite=True)
    return q.read(path)
