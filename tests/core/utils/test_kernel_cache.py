"""Tests of the storage of compiled kernels."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import quests_core
from quests_core.utils import kernel_cache
from quests_core.utils.kernel_cache import N_KEPT, compiled_sources, digest_of_sources

PACKAGE = Path(quests_core.__file__).parent
# A small kernel, with arrays of two kinds.
SCRIPT = """
import json, sys
import numpy as np
from quests_core.selection.greedy import _leaders
from quests_core.utils import kernel_cache
scores = np.arange(3.0)[::2] if "strided" in sys.argv else np.arange(3.0)
found = _leaders(scores, np.ones(len(scores), bool), 0.0).tolist()
stats = _leaders.stats
print(json.dumps({
    "hits": len(stats.cache_hits), "misses": len(stats.cache_misses),
    "folder": str(kernel_cache.folder()), "found": found, "package": kernel_cache.__file__,
}))
"""


def runner(folder):
    """Return a function that runs the script with a copy of the package in a folder."""

    def run_one(site, *arguments, **environment):
        package = folder / site / "quests_core"
        if not package.exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PACKAGE, package, ignore=ignored, copy_function=shutil.copyfile)
        variables = {"PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(folder / "kernels")}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *arguments], cwd=folder,
            env={**os.environ, **variables, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["package"].startswith(str(package)), "another package was imported"
        return found

    return run_one


@pytest.fixture
def run(tmp_path):
    return runner(tmp_path)


@pytest.fixture(scope="module")
def compiled_once(tmp_path_factory):
    """Return a folder in whose copy "one" of the package the kernel was compiled, and what was found."""
    folder = tmp_path_factory.mktemp("compiled")
    first = runner(folder)("one")
    assert (first["hits"], first["misses"]) == (0, 1)
    return folder, first


@pytest.fixture
def run_again(compiled_once):
    return runner(compiled_once[0])


@pytest.mark.jit
def test_kernels_are_found_after_installation_elsewhere(run, tmp_path):
    first = run("one")
    assert (first["hits"], first["misses"]) == (0, 1)
    shutil.rmtree(tmp_path / "one")
    second = run("two")
    assert (second["hits"], second["misses"]) == (1, 0)
    assert second["found"] == first["found"] == [2]
    assert second["folder"] == first["folder"]


@pytest.mark.slow
@pytest.mark.jit
def test_processors_that_share_a_folder_have_own_kernels(compiled_once, run_again):
    _, own = compiled_once
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    other = run_again("one", **generic)
    assert other["folder"] != own["folder"]
    assert (other["hits"], other["misses"]) == (0, 1)
    assert run_again("one")["hits"] == run_again("one", **generic)["hits"] == 1


@pytest.mark.slow
@pytest.mark.jit
def test_changed_sources_are_compiled_again(compiled_once, run_again):
    folder, first = compiled_once
    changed = folder / "one" / "quests_core" / "progress.py"
    before = changed.read_text()
    changed.write_text(before + "\n# changed\n")
    try:
        assert run_again("one")["folder"] != first["folder"], "a compiled module imports it"
    finally:
        changed.write_text(before)


@pytest.mark.slow
@pytest.mark.jit
def test_each_signature_has_a_file(run_again):
    strided = run_again("one", "strided")
    assert (strided["misses"], strided["found"]) == (1, [1])
    for arguments in ((), ("strided",)):
        assert run_again("one", *arguments)["hits"] == 1
    assert len([*Path(strided["folder"]).glob("*_leaders*.nbc")]) == 2


@pytest.mark.slow
@pytest.mark.jit
def test_a_damaged_file_is_compiled_again(compiled_once, run_again):
    folder = Path(compiled_once[1]["folder"])
    # Another test may have compiled the kernel for strided arrays.
    whole = {path: path.read_bytes() for path in folder.glob("*_leaders*.nbc")}
    assert whole
    for path, content in whole.items():
        path.write_bytes(content[: len(content) // 2])
    again = run_again("one")
    assert (again["misses"], again["found"]) == (1, [2])
    # Compiled code differs slightly from one time to the next.
    assert any(path.stat().st_size > 0.9 * len(content) for path, content in whole.items())
    assert run_again("one")["hits"] == 1


def test_kernels_of_old_versions_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "bases", lambda: [tmp_path])
    for number in range(N_KEPT + 3):
        (tmp_path / f"old-{number}").mkdir()
        os.utime(tmp_path / f"old-{number}", (number, number))
    used = kernel_cache.folder.__wrapped__()
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {used.name, *(f"old-{number}" for number in range(4, N_KEPT + 3))}


def test_a_folder_that_cannot_be_written_is_used_if_it_holds_kernels(tmp_path, monkeypatch):
    # A file in place of a folder stands for one that cannot be written, also to a superuser.
    monkeypatch.setattr(kernel_cache, "bases", lambda: [tmp_path / "file", tmp_path / "empty"])
    (tmp_path / "file").write_text("")
    used = kernel_cache.folder.__wrapped__()
    assert used.parent == tmp_path / "empty"
    monkeypatch.setattr(kernel_cache.tempfile, "TemporaryFile", _refuse)
    assert kernel_cache.folder.__wrapped__() is None
    (used / "one.nbc").write_text("")
    assert kernel_cache.folder.__wrapped__() == used


def _refuse(**_):
    raise PermissionError("read-only")


def test_completeness_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "folder", lambda: tmp_path)
    assert not kernel_cache.is_complete()
    kernel_cache.mark_complete()
    assert kernel_cache.is_complete()
    monkeypatch.setattr(kernel_cache, "folder", lambda: None)
    kernel_cache.mark_complete()
    assert not kernel_cache.is_complete()
    assert not kernel_cache.is_writable()


def test_the_digest_follows_what_is_compiled(tmp_path):
    source, other, reader = (tmp_path / name for name in ("one.py", "other.py", "reader.py"))
    source.write_text("from .other import N\n\n@jit\ndef f(): ...\n")
    other.write_text("N = 1")
    reader.write_text("1")
    digests = [digest_of_sources(tmp_path)]
    reader.write_text("2")
    assert digest_of_sources(tmp_path) == digests[0], "no compiled code is made from it"
    for changed in (other, source):
        changed.write_text(changed.read_text() + "\n# changed\n")
        digests.append(digest_of_sources(tmp_path))
    assert len(set(digests)) == 3


@pytest.fixture
def stamped(tmp_path, monkeypatch):
    """Return a source, and a function that returns the package's digest and whether sources were read."""
    package = tmp_path / "package"
    package.mkdir()
    source = package / "one.py"
    source.write_text("@jit\ndef f(): ...\n")
    monkeypatch.setattr(kernel_cache, "bases", lambda: [tmp_path / "cache" / "kernels"])
    calls = []

    def counted(package):
        calls.append(package)
        return digest_of_sources(package)

    monkeypatch.setattr(kernel_cache, "digest_of_sources", counted)

    def digest():
        calls.clear()
        return kernel_cache.stamped_digest(package), bool(calls)

    return source, digest


def test_sources_are_read_again_only_after_a_change(stamped, monkeypatch):
    source, digest = stamped
    first = digest_of_sources(source.parent)
    assert [digest(), digest()] == [(first, True), (first, False)]
    # As in a reproducible package, size and modification time stay the same.
    status = source.stat()
    source.write_text("@jit\ndef g(): ...\n")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = digest_of_sources(source.parent)
    assert second != first
    assert [digest(), digest()] == [(second, True), (second, False)]
    monkeypatch.setattr(kernel_cache.numba, "__version__", "0.0")
    third, was_read = digest()
    assert was_read
    assert third != second


@pytest.mark.parametrize("damage", [b"", b"\xff", b"0" * 64, b"not a digest"])
def test_a_damaged_stamp_is_replaced(stamped, tmp_path, damage):
    _, digest = stamped
    expected, _ = digest()
    (stamp,) = (tmp_path / "cache").glob("sources-*")
    state = stamp.read_bytes().partition(b"\n")[2] if damage == b"not a digest" else b""
    stamp.write_bytes(damage + b"\n" + state)
    assert [digest(), digest()] == [(expected, True), (expected, False)]


def test_without_a_writable_folder_sources_are_read_each_time(stamped, tmp_path):
    _, digest = stamped
    # A file in place of the folder.
    (tmp_path / "cache").write_text("")
    assert [digest()[1], digest()[1]] == [True, True]


def test_kernels_do_not_depend_on_modules_that_read_files():
    names = {path.name for path in compiled_sources(PACKAGE)}
    assert {"tiles.py", "leaf_simd.py", "msc.py", "simd.py"} <= names
    readers = {"read.py", "iread.py", "xyz_checks.py", "describe_files.py", "writer.py"}
    assert not readers & names
    assert not {"run_checks.py", "materials_cloud.py", "compress.py"} & names
