"""Output of the commands: files, standard output and standard error."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from rich.console import Console

from ..io.compressed import check_can_compress, compressing, plain_name
from ..utils import json_values
from ..utils.atomic_write import atomic_write, check_replaceable
from ..utils.escape import terminal

Result = TypeVar("Result")
# The file name that stands for standard input or output.
STDIO = "-"
# Suffixes under which frames are written: they are extxyz, and the format is read from the name.
FRAME_SUFFIXES = (".xyz", ".extxyz")
# Width of tables if the output is not a terminal.
_WIDTH = 200


def check_target(output: str | None, force: bool, *sources: Path, endings: tuple[str, ...] = ()) -> None:
    """Raise an error before the computation if `output` cannot be written to.

    Parameters
    ----------
    output : str or None
        The target; None and `STDIO` pass.
    force : bool
        Whether an existing file may be overwritten.
    *sources : Path
        Files that must not be overwritten.
    endings : tuple of str
        Accepted suffixes, each optionally followed by that of a compression; empty to accept any.
    """
    if output in (None, STDIO):
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


def write_target(output: str, content: bytes | Iterable[bytes], force: bool) -> None:
    """Write to a file atomically, compressed according to its suffix, or to standard output.

    The content may be given in parts.
    """
    parts = [content] if isinstance(content, bytes) else content
    if output == STDIO:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        return

    def write(file: BinaryIO) -> None:
        with compressing(file, output) as opened:
            for part in parts:
                opened.write(part)

    atomic_write(output, write, overwrite=force)


def check_new_folders(outputs: Sequence[str]) -> None:
    """Raise an error unless each output can be made as a folder; existing ones are never replaced."""
    for output in outputs:
        if output == STDIO:
            raise ValueError("--output: expected a folder, got standard output")
        if not Path(output).absolute().parent.is_dir():
            raise FileNotFoundError(f"{output}: there is no folder {Path(output).parent}")
        if os.path.lexists(output):
            raise FileExistsError(f"{output} exists; expected a new folder, also with --force")


def write_folder(output: str, write: Callable[[Path], Result]) -> Result:
    """Make a folder by `write`, which gets the path of a temporary one beside it; return its result."""
    target = Path(output).absolute()
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
        made = Path(beside, target.name)
        made.mkdir()
        result = write(made)
        os.rename(made, target)
    return result


def write_line(text: str, err: bool = False) -> None:
    """Write a line to standard output or standard error, in the encoding of the stream."""
    # `typer.echo` writes UTF-8 even to a stream with ASCII encoding.
    stream = sys.stderr if err else sys.stdout
    # A process without a console may have no streams.
    if stream is not None:
        stream.write(f"{text}\n")
        stream.flush()


def print_result(result: dict, text: Any, as_json: bool, output: str | None = None) -> None:
    """Print `result` as JSON, or else `text`; to standard error if `output` is standard output."""
    piped = output == STDIO
    if as_json:
        write_line(json.dumps(json_values.as_json(result), allow_nan=False), err=piped)
    elif isinstance(text, str):
        write_line(terminal(text), err=piped)
    else:
        console = Console(stderr=piped)
        console = console if console.is_terminal else Console(stderr=piped, width=_WIDTH)
        console.print(text)
