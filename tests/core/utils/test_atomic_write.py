"""Tests of atomic writing: files are complete or absent, keep permissions, and only files are replaced."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quests_core.utils import atomic_write as module
from quests_core.utils.atomic_write import atomic_write

posix = pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.fixture(params=[True, False], ids=["hard links", "no hard links"])
def links(request, monkeypatch):
    """File systems with hard links, and without."""

    def refuse(*_, **__):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    if not request.param:
        monkeypatch.setattr(module.os, "link", refuse)


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def test_bytes_and_functions(tmp_path, links):
    for overwrite in (True, False):
        for i, content in enumerate((b"abc", lambda file: file.write(b"abc"))):
            path = tmp_path / f"{overwrite}{i}"
            atomic_write(path, content, overwrite=overwrite)
            assert path.read_bytes() == b"abc"
    assert len(names(tmp_path)) == 4, "nothing else is left"


@posix
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path, umask, links):
    for overwrite in (True, False):
        atomic_write(tmp_path / f"plain{overwrite}", b"", overwrite=overwrite)
        atomic_write(tmp_path / f"private{overwrite}", b"", overwrite=overwrite, private=True)
    (tmp_path / "other").write_bytes(b"")
    assert mode(tmp_path / "plainTrue") == mode(tmp_path / "plainFalse") == mode(tmp_path / "other") == 0o640
    assert mode(tmp_path / "privateTrue") == mode(tmp_path / "privateFalse") == 0o600


@posix
@pytest.mark.parametrize("bits", [0o600, 0o640, 0o664, 0o755])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, bits):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    path.chmod(bits)
    atomic_write(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", bits)


@posix
def test_nobody_reads_a_private_file_while_it_is_replaced(tmp_path):
    path, seen = tmp_path / "kept", []
    path.write_bytes(b"old")
    path.chmod(0o640)

    def write(file):
        seen.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        file.write(b"new")

    atomic_write(path, write)
    assert seen == [0o600]


@posix
def test_target_of_a_link_is_written(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("old", "new"):
        (tmp_path / name).symlink_to(tmp_path / "data" / name)
    (tmp_path / "data/old").write_bytes(b"old")
    for name in ("old", "new"):
        atomic_write(tmp_path / name, b"written")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "data" / name).read_bytes() == b"written"
    assert names(tmp_path / "data") == ["new", "old"]


def fifo(path):
    os.mkfifo(path)


def identity(path):
    """Return what replacing a file would change; looking at a link changes the time of its last access."""
    found = path.lstat()
    return found.st_ino, found.st_mode, found.st_mtime_ns


@posix
@pytest.mark.parametrize("make", [fifo, lambda path: path.symlink_to("/dev/null")])
def test_only_regular_files_are_replaced(tmp_path, make):
    path = tmp_path / "odd"
    make(path)
    before = identity(path)
    with pytest.raises(ValueError, match=r"expected a regular file, or none, to write to$"):
        atomic_write(path, b"new")
    assert identity(path) == before
    assert names(tmp_path) == ["odd"]
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_folder_is_not_replaced(tmp_path):
    with pytest.raises(IsADirectoryError):
        atomic_write(tmp_path, b"new")
    assert names(tmp_path) == []


@posix
@pytest.mark.parametrize("make", [Path.touch, fifo, os.mkdir, lambda path: path.symlink_to("nowhere")])
def test_without_overwrite_existing_files_are_untouched(tmp_path, make, links):
    path = tmp_path / "there"
    make(path)
    before = path.lstat()
    with pytest.raises(FileExistsError, match=r"there exists already$"):
        atomic_write(path, b"new", overwrite=False)
    assert path.lstat() == before
    assert names(tmp_path) == ["there"]


def test_without_overwrite_files_created_meanwhile_are_untouched(tmp_path, links):
    path = tmp_path / "late"

    def write(file):
        file.write(b"mine")
        path.write_bytes(b"theirs")

    with pytest.raises(FileExistsError, match=r"late exists already$"):
        atomic_write(path, write, overwrite=False)
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["late"]


def test_one_of_many_concurrent_writers_succeeds(tmp_path, links):
    path, won, start = tmp_path / "one", [], threading.Barrier(8)

    def work(i):
        start.wait()
        try:
            atomic_write(path, str(i).encode(), overwrite=False)
            won.append(i)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes().decode()] == list(map(str, won))
    assert names(tmp_path) == ["one"]


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_changes_nothing_and_names_the_target(tmp_path, overwrite, error, links):
    path = tmp_path / "target"
    if overwrite:
        path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)) as raised:
        atomic_write(path, write, overwrite=overwrite)
    assert names(tmp_path) == (["target"] if overwrite else [])
    assert not overwrite or path.read_bytes() == b"old"
    if isinstance(error, OSError):
        assert str(raised.value) == f"[Errno {errno.ENOSPC}] No space left on device: {str(path)!r}"


def test_missing_folder_error_names_the_target(tmp_path):
    path = tmp_path / "gone" / "target"
    for overwrite in (True, False):
        with pytest.raises(FileNotFoundError) as raised:
            atomic_write(path, b"", overwrite=overwrite)
        assert raised.value.filename == str(path)


def test_names_may_have_the_maximum_length(tmp_path):
    path = tmp_path / ("x" * 250 + ".xyz")
    atomic_write(path, b"1", overwrite=False)
    atomic_write(path, b"2")
    assert path.read_bytes() == b"2"


KILLED = """
import os, signal, sys
from quests_core.utils.atomic_write import atomic_write

def write(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

atomic_write(sys.argv[1], write)
"""


@posix
@pytest.mark.parametrize("overwrite", [True, False])
def test_parts_of_a_killed_process_are_deleted_by_the_next_write(tmp_path, overwrite):
    target, other = tmp_path / "a.txt", tmp_path / "b.txt"
    for path in (target, other):
        subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    (tmp_path / ".mine.part").write_bytes(b"")
    (tmp_path / f"{module._part_prefix(target)}link.part").symlink_to(other)
    assert len(names(tmp_path)) == 4
    atomic_write(target, b"whole", overwrite=overwrite)
    left = {name for name in names(tmp_path) if name.endswith(".part")}
    (of_other,) = (name for name in left if name.startswith(module._part_prefix(other)))
    assert left == {of_other, ".mine.part", f"{module._part_prefix(target)}link.part"}
    assert target.read_bytes() == b"whole"


@posix
def test_locked_parts_are_not_deleted(tmp_path):
    path = tmp_path / "a.txt"

    def write(file):
        file.write(b"first")
        atomic_write(path, b"second")
        assert path.read_bytes() == b"second"

    atomic_write(path, write)
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a.txt"]


@posix
def test_a_part_deleted_before_it_is_locked_is_recreated(tmp_path, monkeypatch):
    seen, lock = [], module._lock

    def late(descriptor):
        if not seen:
            seen.extend(names(tmp_path))
            module._remove_parts(tmp_path / "a.txt")
        return lock(descriptor)

    monkeypatch.setattr(module, "_lock", late)
    atomic_write(tmp_path / "a.txt", b"1")
    assert len(seen) == 1
    assert names(tmp_path) == ["a.txt"]


@posix
def test_unlocked_parts_of_other_users_or_file_systems_without_locks_are_kept(tmp_path, monkeypatch):
    part = tmp_path / f"{module._part_prefix(tmp_path / 'a.txt')}x.part"
    part.write_bytes(b"")

    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks")

    with monkeypatch.context() as patch:
        patch.setattr(module.fcntl, "flock", refuse)
        atomic_write(tmp_path / "a.txt", b"1")
    with monkeypatch.context() as patch:
        patch.setattr(module.os, "getuid", lambda: os.stat(part).st_uid + 1)
        atomic_write(tmp_path / "a.txt", b"2")
    assert part.exists()
    atomic_write(tmp_path / "a.txt", b"3")
    assert names(tmp_path) == ["a.txt"]
