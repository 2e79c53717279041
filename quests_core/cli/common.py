"""What all commands have in common: arguments, files and pipes, progress, errors, JSON."""

import importlib.metadata
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from ase import Atoms
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from ..compilation import first_time
from ..descriptors.describe import descriptors
from ..environments import Environments
from ..io.compressed import check_can_compress, compress, plain_name
from ..io.read import read
from ..progress import Progress
from ..published import fetch, is_name
from ..utils import scratch
from ..utils.atomic_write import atomic_write, check_replaceable
from ..utils.escape import one_line, terminal
from ..utils.threads import set_num_threads
from .streams import tolerate_all_characters

STANDARD = "-"
# What written frames are called: they are extxyz, and read by their name.
FRAMES = (".xyz", ".extxyz")


def flag(*names: str, help: str) -> Any:
    """Return an option that takes no value, and whose help names none."""
    return typer.Option(*names, help=help, metavar="")


_FILE = (
    "Structures in any format that ASE reads, also .gz; - is extxyz on standard input; or a name, tm23:Ag."
)
File = Annotated[str, typer.Argument(help=_FILE, metavar="FILE")]
Test = Annotated[str, typer.Argument(help=_FILE, metavar="TEST")]
Reference = Annotated[str, typer.Argument(help="What TEST is compared with.", metavar="REF")]
K = Annotated[int, typer.Option("-k", help="Neighbours in the descriptor.")]
Cutoff = Annotated[float, typer.Option("--cutoff", "-c", help="How far neighbours are looked for, Å.")]
Bandwidth = Annotated[float, typer.Option("--bandwidth", "-b", help="h of the kernel, Å⁻¹.")]
Species = Annotated[bool, flag("--species", help="Tell elements apart.")]
Seed = Annotated[int, typer.Option("--seed", help="Of all that is random.")]
Force = Annotated[
    bool, flag("--force", help="Replace a file that exists; of a link, the file that it leads to.")
]
DryRun = Annotated[bool, flag("--dry-run", help="Compute, tell, and write nothing.")]
Json = Annotated[bool, flag("--json", help="Tell it as JSON.")]

EnergyKey = Annotated[str | None, typer.Option("--energy-key", help="The key that holds the energy.")]
ForcesKey = Annotated[str | None, typer.Option("--forces-key", help="The column that holds the forces.")]
LabelKey = Annotated[
    str | None, typer.Option("--label-key", help="The key that holds the label, in place of config_type.")
]

# What the library calls otherwise in what it complains of.
_OPTIONS = {
    "n_to_select": "--size",
    "n_repeats": "--repeats",
    "random_state": "--seed",
    "k": "-k",
    "energy_key": "--energy-key",
    "forces_key": "--forces-key",
    "label_key": "--label-key",
    **{
        name: f"--{name}"
        for name in ("bandwidth", "cutoff", "sizes", "threshold", "locked", "excluded", "until")
    },
}

app = typer.Typer(
    help="See how much information a set of atomic structures holds, and keep the smallest subset that does.",
    epilog="Exit codes: 0 done, 1 an error, 2 a command line that makes no sense.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; where its output cannot be written, say so in one line."""
    tolerate_all_characters()
    try:
        app()
    except OSError as error:
        write_line(terminal(f"Error: {error}"), err=True)
        raise SystemExit(1) from error
    finally:
        try:
            # Without standard output there is no such file.
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:
            # Python would try again at its end, and print a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        write_line(f"quests-explorer {importlib.metadata.version('quests-explorer')}")
        raise typer.Exit


@app.callback()
def common(
    threads: Annotated[
        int | None, typer.Option("--threads", "-j", help="How many threads compute; all by default.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", metavar="", is_eager=True, callback=_version),
    ] = False,
) -> None:
    """Take what comes before the command."""
    if threads is not None:
        with report_errors():
            set_num_threads(threads)


@dataclass(frozen=True)
class Parameters:
    """What decides about descriptors and kernel."""

    k: int = 32
    cutoff: float = 5.0
    bandwidth: float = 0.015
    species: bool = False


class Work:
    """The files of a command, and what is told while it works.

    Parameters
    ----------
    progress : Progress or None
        Where progress is told.
    folder : Path
        For what comes from standard input.
    """

    def __init__(self, progress: Progress | None, folder: Path):
        self.progress, self._folder, self._piped = progress, folder, False

    def path(self, file: str) -> Path:
        """Return where the structures of an argument are."""
        if file == STANDARD:
            if self._piped:
                raise typer.BadParameter("standard input can be read once only")
            self._piped = True
            path = self._folder / "stdin.xyz"
            path.write_bytes(sys.stdin.buffer.read())
            return path
        if is_name(file):
            return fetch(file, self.progress)
        if ":" in file and not Path(file).exists():
            raise FileNotFoundError(f"{file}: no such file, nor a name that quests-explorer datasets lists")
        return Path(file)

    def frames(self, path: Path, energy_key: str | None = None, forces_key: str | None = None) -> list[Atoms]:
        """Return the structures of a file."""
        return read(path, self.progress, energy_key, forces_key)

    def environments(self, parameters: Parameters, *sets: Sequence[Atoms]) -> list[Environments]:
        """Return the environments of each set; where elements are told apart, all know all elements."""
        species = None
        if parameters.species:
            species = sorted({symbol for frames in sets for atoms in frames for symbol in atoms.symbols})
        return [
            descriptors(frames, parameters.k, parameters.cutoff, species, progress=self.progress)
            for frames in sets
        ]


@contextmanager
def report_errors() -> Iterator[None]:
    """Tell what went wrong in one line on standard error, and end with exit code 1."""
    try:
        yield
    except (OSError, ValueError, TypeError, ImportError) as error:
        name, colon, rest = str(error).partition(":")
        write_line(terminal(f"Error: {_OPTIONS.get(name, name)}{colon}{rest}"), err=True)
        raise typer.Exit(1) from error


@contextmanager
def working() -> Iterator[Work]:
    """Yield the `Work` of a command; its progress is drawn on standard error where that is a terminal."""
    with report_errors(), scratch.temporary("command-") as folder, _bars() as progress:
        yield Work(progress, Path(folder))


@contextmanager
def _bars() -> Iterator[Progress | None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    if hint := first_time():
        console.print(hint)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(progress: Progress) -> None:
            if progress.step not in tasks:
                tasks[progress.step] = bars.add_task(one_line(progress.step))
            bars.update(tasks[progress.step], completed=progress.done, total=progress.total)

        yield Progress(show)


def size_of(text: str, option: str) -> int | float:
    """Return a count or, where there is a decimal point or a percent sign, a share."""
    try:
        if text.rstrip().endswith("%"):
            return float(text.rstrip().removesuffix("%")) / 100
        return float(text) if "." in text else int(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected a number like 100, or a share like 0.25 or 25%, got {text!r}", param_hint=option
        ) from None


def check_target(output: str | None, force: bool, *sources: Path, endings: tuple[str, ...] = ()) -> None:
    """Refuse, before anything is computed, what could not be read again, the source, and what is there.

    Of `endings` the name must have one (with ``.gz`` and the like or without) where there are any.
    """
    if output in (None, STANDARD):
        return
    check_can_compress(output)
    if endings and not plain_name(output.lower()).endswith(endings):
        raise ValueError(
            f"--output: expected a name that ends in {', '.join(endings)} (or .gz), got {output}"
        )
    if not Path(output).parent.is_dir():
        raise FileNotFoundError(f"{output}: there is no folder {Path(output).parent}")
    if not os.path.lexists(output):
        return
    if any(source.exists() and source.samefile(output) for source in sources):
        raise ValueError(f"{output}: expected another file than the source")
    if not force:
        raise FileExistsError(f"{output} exists; --force replaces it")
    check_replaceable(output)


def write_target(output: str, content: bytes, force: bool) -> None:
    """Write a file atomically, compressed where its name says so, or to standard output."""
    if output == STANDARD:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        content = compress(content, output)
        atomic_write(output, content, overwrite=force)


def write_line(text: str, err: bool = False) -> None:
    """Write a line to standard output or standard error, in the encoding of the stream."""
    # `typer.echo` writes UTF-8 to a stream that holds ASCII.
    stream = sys.stderr if err else sys.stdout
    # A process without a console may have none.
    if stream is not None:
        stream.write(f"{text}\n")
        stream.flush()


def print_result(result: dict, text: Any, as_json: bool, output: str | None = None) -> None:
    """Tell a result: as text or table, or as JSON; on standard error where the output is a pipe."""
    piped = output == STANDARD
    if as_json:
        write_line(json.dumps(_plain(result), allow_nan=False), err=piped)
    elif isinstance(text, str):
        write_line(terminal(text), err=piped)
    else:
        console = Console(stderr=piped)
        # What is no terminal has no width at which lines should end.
        console = console if console.is_terminal else Console(stderr=piped, width=200)
        console.print(text)


def _plain(value: Any) -> Any:
    """Return what JSON can hold; numbers that are none become null."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def of_sets(parameters: Parameters, sets: dict[str, Environments]) -> dict:
    """Return the sizes of the sets, by what their names start with, and the parameters."""
    sizes: dict[str, int] = {}
    for start, envs in sets.items():
        sizes |= {f"{start}n_frames": len(envs), f"{start}n_envs": envs.n_envs}
    return {**sizes, "parameters": asdict(parameters)}
