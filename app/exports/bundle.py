"""The zip archive of the export dialog: the subset, its record and optional parts."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quests_core.io.deepmd import DEEPMD
from quests_core.io.frame_keys import SOURCE
from quests_core.selection.train_valid_split import Split, split
from quests_core.utils.escape import csv_bytes

from ..analysis.analysed_dataset import AnalysedDataset
from .frame_keys import content, deepmd_files
from .record import SUBSET, record, record_bytes
from .report import NOT_REPORTED, report
from .report_data import ReportData
from .subset import RECORD, check_source
from .tables import environments_table, tables

INDICES, TABLES, ENVIRONMENTS, PLOTS, REPORT = "indices", "tables", "environments", "plots", "report"
PARTS = {
    "Index list": INDICES,
    "Every table (.csv)": TABLES,
    "Every environment (.csv)": ENVIRONMENTS,
    "Every plot (.svg, .png and .pdf)": PLOTS,
    "Report (.html)": REPORT,
}
# Parts that need more results than the paths.
THOROUGH = {TABLES, PLOTS, REPORT}


@dataclass(frozen=True)
class ExportOptions:
    """Contents of the archive.

    Attributes
    ----------
    order : str
        Order of the frames; see `subset.ORDERS`.
    content : str or mapping
        Content of the frames; see `frame_keys.CONTENTS` and `quests_core.io.frame_keys.keyed_content`.
    parts : tuple of str
        Values of `PARTS`.
    valid_fraction : float or None
        Fraction of the frames for validation; None for a single file.
    distance : float
        Maximum distance between near-duplicates, in bandwidths.
    seed : int
        Seed of the split.
    """

    order: str = "file"
    content: str | Mapping[str, str] = SOURCE
    parts: tuple[str, ...] = ()
    valid_fraction: float | None = None
    distance: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Bundle:
    """A zip file, with notes for the user."""

    data: bytes
    notes: tuple[str, ...]


def bundle(found: ReportData, options: ExportOptions, progress=None) -> Bundle:
    """Create the archive of `exported_files`."""
    files, notes = exported_files(found, options, progress)
    return Bundle(zipped(files), notes)


def exported_files(
    found: ReportData, options: ExportOptions, progress=None
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files of the archive by name, and notes for the user.

    Raises
    ------
    ValueError
        If the source has changed, or cannot be split as requested.
    """
    opened, path, n_frames = found.opened, found.path, found.n_frames
    check_source(opened)
    made = content(opened, path, n_frames, options.order, options.content)
    subset = made.bytes_of()
    provenance = record(opened, path, n_frames, options.order, subset)
    provenance["subset"]["content"] = options.content
    notes = list(made.notes)
    files, folders = {SUBSET: subset}, {"deepmd": made.frames}
    if options.valid_fraction is not None:
        sides = _split(opened, made.frames, options, options.valid_fraction, progress)
        files = {"train.xyz": made.bytes_of(sides.train), "valid.xyz": made.bytes_of(sides.valid)}
        folders = {
            f"deepmd-{name}": made.frames[np.isin(made.frames, side)]
            for name, side in (("train", sides.train), ("valid", sides.valid))
        }
        provenance["subset"]["file"] = list(files)
        provenance["subset"]["sha256"] = [hashlib.sha256(data).hexdigest() for data in files.values()]
        provenance["split"] = sides.to_record(options.valid_fraction, options.distance, options.seed)
        notes.append(sides.sentence)
    if options.content == DEEPMD:
        written, found_notes = deepmd_files(opened, folders)
        notes += found_notes
        files |= written
    provenance["notes"] = notes
    files[RECORD] = record_bytes(provenance)
    files.update(_parts(found, options, provenance, progress))
    return files, tuple(notes)


def _split(opened: AnalysedDataset, frames, options: ExportOptions, fraction: float, progress) -> Split:
    return split(
        opened.envs,
        frames,
        fraction,
        options.distance * opened.parameters.bandwidth,
        options.seed,
        opened.dataset.locked,
        progress,
    )


def _parts(found: ReportData, options: ExportOptions, provenance: dict, progress) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if INDICES in options.parts:
        indices = found.path.frames(found.n_frames)
        files["indices.txt"] = "".join(f"{i}\n" for i in indices).encode()
    if TABLES in options.parts:
        files |= {f"tables/{name}.csv": csv_bytes(table) for name, table in tables(found).items()}
    if ENVIRONMENTS in options.parts:
        table = environments_table(found.opened, found.path, found.n_frames)
        files["tables/environments.csv"] = csv_bytes(table)
    drawn = _draw(found, progress) if {PLOTS, REPORT} & set(options.parts) else {}
    if PLOTS in options.parts:
        files |= {
            f"plots/{name}.{suffix}": data
            for name, (_, made) in drawn.items()
            for suffix, data in made.items()
        }
    if REPORT in options.parts:
        shown = {title: made["svg"] for name, (title, made) in drawn.items() if name not in NOT_REPORTED}
        files["report.html"] = report(found, provenance, shown)
    return files


def _draw(found: ReportData, progress) -> dict[str, tuple[str, dict[str, bytes]]]:
    """Return the title and the image files of each plot."""
    # Imported here: HoloViews and matplotlib take seconds, and few sessions need them.
    from .figures import figures
    from .images import images

    plots = figures(found)
    drawn = {}
    for done, (name, (title, element)) in enumerate(plots.items()):
        if progress is not None:
            progress("drawing the plots", done, len(plots))
        drawn[name] = title, images(element)
    return drawn


def zipped(files: dict[str, bytes]) -> bytes:
    """Return files, by name, as a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()
