"""The command ``warm-up``: compile all kernels."""

from ..utils import kernel_cache
from ..utils.threads import get_num_threads
from ..warm_up import MAX_PROCESSES
from ..warm_up import warm_up as compile_all
from .common import app, command_context
from .output import write_line


@app.command(name="warm-up")
def warm_up() -> None:
    """Compile all kernels now, as in an image or in CI, so that no later command has to."""
    with command_context() as context:
        folder = kernel_cache.folder()
        if folder is None:
            raise PermissionError("kernels cannot be stored: set NUMBA_CACHE_DIR to a writable folder")
        compile_all(context.progress, min(MAX_PROCESSES, get_num_threads()))
    write_line(f"Compiled kernels: {folder}")
