"""The command line application, and the environment in which its commands run."""

import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from ase import Atoms
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from ..compilation import first_time
from ..descriptors.describe import descriptors
from ..environments import Environments, store_of
from ..io.dataset import DataSet, load
from ..io.element_filter import elements_of
from ..io.frame_writer import frames_bytes
from ..io.pool import pool_paths
from ..io.program_folders import is_program_folder
from ..io.read import read
from ..progress import Progress
from ..published import fetch, is_name
from ..store.sources import is_store
from ..utils import scratch
from ..utils.escape import one_line, terminal
from ..utils.threads import set_num_threads
from .arguments import Parameters
from .output import STDIO, write_line
from .streams import tolerate_all_characters

# Options by the names of the library's arguments, for error messages.
_OPTIONS = {
    "n_to_select": "--size",
    "n_repeats": "--repeats",
    "random_state": "--seed",
    "k": "-k",
    "energy_key": "--energy-key",
    "forces_key": "--forces-key",
    "label_key": "--label-key",
    "orders": "--methods",
    "test_size": "--test-size",
    "test_labels": "--test-label",
    "parameters": "--set",
    "energy_tolerance": "--energy-tolerance",
    "force_tolerance": "--force-tolerance",
    "energy_step": "--energy-step",
    "novelty_step": "--novelty-step",
    "max_force": "--max-force",
    "max_net_force": "--max-net-force",
    "memory_limit": "--memory-limit",
    "merge": "--merge",
    "store": "--store",
    "scheduler": "--scheduler",
    "client": "--scheduler",
    "species": "--species",
    # Targets, and the order in which a knee is searched.
    "order": "--until",
    **{name: f"--until {name}" for name in ("overlap", "information_loss", "max_delta_entropy", "max_envs")},
    **{
        name: f"--{name}"
        for name in (
            "bandwidth",
            "cutoff",
            "cost",
            "sizes",
            "threshold",
            "locked",
            "excluded",
            "until",
            "test",
            "trainer",
            "tolerance",
            "elements",
            "keys",
            "reference",
        )
    },
}

app = typer.Typer(
    help="Measure the information in a set of atomic structures, and select informative subsets.",
    epilog="Exit codes: 0: success; 1: error; 2: usage error.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; if its output cannot be written, print one line and exit with code 1."""
    tolerate_all_characters()
    try:
        app()
    except OSError as error:
        write_line(terminal(f"Error: {error}"), err=True)
        raise SystemExit(1) from error
    finally:
        try:
            # A process without a console may have no standard output.
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:
            # Otherwise Python flushes again at exit, and prints a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        write_line(f"quests-explorer {importlib.metadata.version('quests-explorer')}")
        raise typer.Exit


@app.callback()
def common(
    threads: Annotated[
        int | None, typer.Option("--threads", "-j", help="Number of threads; by default one per core.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", metavar="", is_eager=True, callback=_version),
    ] = False,
) -> None:
    """Apply the options that precede the command."""
    if threads is not None:
        with report_errors():
            set_num_threads(threads)


class CommandContext:
    """Access to the files of a command, with progress.

    Parameters
    ----------
    progress : Progress or None
        Receives the progress of reading and computing.
    folder : Path
        Temporary folder for the content of standard input.
    """

    def __init__(self, progress: Progress | None, folder: Path):
        self.progress, self._folder, self._has_read_stdin = progress, folder, False

    def path(self, file: str) -> Path:
        """Return the path of a FILE argument, which may have to be made.

        Named data sets are downloaded, standard input is stored, and folders of programs are converted.
        """
        if file == STDIO:
            if self._has_read_stdin:
                raise typer.BadParameter("standard input can be read only once")
            self._has_read_stdin = True
            path = self._folder / "stdin.xyz"
            path.write_bytes(sys.stdin.buffer.read())
            return path
        if is_name(file):
            return fetch(file, self.progress)
        if is_program_folder(file):
            return self._converted(Path(file))
        if ":" in file and not Path(file).exists():
            raise FileNotFoundError(f"{file}: no such file, and not listed by quests-explorer datasets")
        return Path(file)

    def _converted(self, folder: Path) -> Path:
        """Return an extxyz file with the frames of a folder; print the notes of its reader."""
        made = Path(tempfile.mkdtemp(dir=self._folder), f"{folder.absolute().name}.xyz")
        made.write_bytes(frames_bytes(self.frames(folder)))
        return made

    def source(self, files: Sequence[str]) -> Path | tuple[Path, ...]:
        """Return the path of one FILE argument, or those of several or of a pattern, which are one set."""
        paths = [self.path(file) for file in files]
        return tuple(pool_paths(paths if len(paths) > 1 else paths[0]) or ()) or paths[0]

    def dataset(
        self, source: Path | tuple[Path, ...], energy_key: str | None = None, forces_key: str | None = None,
        label_key: str | None = None, shows_notes: bool = False,
    ) -> DataSet:  # fmt: skip
        """Return the data set of a file or of several; print notes on reading unless `shows_notes`."""
        dataset = load(
            source, progress=self.progress, energy_key=energy_key, forces_key=forces_key, label_key=label_key
        )
        if not shows_notes:
            _print_notes(dataset.reading_notes)
        return dataset

    def frames(self, path: Path, energy_key: str | None = None, forces_key: str | None = None) -> list[Atoms]:
        """Return the structures of a file; print notes on reading."""
        notes: list[str] = []
        frames = read(path, self.progress, energy_key, forces_key, notes)
        _print_notes(notes)
        return frames

    def reference(
        self, path: Path, parameters: Parameters, memory_limit: str | None = None
    ) -> Sequence[Atoms] | Environments:
        """Return the structures of a reference, or the environments of one that is a store of descriptors."""
        if not is_store(path):
            return self.frames(path)
        if parameters.species:
            raise ValueError("species: expected to be left out with a store of descriptors as the reference")
        envs = Environments.open(path, memory_limit)
        store_of(envs).check_parameters(parameters.k, parameters.cutoff)
        return envs

    def environments(
        self, parameters: Parameters, *sets: Sequence[Atoms] | Environments
    ) -> list[Environments]:
        """Return the environments of each set, all with the elements of all sets if `species` is set.

        Those of a store are returned as they are.
        """
        species = None
        if parameters.species:
            frames = (one for one in sets if not isinstance(one, Environments))
            species = list(elements_of(chain.from_iterable(frames)))
        return [
            one
            if isinstance(one, Environments)
            else descriptors(one, parameters.k, parameters.cutoff, species, progress=self.progress)
            for one in sets
        ]

    def stored(
        self, parameters: Parameters, source: Path | tuple[Path, ...], store: str,
        memory_limit: str | None = None, energy_key: str | None = None, forces_key: str | None = None,
        label_key: str | None = None, client=None,
    ) -> Environments:  # fmt: skip
        """Return the environments of files from a store on disk, which is written or completed first."""
        if parameters.species:
            raise ValueError(
                "species: expected to be left out with --store, as the elements are known only after all "
                "frames were read"
            )
        return descriptors(
            source, parameters.k, parameters.cutoff, progress=self.progress, store=store,
            energy_key=energy_key, forces_key=forces_key, label_key=label_key, memory_limit=memory_limit,
            client=client,
        )  # fmt: skip


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        write_line(terminal(f"Note: {one_line(note)}"), err=True)


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn an error into one line on standard error and exit code 1."""
    try:
        yield
    except (OSError, ValueError, TypeError, ImportError) as error:
        name, colon, rest = str(error).partition(":")
        write_line(terminal(f"Error: {_OPTIONS.get(name, name)}{colon}{rest}"), err=True)
        raise typer.Exit(1) from error
    except MemoryError as error:
        write_line("Error: not enough memory; use fewer frames, or a smaller -k", err=True)
        raise typer.Exit(1) from error


@contextmanager
def command_context() -> Iterator[CommandContext]:
    """Yield the context of a command, with progress bars if standard error is a terminal."""
    with report_errors(), scratch.temporary("command-") as folder, _bars() as progress:
        yield CommandContext(progress, Path(folder))


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


def sizes_and_parameters(parameters: Parameters, sets: dict[str, Environments]) -> dict:
    """Return ``n_frames`` and ``n_envs`` of each set, prefixed by its key, and ``parameters``."""
    sizes: dict[str, int] = {}
    for prefix, envs in sets.items():
        sizes |= {f"{prefix}n_frames": len(envs), f"{prefix}n_envs": envs.n_envs}
    return {**sizes, "parameters": asdict(parameters)}
