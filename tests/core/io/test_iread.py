"""Frames read one by one are those of `read`."""

import bz2
import gzip
import itertools

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from quests_core import Cancelled, Progress, iread, read
from quests_core.io import compressed, xyz_checks
from quests_core.io.iread import iread_file
from quests_core.io.labels import GivenLabels
from tests.core.io import test_xyz_file
from tests.core.labelled import labelled

BAD = test_xyz_file.test_unusable_xyz_is_refused_with_frame_and_reason.pytestmark[0].args[1]
CHUNKS = (16, 61, 1 << 20)


@pytest.fixture(params=CHUNKS, ids="chunks of {}".format)
def chunk(request, monkeypatch):
    monkeypatch.setattr(compressed, "_CHUNK", request.param)
    return request.param


def content(atoms):
    results, constraints = getattr(atoms.calc, "results", None), [one.todict() for one in atoms.constraints]
    return atoms.arrays, atoms.info, results, constraints, atoms.cell.array, atoms.pbc


def same(frames, expected):
    """All content is the same, bit for bit."""
    assert len(frames) == len(expected)
    for one, other in zip(frames, expected, strict=True):
        np.testing.assert_equal(content(one), content(other))


def packed(path, data):
    pack = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(data))
    return path


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2"])
def test_frames_and_notes_are_those_of_read(extxyz, tmp_path, chunk, suffix):
    data = extxyz.read_bytes() + b"1\nkinetic energy=3 pbc='F F F'\nCu 0 0 0\n  \n\n"
    path = packed(tmp_path / f"all.xyz{suffix}", data)
    notes, expected_notes = [], []
    expected = read(path, notes=expected_notes)
    assert len(expected) == len(labelled()) + 1
    same(list(iread(path, notes=notes)), expected)
    assert notes == expected_notes != []


def test_several_files_are_one_set(extxyz, tmp_path):
    other = bulk("Au")
    other.info["source"] = "VASP"
    write(tmp_path / "other.xyz", other, format="extxyz")
    write(tmp_path / "third.cif", bulk("Ag"), format="cif")
    paths = [extxyz, tmp_path / "other.xyz", tmp_path / "third.cif"]
    notes, expected_notes = [], []
    expected = read(paths, notes=expected_notes)
    same(list(iread(paths, notes=notes)), expected)
    assert notes == expected_notes != []
    same(list(iread(tmp_path / "*.xyz")), read(tmp_path / "*.xyz"))


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(("content", "message"), BAD)
def test_errors_are_those_of_read(tmp_path, chunk, content, message, suffix):
    path = packed(tmp_path / f"bad.xyz{suffix}", content.encode())
    with pytest.raises(ValueError, match="bad") as error:
        list(iread(path))
    assert str(error.value) == message.replace("bad.xyz", path.name)


def test_frames_before_an_error_are_yielded(tmp_path, chunk):
    path = tmp_path / "bad.xyz"
    path.write_text(test_xyz_file.GOOD * 3 + "1\n\nCu 0 0 x\n" + test_xyz_file.GOOD)
    frames = iread(path)
    assert len(list(itertools.islice(frames, 3))) == 3
    with pytest.raises(ValueError, match=r"^bad\.xyz, frame 3, line 15: expected a number"):
        next(frames)


def test_damaged_data_are_refused(extxyz, tmp_path):
    path = tmp_path / "cut.xyz.gz"
    path.write_bytes(gzip.compress(extxyz.read_bytes())[:-20])
    with pytest.raises(ValueError, match=r"^cut\.xyz\.gz: the gzip data are damaged or cut off"):
        list(iread(path))


def test_paths_are_checked_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        iread(tmp_path / "absent.xyz")
    with pytest.raises(TypeError, match=r"^path: expected a path or a sequence of paths, got int"):
        iread(3)


def with_keys(path):
    """Write frames, of which the second has a label under a key that is not recognised."""
    frames = [bulk("Cu"), bulk("Cu"), bulk("Cu")]
    frames[0].info["E0"] = 1.0
    frames[1].info["my_value"] = -3.5
    frames[1].arrays["my_column"] = np.array([[0.25, 0.5, -1.0]])
    write(path, frames, format="extxyz")
    return path


def test_given_keys_are_used_as_by_read(tmp_path):
    path, keys = with_keys(tmp_path / "keys.xyz"), {"energy_key": "my_value", "forces_key": "my_column"}
    notes, expected_notes = [], []
    expected = read(path, notes=expected_notes, **keys)
    frames = list(iread(path, notes=notes, **keys))
    same(frames, expected)
    assert frames[1].get_potential_energy() == -3.5
    assert notes == expected_notes != []
    for wrong in ({"energy_key": "x"}, {"forces_key": "y"}, {"energy_key": "my_value", "forces_key": "y"}):
        with pytest.raises(ValueError, match="_key: expected a key of keys") as expected_error:
            read(path, **wrong)
        with pytest.raises(ValueError, match="_key: expected a key of keys") as error:
            list(iread(path, **wrong))
        assert str(error.value) == str(expected_error.value)


def test_skipped_frames_are_not_parsed(tmp_path):
    path = tmp_path / "one.xyz"
    path.write_text("1\n\nCu 0 0 x\n1\nE=2\nAg 0 0 0\n")
    labels = GivenLabels(path.name, "E")
    (atoms,) = iread_file(path, labels, [], n_skipped=1)
    assert str(atoms.symbols) == "Ag"
    assert labels.found == {"energy"}
    assert list(iread_file(path, labels, [], n_skipped=2)) == []


def searched_sizes(monkeypatch):
    """Return a list to which the sizes of the parts are added that are searched for frames."""
    sizes, bounds = [], xyz_checks.frame_bounds

    def counted(data, *rest):
        sizes.append(len(data))
        return bounds(data, *rest)

    monkeypatch.setattr(xyz_checks, "frame_bounds", counted)
    return sizes


def test_memory_is_bounded_by_the_chunk(tmp_path, monkeypatch):
    """The parts of the file that are searched for frames stay small, and no frame is lost."""
    monkeypatch.setattr(compressed, "_CHUNK", 1000)
    path = packed(tmp_path / "long.xyz.gz", test_xyz_file.GOOD.encode() * 2000)
    sizes = searched_sizes(monkeypatch)
    assert sum(1 for _ in iread(path)) == 2000
    assert max(sizes) < 1000 + len(test_xyz_file.GOOD)
    assert len(sizes) > 100


def test_a_large_frame_is_searched_a_few_times(tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "_CHUNK", 100)
    path = tmp_path / "large.xyz"
    path.write_text("5000\n\n" + "".join(f"Cu {3 * i} 0 0\n" for i in range(5000)))
    sizes = searched_sizes(monkeypatch)
    (atoms,) = iread(path)
    assert len(atoms) == 5000
    assert sum(sizes) < 6 * path.stat().st_size


def test_progress_counts_bytes_of_all_files_and_cancels(extxyz, tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "_CHUNK", 200)
    (tmp_path / "b.xyz").write_bytes(extxyz.read_bytes())
    calls = []
    list(iread(tmp_path / "*.xyz", progress=lambda *call: calls.append(call)))
    total = 2 * extxyz.stat().st_size
    assert {(step, n) for step, _, n in calls} == {("reading", total)}
    done = [one for _, one, _ in calls]
    assert done == sorted(done)
    assert done[-1] == total
    progress = Progress()
    frames = iread(extxyz, progress=progress)
    next(frames)
    progress.cancel()
    with pytest.raises(Cancelled):
        list(frames)
