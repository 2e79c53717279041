"""What leaves the page: the subset's bytes, the record of how it came about, and code that repeats it."""

import datetime
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import shlex
import zipfile
from pathlib import Path

from ase import Atoms

from quests_core import io as core_io
from quests_core import write_subset
from quests_core.atomic_write import atomic_write
from quests_core.named import is_name
from quests_core.ranges import format_ranges
from quests_core.xyz_text import is_extxyz

from ..facts.analysis import GIVEN, RANDOM_STATE, MethodPath, Opened, Parameters, content_hash
from ..facts.reference import union

ORDERS = {"File order": "file", "Rank order": "rank"}
SUBSET, RECORD = "subset.xyz", "subset.json"
_PACKAGES = ("quests-explorer", "numpy", "numba", "ase", "scikit-learn")


def subset_bytes(opened: Opened, path: MethodPath, n_frames: int, order: str = "file") -> bytes:
    """Return the subset as extxyz; frames of an extxyz source are its bytes."""
    check_source(opened)
    return core_io.subset_bytes(source_frames(opened), path.frames(n_frames), order)


def source_frames(opened: Opened) -> Path | list[Atoms]:
    """Return what subsets are taken from: the bytes of an xyz file, else the frames that were read."""
    dataset = opened.dataset
    # Another format is not read again here, where nothing limits it.
    return dataset.path if is_extxyz(dataset.path) else dataset.frames


def check_source(opened: Opened) -> None:
    """Raise a ValueError if the file is no longer the one that was analysed."""
    dataset = opened.dataset
    if not dataset.path.is_file():
        raise ValueError(f"{dataset.name} is no longer there")
    if content_hash(dataset.path) != dataset.sha256:
        raise ValueError(f"{dataset.name} has changed since it was opened; open it again")


def record(opened: Opened, path: MethodPath, n_frames: int, order: str, subset: bytes) -> dict:
    """Return everything that is needed to repeat, check and cite a subset."""
    dataset, parameters = opened.dataset, opened.parameters
    curve = path.curve
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "source": {
            "name": dataset.name,
            "sha256": dataset.sha256,
            "n_frames": len(dataset.frames),
            "n_environments": opened.envs.n_envs,
            "elements": list(dataset.elements),
        },
        "subset": {
            "file": SUBSET,
            "sha256": hashlib.sha256(subset).hexdigest(),
            "order": order,
            "n_frames": n_frames,
            "indices_by_rank": path.frames(n_frames).tolist(),
        },
        "parameters": {
            "method": _method(path),
            "reference": _reference(path),
            **_descriptor(parameters),
            "bandwidth_per_angstrom": parameters.bandwidth,
            "species": _species(opened, path) if parameters.species and not parameters.given else None,
            "cost": "frames",
            "locked": list(path.marks.locked),
            "excluded": list(path.marks.excluded),
            "random_state": RANDOM_STATE,
        },
        "metrics": {
            "subset": _numbers(curve.iloc[path.position(n_frames)]),
            "full_set": _numbers(curve.iloc[-1]),
            "units": {
                "entropy": "nats",
                "diversity": "nats",
                "information_loss": "nats",
                "max_delta_entropy": "nats",
            },
        },
        "versions": versions(),
    }


def _descriptor(parameters: Parameters) -> dict:
    if parameters.given:
        return {"descriptor": "given", "descriptors_sha256": parameters.given}
    return {"descriptor": "QUESTS X1, X2", "k": parameters.k, "cutoff_angstrom": parameters.cutoff}


def _method(path: MethodPath) -> str:
    """Return what the library calls the method."""
    return "msc" if path.method == GIVEN else path.method


def _reference(path: MethodPath) -> dict | None:
    """Return which file the subset adds to; its numbers are of both together, but entropy and diversity."""
    given = path.given
    if given is None:
        return None
    return {
        "name": given.name,
        "sha256": given.sha256,
        "n_frames": len(given.envs),
        "n_environments": len(given.X),
    }


def _species(opened: Opened, path: MethodPath) -> list[str]:
    """Return the elements that the descriptor has a block for."""
    return list(union(opened.dataset.elements, *([path.given.elements] if path.given else [])))


def _numbers(row) -> dict:
    return {
        name: int(value) if name in ("n_frames", "n_envs") else float(value) for name, value in row.items()
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a result."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def record_bytes(content: dict) -> bytes:
    """Return a record as JSON, UTF-8."""
    # Bytes in a file name that are no text are halves of characters, which JSON has as escapes.
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=True) + "\n").encode(
        errors="backslashreplace"
    )


def archive(opened: Opened, path: MethodPath, n_frames: int, order: str = "file") -> bytes:
    """Return a zip file that holds the subset and its record."""
    subset = subset_bytes(opened, path, n_frames, order)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(SUBSET, subset)
        target.writestr(RECORD, record_bytes(record(opened, path, n_frames, order, subset)))
    return buffer.getvalue()


def save(target: str | Path, opened: Opened, path: MethodPath, n_frames: int, order: str = "file") -> Path:
    """Write the subset to a path on the server, and its record beside it.

    Raises
    ------
    FileExistsError
        If either file is there already.
    OSError, ValueError
        If the target cannot be written, is the source, or is called like a record; nothing is left then.
    """
    target = Path(target).expanduser()
    beside = target.with_suffix(".json")
    if target.suffix.lower() == beside.suffix:
        # Some file systems take S.JSON and s.json for one name.
        better = target.with_suffix(".xyz")
        raise ValueError(f"expected a name for structures, such as {better}, got {target}")
    for file in (beside, target):
        if os.path.lexists(file):
            raise FileExistsError(f"{file} exists; choose another name")
    check_source(opened)
    write_subset(target, source_frames(opened), path.frames(n_frames), order=order)
    content = record(opened, path, n_frames, order, target.read_bytes())
    content["subset"]["file"] = target.name
    try:
        atomic_write(beside, record_bytes(content), overwrite=False)
    except BaseException:
        # A subset without its record is half of what was asked for.
        target.unlink()
        raise
    return target


def source_of(opened: Opened) -> str:
    """Return what the user calls the source: a path, or the name of the file as it was uploaded."""
    return opened.dataset.name if opened.dataset.uploaded else str(opened.dataset.path)


def python_code(opened: Opened, path: MethodPath, n_frames: int, order: str = "file") -> str:
    """Return a script that selects the same frames in the same order."""
    dataset, parameters = opened.dataset, opened.parameters
    marks = "".join(
        f"\n    {name}={list(frames)},"
        for name, frames in (("locked", path.marks.locked), ("excluded", path.marks.excluded))
        if frames
    )
    species = f", species={_species(opened, path)}" if parameters.species else ""
    describe = f"k={parameters.k}, cutoff={parameters.cutoff}{species}"
    envs = f"descriptors(frames, {describe})"
    if parameters.given:
        envs = f"...  # the descriptors that were given, sha256 {parameters.given}"
    known = reference = ""
    if path.given is not None:
        file = path.given.name if path.given.uploaded else str(path.given.path)
        known = f"\n# sha256 {path.given.sha256}\nknown = descriptors(read({file!r}), {describe})"
        reference = "\n    reference=known,"
    return f"""from quests_core import descriptors, read, select, write_subset

# sha256 {dataset.sha256}
source = {source_of(opened)!r}

frames = read(source)
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


def _argument(file: str) -> str:
    """Return a file as a command takes it: not as an option, standard input or published data set."""
    return f"./{file}" if file.startswith("-") or is_name(file) else file


def command(opened: Opened, path: MethodPath, n_frames: int, order: str = "file") -> str:
    """Return a shell command that writes the same file."""
    parameters = opened.parameters
    if parameters.given:
        return "# The descriptors were given: only Python can select with them.\n"
    words = [
        "quests-explorer", "compress", _argument(source_of(opened)), "-m", _method(path), "-s", str(n_frames),
        "-k", str(parameters.k), "--cutoff", repr(parameters.cutoff),
        "--bandwidth", repr(parameters.bandwidth), "--seed", str(RANDOM_STATE), "--order", order,
    ]  # fmt: skip
    if parameters.species:
        words.append("--species")
    if path.given is not None:
        words += ["--reference", _argument(path.given.name if path.given.uploaded else str(path.given.path))]
    if set(opened.dataset.locked) - set(path.marks.locked) - set(path.marks.excluded):
        words.append("--no-lock-isolated")
    for name, frames in (("--locked", path.marks.locked), ("--excluded", path.marks.excluded)):
        if frames:
            words += [name, format_ranges(frames)]
    return shlex.join([*words, "-o", SUBSET]) + "\n"
