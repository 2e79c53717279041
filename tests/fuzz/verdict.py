"""Read a file as the dashboard does, and judge the result."""

import re
import time
from pathlib import Path

import numpy as np

from quests_app.analysis import analysed_dataset, parameters
from quests_app.analysis.parameters import Parameters
from quests_core import atoms_energy, atoms_forces, entropy

from . import oracle
from .mutations import Case

# Refusals that are about the file, in which no frame can be named.
WHOLE_FILE = (
    "the gzip data are damaged", "the bzip2 data are damaged", "the xz data are damaged",
    "the file contains no frames", "cannot be read", "reading", "unpacking",
)  # fmt: skip


def judge(case: Case, folder: Path) -> tuple[str, str]:
    """Return "refused" or "read" and a message, or "FAULT" and the reason."""
    path = folder / case.name
    path.write_bytes(case.data)
    try:
        dataset = parameters.load(path)
    except Exception as error:
        return _judge_refusal(case, error)
    finally:
        path.unlink(missing_ok=True)
    fault = _compare(case, dataset) or _describe(dataset)
    return ("FAULT", fault) if fault else ("read", f"{len(dataset.frames)} frames")


def _judge_refusal(case: Case, error: Exception) -> tuple[str, str]:
    text = str(error)
    if type(error) is not ValueError:
        return "FAULT", f"{type(error).__name__} instead of a clear error: {text:.300}"
    rest = text.removeprefix(case.name)
    whole = rest.lstrip(": ").startswith(WHOLE_FILE)
    if rest == text or not (whole or re.match(r", frame \d+[,:] ", rest)):
        return "FAULT", f"names neither file nor frame: {text:.300}"
    if "\n" in text or len(text) > 500:
        return "FAULT", f"unreadable error: {text!r:.600}"
    return ("FAULT", f"good, but refused: {text}") if case.good else ("refused", text)


def _compare(case: Case, dataset) -> str:
    """Return how a result differs from the content of the file, "" if it does not."""
    if ".xyz" not in case.name:
        finite = all(
            np.isfinite(a.positions).all() and np.isfinite(a.cell.array).all() for a in dataset.frames
        )
        return "" if finite else "numbers that are not finite"
    try:
        frames = oracle.parse(case.data)
    except Exception as error:
        return f"read, though it says nothing clear: {type(error).__name__} {error}"
    if len(frames) != len(dataset.frames):
        return f"{len(dataset.frames)} frames of {len(frames)}"
    start = 0
    for i, (frame, atoms) in enumerate(zip(frames, dataset.frames, strict=True)):
        norms = dataset.forces[start : start + len(atoms)]
        start += len(atoms)
        if fault := _differs(frame, atoms, norms):
            return f"frame {i}: {fault}"
    return ""


def _differs(frame: oracle.Frame, atoms, norms) -> str:
    symbols = [str(z) for z in atoms.numbers] if frame.elements[0].isdigit() else list(atoms.symbols)
    if [name.capitalize() for name in frame.elements] != symbols:
        return f"elements {symbols} of {frame.elements}"
    if not np.array_equal(atoms.positions, frame.positions):
        return "positions"
    if not np.array_equal(atoms.cell.array.ravel(), frame.cell) or atoms.pbc.tolist() != frame.pbc:
        return f"cell {atoms.cell.array.ravel()} {atoms.pbc} of {frame.cell} {frame.pbc}"
    forces, energy = atoms_forces(atoms), atoms_energy(atoms)
    if (forces is None) != (frame.forces is None) or (
        forces is not None and not np.array_equal(forces, frame.forces, equal_nan=True)
    ):
        return f"forces {forces} of {frame.forces}"[:300]
    usable = frame.forces is not None and (np.abs(frame.forces) < 1e150).all()
    if np.isnan(norms).any() == usable or (not usable and not np.isnan(norms).all()):
        return f"|F| {norms} of forces {frame.forces}"
    if (energy is None) != (frame.energy is None) or (
        energy is not None and not oracle.same(energy, frame.energy)
    ):
        return f"energy {energy} of {frame.energy}"
    return ""


def _describe(dataset) -> str:
    """Return what is wrong with the descriptors of the frames read."""
    begun = time.process_time()
    try:
        envs = analysed_dataset.environments(dataset, Parameters())
    except ValueError as error:
        return "" if re.match(r"frame \d+: ", str(error)) else f"names no frame: {error}"
    except Exception as error:
        return f"descriptors: {type(error).__name__}: {error}"
    if not np.isfinite(envs.X).all() or envs.n_envs != sum(map(len, dataset.frames)):
        return "descriptors that are not finite, or not of all atoms"
    if not np.isfinite(entropy(envs)):
        return "an entropy that is not finite"
    seconds = time.process_time() - begun
    return f"descriptors took {seconds:.0f} s" if seconds > 15 else ""
