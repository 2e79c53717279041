"""The archive that the export dialog makes: the subset as wished for, and everything said about it."""

import hashlib
import io
import zipfile
from dataclasses import asdict, dataclass

from ..facts.analysis import MethodPath, Opened
from ..facts.split import Split, split
from . import export
from .contents import SOURCE, content
from .data_frames import csv_bytes, curve_table, environments_table, frames_table
from .report import report

INDICES, CURVES, FRAMES, ENVIRONMENTS, REPORT = "indices", "curves", "frames", "environments", "report"
PARTS = {
    "Index list": INDICES,
    "Curves (.csv)": CURVES,
    "Frames (.csv)": FRAMES,
    "Environments (.csv)": ENVIRONMENTS,
    "Report (.html)": REPORT,
}


@dataclass(frozen=True)
class Wishes:
    """What the archive holds.

    Attributes
    ----------
    order, content : str
        Order and content of the frames; see `export.ORDERS` and `contents.CONTENTS`.
    parts : tuple of str
        Values of `PARTS`.
    valid_fraction : float or None
        Share of the frames for validation; None for one file.
    distance : float
        Near-duplicates are nearer than this many bandwidths.
    seed : int
        Of the split.
    """

    order: str = "file"
    content: str = SOURCE
    parts: tuple[str, ...] = ()
    valid_fraction: float | None = None
    distance: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Bundle:
    """A zip file, and what the user should know about it."""

    data: bytes
    notes: tuple[str, ...]


def bundle(
    opened: Opened,
    paths: dict[str, MethodPath],
    active: str,
    n_frames: int,
    wishes: Wishes,
    progress=None,
) -> Bundle:
    """Make the archive.

    Raises
    ------
    ValueError
        If the source has changed, or cannot be split as wished.
    """
    path = paths[active]
    export.check_source(opened)
    made = content(opened, path, n_frames, wishes.order, wishes.content)
    subset = made.bytes_of()
    record = export.record(opened, path, n_frames, wishes.order, subset)
    record["subset"]["content"] = wishes.content
    notes = list(made.notes)
    if wishes.valid_fraction is None:
        files = {export.SUBSET: subset}
    else:
        sides = _split(opened, made.frames, wishes, path, progress)
        files = {"train.xyz": made.bytes_of(sides.train), "valid.xyz": made.bytes_of(sides.valid)}
        record["subset"]["file"] = list(files)
        record["subset"]["sha256"] = [hashlib.sha256(data).hexdigest() for data in files.values()]
        record["split"] = {
            **{name: value for name, value in asdict(wishes).items() if name in ("valid_fraction", "seed")},
            "distance_in_bandwidths": wishes.distance,
            "achieved_fraction": sides.fraction,
            "n_groups": int(sides.groups.max()) + 1,
            "train": sides.train.tolist(),
            "valid": sides.valid.tolist(),
        }
        notes.append(
            f"{len(sides.train):,} frames train and {len(sides.valid):,} validate "
            f"({100 * sides.fraction:.1f} %); near-duplicates make {record['split']['n_groups']:,} groups."
        )
    record["notes"] = notes
    files[export.RECORD] = export.record_bytes(record)
    files.update(_parts(opened, paths, active, n_frames, wishes, record))
    return Bundle(_zip(files), tuple(notes))


def _split(opened: Opened, frames, wishes: Wishes, path: MethodPath, progress) -> Split:
    return split(
        opened.envs,
        frames,
        wishes.valid_fraction,
        wishes.distance * opened.parameters.bandwidth,
        wishes.seed,
        opened.dataset.locked,
        progress,
    )


def _parts(opened, paths, active: str, n_frames: int, wishes: Wishes, record: dict) -> dict[str, bytes]:
    path = paths[active]
    makers = {
        INDICES: ("indices.txt", lambda: "".join(f"{i}\n" for i in path.frames(n_frames)).encode()),
        CURVES: ("curves.csv", lambda: csv_bytes(curve_table(paths))),
        FRAMES: ("frames.csv", lambda: csv_bytes(frames_table(opened, path, n_frames))),
        ENVIRONMENTS: ("environments.csv", lambda: csv_bytes(environments_table(opened, path, n_frames))),
        REPORT: ("report.html", lambda: report(opened, paths, active, n_frames, record)),
    }
    return {makers[part][0]: makers[part][1]() for part in wishes.parts}


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()
