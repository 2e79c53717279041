"""Generate code and commands that reproduce a subset."""

import shlex
from collections.abc import Sequence

from quests_core.io.frame_keys import SOURCE
from quests_core.utils.escape import one_line
from quests_core.utils.frame_ranges import format_ranges

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from ..analysis.methods import MSC_WITH_REFERENCE
from ..analysis.parameters import RANDOM_STATE
from ..analysis.reference import Reference
from .bundle import ExportOptions
from .record import SUBSET, _method, _species
from .subset import _argument

_PRECOMPUTED = "# Precomputed descriptors: the selection can only be repeated in Python.\n"


def source_of(opened: AnalysedDataset) -> str | list[str]:
    """Return the path of the source, or the name of an uploaded file; of several files, a list of these."""
    dataset = opened.dataset
    if dataset.pool:
        return [path.name if dataset.uploaded else str(path) for path in dataset.pool]
    return dataset.name if dataset.uploaded else str(dataset.path)


def python_code(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file") -> str:
    """Return a Python script that selects the same frames in the same order."""
    dataset, parameters = opened.dataset, opened.parameters
    marks = "".join(
        f"\n    {name}={list(frames)},"
        for name, frames in (("locked", path.marks.locked), ("excluded", path.marks.excluded))
        if frames
    )
    keys = "".join(
        f", {name}={key!r}" for name, key in parameters.keys.items() if key and name != "label_key"
    )
    species = f", species={_species(opened, path)}" if parameters.species else ""
    describe = f"k={parameters.k}, cutoff={parameters.cutoff}{species}"
    envs = f"descriptors(frames, {describe})"
    if parameters.precomputed:
        name = parameters.descriptor or "the precomputed descriptors"
        envs = f"...  # {one_line(name)}, sha256 {parameters.precomputed}"
    known = reference = ""
    imported = "descriptors, read, select, write_subset"
    if path.reference is not None:
        file = path.reference.name if path.reference.uploaded else str(path.reference.path)
        if path.reference.envs.store is None:
            known = f"\n# sha256 {path.reference.sha256}\nknown = descriptors(read({file!r}), {describe})"
        else:
            imported, known = f"Environments, {imported}", f"\nknown = Environments.open({file!r})"
        reference = "\n    reference=known,"
    return f"""from quests_core import {imported}

# sha256 {dataset.sha256}
source = {source_of(opened)!r}

frames = read(source{keys})
envs = {envs}{known}
selection = select(
    envs,
    method={_method(path)!r},{reference}
    n_to_select={n_frames},
    bandwidth={parameters.bandwidth},{marks}
    random_state={RANDOM_STATE},
)
print(selection.order.tolist())
write_subset("subset.xyz", source, selection.order, order={order!r})
"""


def command(opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str = "file") -> str:
    """Return a shell command that writes the same file."""
    if opened.parameters.precomputed:
        return _PRECOMPUTED
    seed = ["--seed", str(RANDOM_STATE), "--order", order]
    words = ["compress", *_sources(opened), *_selection(opened, path, n_frames), *seed]
    return shlex.join(["quests-explorer", *words, *_reference(path.reference), "-o", SUBSET]) + "\n"


def export_command(
    opened: AnalysedDataset, path: MethodPath, n_frames: int, options: ExportOptions,
    methods: Sequence[str], reference: Reference | None, file: str,
) -> str:  # fmt: skip
    """Return a shell command that writes the archive of the export dialog to `file`."""
    if opened.parameters.precomputed:
        return _PRECOMPUTED
    words = ["export", *_sources(opened), *_selection(opened, path, n_frames), "--order", options.order]
    words += ["--methods", ",".join(method for method in methods if method != MSC_WITH_REFERENCE)]
    words += _reference(reference or path.reference)
    words += ["--parts", ",".join(options.parts)]
    if options.content != SOURCE:
        words += ["--keys", str(options.content)]
    if options.valid_fraction is not None:
        percent = 100 * options.valid_fraction
        words += ["--split", f"{100 - percent:g}:{percent:g}"]
        words += ["--split-distance", repr(options.distance), "--split-seed", str(options.seed)]
    return shlex.join(["quests-explorer", *words, "-o", file]) + "\n"


def _sources(opened: AnalysedDataset) -> list[str]:
    source = source_of(opened)
    return list(map(_argument, [source] if isinstance(source, str) else source))


def _selection(opened: AnalysedDataset, path: MethodPath, n_frames: int) -> list[str]:
    """Return the options that select the frames."""
    parameters = opened.parameters
    words = [
        "-m", _method(path), "-s", str(n_frames), "-k", str(parameters.k),
        "--cutoff", repr(parameters.cutoff), "--bandwidth", repr(parameters.bandwidth),
    ]  # fmt: skip
    # With an equals sign, since a key may start with a dash.
    words += [f"--{name.replace('_', '-')}={key}" for name, key in parameters.keys.items() if key]
    if parameters.species:
        words.append("--species")
    if set(opened.dataset.locked) - set(path.marks.locked) - set(path.marks.excluded):
        words.append("--no-lock-isolated")
    for name, frames in (("--locked", path.marks.locked), ("--excluded", path.marks.excluded)):
        if frames:
            words += [name, format_ranges(frames)]
    return words


def _reference(reference: Reference | None) -> list[str]:
    if reference is None:
        return []
    return ["--reference", _argument(reference.name if reference.uploaded else str(reference.path))]
