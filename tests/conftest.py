"""Fixtures and marks shared by all tests."""

import os
import shutil
import signal
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

import numba
import numpy as np
import pytest

pytest.register_assert_rewrite("tests.invariance")

# Files whose tests share what takes long to start, which two workers start where these take longest, and the
# files beside them that do not share it: these have own servers.
TOGETHER = {
    "layout": tuple(
        f"tests/browser/test_{name}.py"
        for name in ("layout", "map", "reload", "structure", "tables", "theme")
    ),
    "browser": ("tests/browser/*",),
    "hostile": ("tests/hostile/*",),
}
ALONE = ("tests/browser/test_jupyter.py", "tests/browser/test_restart.py", "tests/browser/test_saved.py")
# Slow tests with clusters, whose killed workers are waited for. At the end, nothing would run beside them.
CLUSTERS = (
    "tests/core/selection/test_cluster_*", "tests/core/kernel_sums/test_cluster_sums.py",
    "tests/core/descriptors/test_describe_parts.py",
)  # fmt: skip
# The order in which free workers take them. One begins with each of these, and one with what needs no
# compiled kernels; then comes what takes longest: if it began last, the other workers would wait for it.
FIRST = (
    *TOGETHER, "tests/core/io/*", "tests/app/jobs/test_umap_process.py", *CLUSTERS,
    "tests/core/information/test_approximate.py", "tests/browser/test_jupyter.py", "tests/app/test_main.py",
    "tests/browser/test_restart.py", "tests/core/test_*_benchmark.py", "tests/core/test_reference_values.py",
    "tests/app/test_app_hooks.py", "tests/fuzz/*", "tests/app/plots/test_elements.py",
    "tests/app/exports/test_bundle.py", "tests/core/test_docs.py", "tests/app/notebook/test_stored_size.py",
    "tests/core/cli/*", "tests/browser/test_saved.py", "tests/core/test_regular_expressions.py",
)  # fmt: skip
# Folders about numbers, which are the same with each Python; numba reads the bytecode of all kernels before.
NUMBERS = tuple(
    f"tests/core/{name}/*"
    for name in ("kernel_sums", "store", "descriptors", "information", "selection", "health")
)
# Those of the files above wait most of the time, for a browser and for servers.
WORKERS = 4
SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA, CASES = SHARED / "data", SHARED / "cases"


def pytest_addoption(parser):
    parser.addoption(
        "--first-parameters", action="store_true", help="run each test with the first of its parameters only"
    )
    parser.addoption(
        "--another-python",
        action="store_true",
        help="in addition, leave out costly tests, and all but the first of each file about numbers",
    )


def pytest_configure(config):
    # A background job ignores SIGINT, and one of nohup SIGHUP, and so would the processes that tests
    # start and end by these signals.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Nobody's own cache is read or written, also not by the servers that tests start. Those of all workers
    # share one, so that the demo is analysed once.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["QUESTS_CACHE_DIR"] = tempfile.mkdtemp(prefix="quests-test-cache-")
    config.addinivalue_line("markers", "slow: run by .ci/run and `pytest -m slow` alone")
    config.addinivalue_line("markers", "costly: takes seconds; not repeated on Debian 13 by .ci/debian13")
    config.addinivalue_line("markers", "jit: too heavy, or no different, with numba's compiler switched off")


def pytest_unconfigure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(os.environ["QUESTS_CACHE_DIR"], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Share the whole suite between `WORKERS`; a part of it runs in one process unless ``-n`` is given."""
    option = config.option
    is_whole = config.args_source is config.ArgsSource.TESTPATHS
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not config.pluginmanager.hasplugin("xdist") or is_worker or option.usepdb or option.collectonly:
        return
    if is_whole and option.numprocesses is None:
        option.numprocesses = WORKERS
    if option.numprocesses and option.dist == "no":
        # Files go to the workers as they are sorted below.
        option.dist, option.loadscopereorder = "loadfile", False


def shared_by(nodeid):
    """Return the files or the file whose tests one worker runs."""
    file = nodeid.partition("::")[0]
    shared = (name for name, patterns in TOGETHER.items() if any(fnmatchcase(file, one) for one in patterns))
    return file if file in ALONE else next(shared, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one worker, which starts its servers once, and so the files of `TOGETHER`."""
    if config.option.dist != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return shared_by(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _patient_reader():
    """Give up no file because the machine is busy; tests of the time limit set their own."""
    from quests_core.io import read_process

    read_process.SECONDS = read_process.MOST_SECONDS


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Compile the kernels where that was not done yet, so that no test or server waits for it.

    Of several workers, one begins at the other end, and each kernel is compiled by one of them.
    """
    from quests_core.compilation import first_time
    from tests import warm_up

    if numba.config.DISABLE_JIT:
        return
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # Beside the folders of the workers.
        warm_up.share(tmp_path_factory.getbasetemp().parent, backwards=worker == "gw1")
    elif first_time():
        warm_up.run()


def pytest_ignore_collect(collection_path, config):
    """Import no file without slow tests if they are all that is asked for: that takes each worker seconds."""
    if config.option.markexpr != "slow" or not fnmatchcase(collection_path.name, "test_*.py"):
        return None
    # A fixture of several parameters, some of them slow, is in the file of its folder.
    files = collection_path, collection_path.with_name("conftest.py")
    return None if any(file.exists() and "mark.slow" in file.read_text("utf-8") for file in files) else True


# After those with other marks have been left out.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if config.option.another_python:
        leave_out(config, items, [item for item in items if "costly" in item.keywords])
    if config.option.first_parameters or config.option.another_python:
        leave_out_but_first(config, items, lambda item: (item.path, getattr(item, "originalname", item.name)))
    if config.option.another_python:
        leave_out_but_first(config, items, lambda item: item.path if is_about_numbers(item) else item)
    items.sort(key=lambda item: [not fnmatchcase(shared_by(item.nodeid), pattern) for pattern in FIRST])
    if not numba.config.DISABLE_JIT:
        return
    why = "too heavy, or no different, without numba's compiler (NUMBA_DISABLE_JIT=1)"
    skip = pytest.mark.skip(reason=why)
    for item in items:
        if "jit" in item.keywords:
            item.add_marker(skip)


def is_about_numbers(item):
    return any(fnmatchcase(item.nodeid.partition("::")[0], pattern) for pattern in NUMBERS)


def leave_out_but_first(config, items, key):
    """Keep the first of the items that have the same key."""
    kept = {}
    for item in items:
        kept.setdefault(key(item), item)
    first = set(kept.values())
    leave_out(config, items, [item for item in items if item not in first])


def leave_out(config, items, others):
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [item for item in items if item not in left_out]


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
