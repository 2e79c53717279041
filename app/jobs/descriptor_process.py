"""Describe frames in a child process, which can be cancelled, and may crash."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from quests_core import Environments
from quests_core.io.read_process import load_frames, save_frames
from quests_core.progress import ProgressCallback
from quests_core.utils import memory, scratch
from quests_core.utils.child import Child, ChildError
from quests_core.utils.threads import get_num_threads

from ..analysis.descriptor_kinds import DESCRIPTORS, Describe

STEP = "descriptors"
_KIND, _RESULT = "kind.json", "descriptors.npy"
# Seconds for a batch of frames; the first also loads the model.
SECONDS, _BATCH = 600.0, 16
CHILD = f"{__name__}:describe_in_child"


def describe_in_process(
    frames: Sequence[Atoms], kind: str, model: Path | None, elements: Sequence[str], cutoff: float,
    progress: ProgressCallback | None = None,
) -> Environments:  # fmt: skip
    """Return the descriptors of all atoms of `frames`, of a kind in `DESCRIPTORS`.

    Raises
    ------
    ValueError
        If a frame cannot be described, or memory would not suffice.
    Cancelled
        If `progress` raises it; the process is then killed.
    """
    sizes = [len(atoms) for atoms in frames]
    rows = np.cumsum([0, *sizes])
    X: np.ndarray | None = None
    n_done = 0

    def report(*_) -> None:
        if progress is not None:
            progress(STEP, n_done, int(rows[-1]))

    child = Child(CHILD, {"OMP_NUM_THREADS": str(get_num_threads())})
    try:
        for first in range(0, len(frames), _BATCH):
            last = min(first + _BATCH, len(frames))
            with scratch.temporary("describe-") as name:
                folder = Path(name)
                asked = [kind, str(model or ""), list(elements), cutoff]
                (folder / _KIND).write_text(json.dumps(asked), encoding="utf-8")
                batch = frames[first:last]
                save_frames([Atoms(a.numbers, a.positions, cell=a.cell, pbc=a.pbc) for a in batch], folder)
                try:
                    child.run(folder, report, STEP, SECONDS, memory.available())
                except ChildError as error:
                    raise ValueError(f"frames {first} to {last - 1} cannot be described: {error}") from None
                block = np.load(folder / _RESULT)
            if X is None:
                what = f"{rows[-1]:,} environments of {block.shape[1]:,} numbers"
                memory.check_fits(8 * int(rows[-1]) * block.shape[1], what, "describe fewer frames")
                X = np.empty((int(rows[-1]), block.shape[1]))
            X[rows[first] : rows[last]] = block
            n_done = int(rows[last])
            report()
    finally:
        child.close()
    return Environments(np.empty((0, 1)) if X is None else X, rows)


# The function of this process, by what it was made for: loading a model may take longer than a batch.
_made: dict[str, Describe] = {}


def describe_in_child(folder: Path) -> None:
    """Describe the frames in a folder as it says, and write the result there."""
    text = (folder / _KIND).read_text(encoding="utf-8")
    kind, model, elements, cutoff = json.loads(text)
    if text not in _made:
        make = DESCRIPTORS[kind].make
        if make is None:
            raise ValueError(f"{kind}: expected a descriptor that is computed")
        _made[text] = make(model, elements, cutoff)
    blocks = []
    for atoms in load_frames(folder):
        block = np.asarray(_made[text](atoms), dtype=np.float64)
        if block.ndim != 2 or len(block) != len(atoms):
            raise ValueError(f"expected a row for each of {len(atoms)} atoms, got shape {block.shape}")
        blocks.append(block)
    np.save(folder / _RESULT, np.concatenate(blocks))
