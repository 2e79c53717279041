"""Tests of ``warm-up``."""

from quests_core.cli import warm_up as command
from quests_core.utils import kernel_cache
from tests.core.cli.commands import run


def test_warm_up_compiles_everything(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(command, "compile_all", lambda *args: calls.append(args))
    monkeypatch.setattr(command, "get_num_threads", lambda: 64)
    monkeypatch.setattr(kernel_cache, "folder", lambda: tmp_path)
    done = run("warm-up")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"Compiled kernels: {tmp_path}\n"
    assert calls == [(None, 2)], "no progress without a terminal"


def test_kernels_that_cannot_be_stored_are_an_error(monkeypatch):
    monkeypatch.setattr(kernel_cache, "folder", lambda: None)
    done = run("warm-up")
    assert done.exit_code == 1
    assert done.stderr == "Error: kernels cannot be stored: set NUMBA_CACHE_DIR to a writable folder\n"
