"""``serve``: start the dashboard."""

import importlib.util
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..utils.environment_variables import check_numbers
from .common import STANDARD, app, flag, working

# Pages come and go: with Python's own allocator much of what they held stays with the process.
ALLOCATOR = {"PYTHONMALLOC": "malloc", "MALLOC_ARENA_MAX": "2"} if sys.platform == "linux" else {}


@app.command()
def serve(
    file: Annotated[
        str | None, typer.Argument(help="What to open at first, a file or a name; the demo if absent.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where the server listens.")] = 5006,
    show: Annotated[bool, flag(help="Open a browser.")] = True,
    data_dir: Annotated[
        list[Path] | None,
        typer.Option(help="A folder whose files pages may open and write; may be repeated."),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Where the server listens; only here by default.")
    ] = "localhost",
    origin: Annotated[
        list[str] | None, typer.Option(help="A host:port that pages may be called by; may be repeated.")
    ] = None,
) -> None:
    """Start the dashboard."""
    if file == STANDARD:
        raise typer.BadParameter("expected a file: the dashboard reads it again and again")
    environment = {**ALLOCATOR, "BOKEH_SECRET_KEY": secrets.token_urlsafe(48), **os.environ}
    with working() as work:
        check_numbers()
        found = importlib.util.find_spec("quests_app")
        folders = found.submodule_search_locations if found is not None else None
        if not folders or importlib.util.find_spec("panel") is None:
            raise ImportError('the dashboard is not installed: pip install "quests-explorer[app]"')
        if file is not None:
            path = work.path(file)
            if not path.is_file():
                raise FileNotFoundError(f"{file}: no such file")
            environment["QUESTS_FILE"] = str(path.resolve())
        folder = next(iter(folders))
        for one in data_dir or ():
            if not one.is_dir():
                raise NotADirectoryError(f"--data-dir: expected a folder, got {one}")
    if data_dir:
        environment["QUESTS_DATA_DIRS"] = os.pathsep.join(str(one.resolve()) for one in data_dir)
    command = [sys.executable, "-m", "panel", "serve", folder, "--address", address]
    command += ["--plugins", "quests_app.endpoints", "--session-ids", "signed"]
    command += [f"--allow-websocket-origin={one}" for one in origin or ()]
    command += ["--port", str(port), *["--show"] * show]
    raise typer.Exit(_become(command, environment))


def _become(command: list[str], environment: dict[str, str]) -> int:
    """Run a command in place of this process, so that signals reach it.

    Where a process cannot be replaced, return the command's status.
    """
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)
