"""The command ``serve``: start the dashboard."""

import importlib.util
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..io.pool import is_pattern, pool_paths
from ..io.program_folders import is_program_folder
from ..store.sources import is_store
from ..utils.environment_variables import check_numbers
from .arguments import flag
from .common import app, command_context
from .output import STDIO
from .scheduler import check_scheduler

# Python's own allocator keeps much of the memory of closed sessions.
ALLOCATOR = {"PYTHONMALLOC": "malloc", "MALLOC_ARENA_MAX": "2"} if sys.platform == "linux" else {}


@app.command()
def serve(
    file: Annotated[
        str | None,
        typer.Argument(
            help="File, folder, pattern of files or named data set to open first; by default the demo."
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5006,
    show: Annotated[bool, flag(help="Open a browser.")] = True,
    data_dir: Annotated[
        list[Path] | None,
        typer.Option(help="Folder in which sessions may open and write files; may be repeated."),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Address to listen on; by default only this machine can connect.")
    ] = "localhost",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="host:port in the browser's address bar to accept; may be repeated."),
    ] = None,
    unix_socket: Annotated[
        Path | None, typer.Option(help="Unix socket to listen on for a proxy, instead of address and port.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, whose workers order frames of stores and need the same files."
        ),
    ] = None,
) -> None:
    """Start the dashboard."""
    if file == STDIO:
        raise typer.BadParameter("expected a file, as the dashboard reads it repeatedly, got standard input")
    environment = {**ALLOCATOR, "BOKEH_SECRET_KEY": secrets.token_urlsafe(48), **os.environ}
    with command_context() as context:
        check_numbers()
        folder = _app_folder()
        if file is not None:
            # The dashboard reads a folder itself: a conversion would be deleted before.
            path = Path(file) if is_program_folder(file) or is_store(file) else context.path(file)
            environment["QUESTS_FILE"] = _existing_file(path, file)
        if data_dir:
            environment["QUESTS_DATA_DIRS"] = os.pathsep.join(map(_existing_folder, data_dir))
        if scheduler is not None:
            check_scheduler(scheduler)
            environment["QUESTS_SCHEDULER"] = scheduler
    command = [sys.executable, "-m", "panel", "serve", folder]
    command += ["--plugins", "quests_app.endpoints", "--session-ids", "signed"]
    command += [f"--allow-websocket-origin={host}" for host in origin or ()]
    if unix_socket is not None:
        command += ["--unix-socket", str(unix_socket)]
    else:
        command += ["--address", address, "--port", str(port), *["--show"] * show]
    raise typer.Exit(_replace_process(command, environment))


def _app_folder() -> str:
    """Return the folder of the dashboard's package."""
    found = importlib.util.find_spec("quests_app")
    folders = found.submodule_search_locations if found is not None else None
    if not folders or importlib.util.find_spec("panel") is None:
        raise ImportError('the dashboard is not installed: pip install "quests-explorer[app]"')
    return next(iter(folders))


def _existing_file(path: Path, name: str) -> str:
    if is_pattern(path):
        pool_paths(path)
        # Not resolved, as a link in it may have another name than the pattern.
        return str(path.absolute())
    if not (path.is_file() or is_program_folder(path) or is_store(path)):
        raise FileNotFoundError(f"{name}: no such file")
    return str(path.resolve())


def _existing_folder(path: Path) -> str:
    if not path.is_dir():
        raise NotADirectoryError(f"--data-dir: expected a folder, got {path}")
    return str(path.resolve())


def _replace_process(command: list[str], environment: dict[str, str]) -> int:
    """Replace this process by a command, so that signals reach it.

    On systems without `os.execve` semantics, run it as a subprocess and return its exit code.
    """
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)
