"""Only regular files are opened, without waiting for a writer or reading endless devices."""

import os
import socket
import stat

import pytest

from quests_core import read
from quests_core.io.read_process import read_in_process
from quests_core.utils.checksum import sha256_of
from quests_core.utils.regular import open_regular

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
NAMES = ("x.xyz", "x.xyz.gz", "x.cif", "x.db", "x")


@pytest.fixture(params=["FIFO", "device", "socket", "folder"])
def odd(request, tmp_path, monkeypatch):
    """Return a function that creates something other than a regular file."""
    # Paths of sockets must be short.
    monkeypatch.chdir(tmp_path)

    def make(name):
        if request.param == "FIFO":
            os.mkfifo(name)
        elif request.param == "device":
            os.symlink("/dev/zero", name)
        elif request.param == "folder":
            os.mkdir(name)
        else:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(name)
        return tmp_path / name, f"expected a regular file, got a {request.param}"

    return make


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by_link", [False, True])
@pytest.mark.parametrize("opens", [read, read_in_process, sha256_of, open_regular])
def test_other_than_regular_files_are_refused_at_once(odd, name, by_link, opens, tmp_path):
    path, message = odd(name)
    if by_link:
        path = tmp_path / f"link-{name}"
        path.symlink_to(name)
    with pytest.raises(ValueError, match=message):
        opens(path)


def test_a_file_replaced_after_the_check_is_refused(tmp_path, monkeypatch):
    path, fifo = tmp_path / "x.xyz", tmp_path / "fifo"
    path.write_text("1\n\nCu 0 0 0\n")
    os.mkfifo(fifo)
    regular = os.stat(path)
    assert stat.S_ISREG(regular.st_mode)
    monkeypatch.setattr("quests_core.utils.regular.os.stat", lambda _: regular)
    with pytest.raises(ValueError, match="got a FIFO"):
        open_regular(fifo)


def test_missing_file_raises_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        open_regular(tmp_path / "x.xyz")
