"""Arguments and options that several commands share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from ..selection import METHODS
from ..utils.validation import parse_size as size_from_text


@dataclass(frozen=True)
class Parameters:
    """Parameters of the descriptors and of the kernel."""

    k: int = 32
    cutoff: float = 5.0
    bandwidth: float = 0.015
    species: bool = False


def flag(*names: str, help: str) -> Any:
    """Return an option without a value, and without a placeholder for one in its help."""
    return typer.Option(*names, help=help, metavar="")


_FILE = (
    "Structures in any format that ASE reads, optionally compressed, or a folder of DeePMD-kit; - for extxyz "
    "on standard input; "
    "or the name of a published data set, such as tm23:Ag."
)
File = Annotated[str, typer.Argument(help=_FILE, metavar="FILE")]
Files = Annotated[
    list[str],
    typer.Argument(help=f"{_FILE[:-1]}. Several files, or a pattern, are one set.", metavar="FILE..."),
]
Test = Annotated[str, typer.Argument(help=_FILE, metavar="TEST")]
Reference = Annotated[
    str, typer.Argument(help="The reference structures, or a store of descriptors.", metavar="REF")
]
K = Annotated[int, typer.Option("-k", help="Number of neighbours in the descriptor.")]
Cutoff = Annotated[float, typer.Option("--cutoff", "-c", help="Cutoff radius of the descriptor, Å.")]
Bandwidth = Annotated[float, typer.Option("--bandwidth", "-b", help="Bandwidth h of the kernel, Å⁻¹.")]
Species = Annotated[bool, flag("--species", help="Distinguish chemical elements.")]
Store = Annotated[
    str | None,
    typer.Option("--store", help="Folder for the descriptors, which then need not fit in memory; reused."),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option("--memory-limit", help="With --store: memory to use, such as 2GB; by default half of it."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="With --store: address of a Dask scheduler, whose workers compute; they need the same files.",
        metavar="<address>",
    ),
]
Merge = Annotated[
    float | None,
    typer.Option(
        "--merge",
        help="Merge environments within this distance, in bandwidths, beforehand: 1e-6, or 0 for equal ones.",
        metavar="<t>",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the random number generator.")]
Force = Annotated[
    bool, flag("--force", help="Overwrite an existing file; for a symbolic link, the file it points to.")
]
DryRun = Annotated[bool, flag("--dry-run", help="Compute and report, but write no file.")]
Json = Annotated[bool, flag("--json", help="Print JSON.")]

EnergyKey = Annotated[str | None, typer.Option("--energy-key", help="Key of the energy.")]
ForcesKey = Annotated[str | None, typer.Option("--forces-key", help="Column of the forces.")]
LabelKey = Annotated[
    str | None, typer.Option("--label-key", help="Key of the label, instead of config_type.")
]

ElementMatch = StrEnum("ElementMatch", {"only": "only", "any": "any", "all": "all"})
Order = StrEnum("Order", {"file": "file", "rank": "rank"})


def _method(text: str) -> str:
    if text not in METHODS:
        raise typer.BadParameter(f"expected one of {', '.join(METHODS)}, got {text!r}")
    return text


Method = Annotated[
    str,
    typer.Option(
        "--method",
        "-m",
        help=f"Selection method: {', '.join(METHODS)}.",
        metavar="<name>",
        parser=_method,
    ),
]
Size = Annotated[
    str | None,
    typer.Option("--size", "-s", help="Number of frames, or a fraction: 0.25 or 25%; by default 0.25."),
]
Known = Annotated[
    str | None,
    typer.Option(
        "--reference", "-r", help="Structures that are already available, or a store of their descriptors."
    ),
]
Elements = Annotated[
    str | None,
    typer.Option(
        help="Choose only among frames of these elements, such as Fe,O; or reference, for those of the "
        "reference.",
        metavar="<symbols>",
    ),
]
Match = Annotated[
    ElementMatch,
    typer.Option(help="The frame has only these elements, any of them, or all of them."),
]
Locked = Annotated[str, typer.Option(help="Frames to keep in any case: 0-2,7.")]
Excluded = Annotated[str, typer.Option(help="Frames to ignore: 0-2,7.")]
LockIsolated = Annotated[
    bool,
    typer.Option(
        "--lock-isolated/--no-lock-isolated", help="Keep isolated atoms, which are energy references."
    ),
]
FrameOrder = Annotated[Order, typer.Option(help="Order of the written frames: as in the file, or by rank.")]


def parse_size(text: str, option: str) -> int | float:
    """Return an integer as a count, a decimal number or a percentage as a fraction.

    Examples
    --------
    >>> parse_size("100", "--size"), parse_size("0.25", "--size"), parse_size("25%", "--size")
    (100, 0.25, 0.25)
    """
    try:
        return size_from_text(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
