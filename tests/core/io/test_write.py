"""Tests of writing subsets byte for byte."""

import gzip
import os

import ase.io
import numpy as np
import pytest

from quests_core import atoms_energy, atoms_forces, read, write_subset
from tests.core.labelled import assert_same, assert_same_labels, labelled

# Writing


def split(data, counts):
    """Split an xyz file into frames by known numbers of atoms, independently of the library."""
    lines, frames = data.splitlines(keepends=True), []
    for count in counts:
        frames.append(b"".join(lines[: count + 2]))
        lines = lines[count + 2 :]
    assert not b"".join(lines).strip()
    return frames


@pytest.mark.parametrize("ends", ["lf", "crlf", "mixed"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("gz_source", [False, True])
@pytest.mark.parametrize("gz_target", [False, True])
def test_frames_are_copied_byte_for_byte(extxyz, tmp_path, ends, final, gz_source, gz_target):
    counts = [len(atoms) for atoms in labelled()]
    data = extxyz.read_bytes().replace(b"kind 1", "Ångström \t".encode())
    if ends == "crlf":
        data = data.replace(b"\n", b"\r\n")
    if ends == "mixed":
        blocks = split(data, counts)
        data = b"".join(b.replace(b"\n", b"\r\n") if i % 2 else b for i, b in enumerate(blocks))
    if not final:
        data = data.rstrip(b"\r\n")
    source = tmp_path / ("source.xyz.gz" if gz_source else "source.xyz")
    source.write_bytes(gzip.compress(data) if gz_source else data)
    target = tmp_path / ("subset.xyz.gz" if gz_target else "subset.xyz")
    blocks = split(data, counts)

    for indices in ([1, 3], [3, 1, 0], [4, 2], [4], [0], list(range(5)), np.array([2, 4, 1], dtype=np.uint8)):
        for order in ("file", "rank"):
            write_subset(target, source, indices, order=order, overwrite=True)
            written = target.read_bytes()
            written = gzip.decompress(written) if gz_target else written
            chosen = sorted(indices) if order == "file" else list(indices)
            expected = [blocks[i] for i in chosen]
            assert written.splitlines() == b"".join(_ended(block) for block in expected).splitlines()
            if final or 4 not in chosen or chosen[-1] == 4:
                assert written == b"".join(expected)
            assert len(read(target)) == len(chosen)
    assert source.read_bytes()[:2] == (b"\x1f\x8b" if gz_source else data[:2])


def _ended(block):
    return block if block.endswith(b"\n") else block + b"\n"


def test_all_frames_in_file_order_equal_the_file(extxyz, tmp_path):
    target = tmp_path / "all.xyz"
    assert write_subset(target, extxyz, [4, 3, 2, 1, 0]) == target
    assert target.read_bytes() == extxyz.read_bytes()
    assert write_subset(str(target), str(extxyz), range(5), overwrite=True) == target


def test_a_final_blank_line_is_not_a_frame(extxyz, tmp_path):
    counts = [len(atoms) for atoms in labelled()]
    blocks = split(extxyz.read_bytes(), counts)
    extxyz.write_bytes(extxyz.read_bytes() + b"\n \n")
    target = write_subset(tmp_path / "out.xyz", extxyz, [4, 0], order="rank")
    assert target.read_bytes() == blocks[4] + blocks[0]


@pytest.mark.parametrize("source_kind", ["frames", "traj"])
def test_other_sources_keep_labels(tmp_path, source_kind):
    frames = labelled()
    source = frames
    if source_kind == "traj":
        source = tmp_path / "set.traj"
        ase.io.write(source, frames)
    target = write_subset(tmp_path / "out.extxyz", source, [3, 0], order="rank")
    back = read(target)
    assert_same(back, [frames[3], frames[0]])
    for one, i in zip(back, (3, 0), strict=True):
        assert atoms_energy(one) == pytest.approx(atoms_energy(frames[i]))
        np.testing.assert_allclose(atoms_forces(one), atoms_forces(frames[i]), atol=1e-7)
        assert one.info["config_type"] == f"kind {i % 2}" or source_kind == "traj"
    if source_kind == "frames":
        assert_same_labels(back, [frames[3], frames[0]])


@pytest.mark.parametrize("disguise", ["itself", "symlink", "hardlink", "relative", "symlinked folder"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_the_source_is_never_written_to(extxyz, tmp_path, monkeypatch, disguise, overwrite):
    before = extxyz.read_bytes()
    path = tmp_path / "disguise.xyz"
    if disguise == "itself":
        path = extxyz
    elif disguise == "symlink":
        path.symlink_to(extxyz)
    elif disguise == "hardlink":
        path.hardlink_to(extxyz)
    elif disguise == "relative":
        monkeypatch.chdir(tmp_path)
        path = f"../{tmp_path.name}/./{extxyz.name}"
    else:
        (tmp_path / "folder").symlink_to(tmp_path)
        path = tmp_path / "folder" / extxyz.name
    with pytest.raises(ValueError, match=r"^path: expected another file than the source, got "):
        write_subset(path, extxyz, [0], overwrite=overwrite)
    assert extxyz.read_bytes() == before


def test_the_source_behind_a_symlink_is_never_written_to(extxyz, tmp_path):
    link = tmp_path / "link.xyz"
    link.symlink_to(extxyz)
    before = extxyz.read_bytes()
    with pytest.raises(ValueError, match=r"^path: expected another file than the source"):
        write_subset(extxyz, link, [0], overwrite=True)
    assert extxyz.read_bytes() == before


def test_an_existing_file_is_kept_unless_overwrite(extxyz, tmp_path):
    target = tmp_path / "there.xyz"
    target.write_text("precious")
    with pytest.raises(FileExistsError) as error:
        write_subset(target, extxyz, [0])
    assert str(error.value) == f"{target} exists; set overwrite=True to replace it"
    assert target.read_text() == "precious"
    write_subset(target, extxyz, [0], overwrite=True)
    assert_same(read(target), labelled()[:1])


@pytest.mark.parametrize("fault", ["replace", "fsync"])
def test_a_failure_leaves_no_files(extxyz, tmp_path, monkeypatch, fault):
    target = tmp_path / "out.xyz"
    target.write_text("old")
    names = sorted(os.listdir(tmp_path))

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(os, fault, fail)
    with pytest.raises(OSError, match="no space left"):
        write_subset(target, extxyz, [0], overwrite=True)
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path)) == names
    assert target.read_text() == "old"


def test_success_leaves_only_the_target(extxyz, tmp_path):
    names = set(os.listdir(tmp_path))
    target = write_subset(tmp_path / "out.xyz", extxyz, [0])
    assert set(os.listdir(tmp_path)) - names == {"out.xyz"}
    usual = tmp_path / "usual.txt"
    usual.write_text("")
    assert target.stat().st_mode == usual.stat().st_mode


def test_a_folder_is_not_a_target(extxyz, tmp_path):
    folder = tmp_path / "folder.xyz"
    folder.mkdir()
    for overwrite in (False, True):
        with pytest.raises(OSError, match="folder"):
            write_subset(folder, extxyz, [0], overwrite=overwrite)
    with pytest.raises(FileNotFoundError):
        write_subset(tmp_path / "absent" / "out.xyz", extxyz, [0])
    assert sorted(os.listdir(tmp_path)) == ["folder.xyz", "set.xyz"]


@pytest.mark.parametrize(
    ("indices", "kind", "message"),
    [
        ([0, 5], ValueError, "indices: expected frames from 0 to 4, got 5"),
        ([-1], ValueError, "indices: expected frames from 0 to 4, got -1"),
        ([2, 1, 2], ValueError, "indices: expected each frame once, got frame 2 more than once"),
        ([], ValueError, "indices: expected at least 1 frame, got 0"),
        (
            [0.0],
            TypeError,
            "indices: expected a list of integers, got an array of dtype float64 and shape (1,)",
        ),
    ],
)
def test_wrong_indices(extxyz, tmp_path, indices, kind, message):
    for source in (extxyz, labelled()):
        with pytest.raises(kind, match="indices") as error:
            write_subset(tmp_path / "out.xyz", source, indices)
        assert str(error.value) == message
    assert os.listdir(tmp_path) == ["set.xyz"]


def test_wrong_order(extxyz, tmp_path):
    with pytest.raises(ValueError, match=r"^order: expected one of 'file', 'rank', got 'random'$"):
        write_subset(tmp_path / "out.xyz", extxyz, [0], order="random")


def test_an_invalid_source_is_refused(extxyz, tmp_path):
    extxyz.write_bytes(extxyz.read_bytes()[:-300])
    with pytest.raises(ValueError, match=r"^set\.xyz, frame 4, line \d+: the frame is cut off"):
        write_subset(tmp_path / "out.xyz", extxyz, [0])
    with pytest.raises(FileNotFoundError):
        write_subset(tmp_path / "out.xyz", tmp_path / "absent.xyz", [0])
    assert os.listdir(tmp_path) == ["set.xyz"]
