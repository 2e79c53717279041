"""Cells of a comparison, one potential each, and the folder that keeps finished ones."""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..utils.atomic_write import atomic_write
from ..utils.json_values import as_json

FINISHED, DIVERGED, TIMEOUT, FAILED, MISSING = "finished", "diverged", "timeout", "failed", "missing"
# What a file name may not contain on every system, or is confusing there.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")
# A cell with another status may succeed when it is repeated: with a longer time limit, or more memory.
KEPT = (FINISHED, DIVERGED)


@dataclass
class Cell:
    """One potential: what it was trained on, and its errors.

    Attributes
    ----------
    method : str
        Name of the order.
    n_frames, n_envs : int
        Size of the training set.
    fraction : float
        Fraction of the frames of the training part.
    seed : int
        Seed of the trainer, and of random methods.
    frames : list of int
        Frame numbers of the training set.
    status : str
        "finished", "diverged", "timeout", "failed" or "missing".
    message : str
        Why it is not finished; empty if it is.
    log : str
        The end of the trainer's logs if it is not finished.
    seconds : float
        Time for training and prediction.
    overlap : float
        Fraction of the environments of the training part that the training set covers.
    information_loss : float
        Of the training set with respect to the training part, nats.
    errors : list of dict
        The rows of `quests_core.potentials.errors.group_errors`.
    """

    method: str
    n_frames: int
    n_envs: int
    fraction: float
    seed: int
    frames: list[int]
    status: str = FINISHED
    message: str = ""
    log: str = ""
    seconds: float = math.nan
    overlap: float = math.nan
    information_loss: float = math.nan
    errors: list[dict[str, Any]] = field(default_factory=list)


class CellStore:
    """A folder with one JSON file per cell, and a folder per cell with the files of its trainer.

    A file is either complete or absent. Its name contains a checksum of everything that the cell depends on,
    so that a cell is reused only if nothing has changed.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.

    Examples
    --------
    >>> import tempfile
    >>> store = CellStore(Path(tempfile.mkdtemp()))
    >>> name = store.name("msc", 10, 0, {"trainer": "gap"})
    >>> store.load(name) is None
    True
    >>> store.save(name, Cell("msc", 10, 40, 0.1, 0, [3, 1]))
    >>> store.load(name).frames
    [3, 1]
    """

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def name(self, method: str, n_frames: int, seed: int, depends_on: dict[str, Any]) -> str:
        """Return the name of a cell; `depends_on` is anything that JSON can express."""
        text = json.dumps(as_json([method, n_frames, seed, depends_on]), sort_keys=True)
        slug = _UNSAFE.sub("_", method)[:40].lstrip(".")
        return f"{slug}-{n_frames}-{seed}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def folder_of(self, name: str) -> Path:
        """Return the folder for the files of a trainer."""
        return self.folder / name

    def load(self, name: str) -> Cell | None:
        """Return a stored cell that need not be repeated, or None."""
        try:
            found = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            cell = Cell(**{one.name: found[one.name] for one in fields(Cell)})
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            # Not written by this version: repeat it.
            return None
        return cell if cell.status in KEPT else None

    def save(self, name: str, cell: Cell) -> None:
        """Store a cell atomically."""
        self.write(f"{name}.json", asdict(cell))

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file atomically."""
        text = json.dumps(as_json(content), indent=1, ensure_ascii=False, allow_nan=False)
        atomic_write(self.folder / name, text.encode())
