"""Parts of files: the frames are those of `iread`, whichever process parses them."""

import pickle

import pytest
from ase.build import bulk
from ase.io import write

from quests_core import iread
from quests_core.io import xyz_checks
from quests_core.io.compressed import compress
from quests_core.io.frame_parts import frame_parts, read_part
from quests_core.io.labels import GivenLabels


def frames():
    made = [bulk("Cu", cubic=True) if i % 3 else bulk("NaCl", "rocksalt", a=5.6) for i in range(11)]
    for i, atoms in enumerate(made):
        atoms.info["note"] = f"frame {i}, å"
    return made


@pytest.fixture(params=["a.xyz", "a.xyz.gz", "a.xyz.bz2", "a.traj"])
def path(request, tmp_path):
    path = tmp_path / request.param
    if request.param == "a.traj":
        write(path, frames())
    else:
        write(tmp_path / "plain.xyz", frames(), format="extxyz")
        path.write_bytes(compress((tmp_path / "plain.xyz").read_bytes(), path.name))
    return path


def no_labels(path):
    return GivenLabels(path.name)


@pytest.mark.parametrize("n_skipped", [0, 4, 10, 11])
@pytest.mark.parametrize("n_envs", [1, 7, 1000])
def test_parts_have_the_frames_of_the_file(path, n_skipped, n_envs):
    parts = list(frame_parts(path, n_skipped, n_envs))
    found, first = [], n_skipped
    for part in parts:
        read = read_part(pickle.loads(pickle.dumps(part)), no_labels(path))
        assert part.frame == first
        sizes = [len(atoms) for atoms in read]
        assert sum(sizes[:-1]) < n_envs
        assert sum(sizes) >= n_envs or part is parts[-1]
        found += read
        first += len(read)
    expected = list(iread(path))[n_skipped:]
    assert found == expected
    assert [atoms.info for atoms in found] == [atoms.info for atoms in expected]
    ends = [part.end for part in parts]
    assert ends == sorted(ends)
    assert not ends or ends[-1] == path.stat().st_size


def test_the_text_of_a_plain_file_is_not_sent(tmp_path):
    write(tmp_path / "a.xyz", frames(), format="extxyz")
    assert [part.content for part in frame_parts(tmp_path / "a.xyz", 0, 8)] == [None] * 4


def test_errors_name_frame_and_line_as_those_of_iread(tmp_path, monkeypatch):
    monkeypatch.setattr(xyz_checks, "_CHUNK", 64)
    path = tmp_path / "a.xyz"
    good = '1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nCu 0 0 0\n'
    for bad in (good.replace("Cu 0", "Cu x"), good.replace("Cu 0", "Cu nan"), "1\nno more\n"):
        path.write_text(3 * good + bad)
        with pytest.raises(ValueError, match=r"^a\.xyz, frame 3") as expected:
            list(iread(path))
        read = []
        with pytest.raises(ValueError, match=r"^a\.xyz, frame 3") as found:
            read += [len(read_part(part, no_labels(path))) for part in frame_parts(path, 1, 2)]
        assert str(found.value) == str(expected.value)


def test_a_file_that_was_cut_off_since_is_refused(tmp_path):
    path = tmp_path / "a.xyz"
    write(path, frames(), format="extxyz")
    *_, last = frame_parts(path, 0, 8)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="changed while it was read"):
        read_part(last, no_labels(path))
