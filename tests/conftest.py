"""Fixtures and marks shared by all tests."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import numba
import numpy as np
import pytest

pytest.register_assert_rewrite("tests.invariance")

BROWSER = "tests/browser/"
SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA, CASES = SHARED / "data", SHARED / "cases"


def pytest_configure(config):
    # A background job of a shell ignores SIGINT, and so would the processes that tests start and interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Nobody's own cache is read or written, also not by the servers that tests start.
    # Each worker has its own.
    os.environ["QUESTS_CACHE_DIR"] = tempfile.mkdtemp(prefix="quests-test-cache-")
    config.addinivalue_line("markers", "slow: run by .ci/run and `pytest -m slow` alone")
    config.addinivalue_line("markers", "jit: too heavy to run with numba's compiler switched off")


def pytest_unconfigure(config):
    shutil.rmtree(os.environ["QUESTS_CACHE_DIR"], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Share the whole suite between two workers; a part of it runs in one process unless ``-n`` is given."""
    option = config.option
    is_whole = config.args_source is config.ArgsSource.TESTPATHS
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not config.pluginmanager.hasplugin("xdist") or is_worker or option.usepdb or option.collectonly:
        return
    if is_whole and option.numprocesses is None:
        option.numprocesses = 2
    if option.numprocesses and option.dist == "no":
        # Files go to the workers as they are sorted below.
        option.dist, option.loadscopereorder = "loadfile", False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one worker, which starts its servers once, and all browser tests to the same one."""
    if config.option.dist != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def compiled():
    """Compile the kernels where that was not done yet, so that no test or server waits for it.

    Two workers begin at different ends, and find what the other has compiled.
    """
    from quests_core.compilation import first_time
    from tests import warm_up

    if first_time():
        warm_up.run(backwards=os.environ.get("PYTEST_XDIST_WORKER") == "gw1")


def pytest_collection_modifyitems(items):
    # One worker begins with the browser tests, which take as long as half of the others.
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))
    if not numba.config.DISABLE_JIT:
        return
    skip = pytest.mark.skip(reason="too heavy without numba's compiler (NUMBA_DISABLE_JIT=1)")
    for item in items:
        if "jit" in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def rng():
    return np.random.default_rng(20240607)


@pytest.fixture
def data_file():
    """Return the path of a file of real data; skip where the data are not installed."""

    def find(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"no real data here: {path} is absent")
        return path

    return find


@pytest.fixture
def case_file():
    """Return the path of a small input that once failed; skip where they are not installed."""

    def find(name):
        path = CASES / name
        if not path.exists():
            pytest.skip(f"no small inputs here: {path} is absent")
        return path

    return find
