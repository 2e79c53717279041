"""Tests of files compressed by gzip, bzip2, xz and zstd."""

import bz2
import gzip
import importlib.util
import lzma
import zlib

import ase.io
import pytest
from ase.build import bulk

from quests_core import read, write_subset
from quests_core.cli import output as cli_output
from quests_core.io import compressed
from quests_core.utils import memory
from tests.core.labelled import assert_same, assert_same_labels, labelled

PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
KIND = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}
HAS_ZSTD = importlib.util.find_spec("compression") is not None


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("name", ["set.xyz", "SET.EXTXYZ", "set.traj"])
def test_every_compression_is_read(extxyz, tmp_path, suffix, name):
    if name.endswith("traj"):
        ase.io.write(tmp_path / name, labelled())
        data = (tmp_path / name).read_bytes()
    else:
        data = extxyz.read_bytes()
    path = tmp_path / (name + suffix)
    path.write_bytes(PACK[suffix](data))
    assert_same(read(path), labelled())
    if not name.endswith("traj"):  # which does not hold every label
        assert_same_labels(read(path), labelled())


@pytest.mark.parametrize("suffix", PACK)
def test_several_streams_are_one_file(extxyz, tmp_path, suffix):
    path = tmp_path / f"set.xyz{suffix}"
    padding = bytes(8) if suffix == ".xz" else b""
    path.write_bytes((PACK[suffix](extxyz.read_bytes()) + padding) * 2)
    assert_same(read(path), labelled() * 2)


@pytest.mark.parametrize("suffix", PACK)
def test_blank_lines_between_frames_are_refused(tmp_path, suffix):
    path = tmp_path / f"x.xyz{suffix}"
    path.write_bytes(PACK[suffix](b"1\n\nH 0 0 0\n\n1\n\nH 0 0 0\n"))
    with pytest.raises(ValueError, match=r"frame 1, line 4: expected the number of atoms, got ''"):
        read(path)


@pytest.mark.parametrize("suffix", PACK)
def test_damage_is_refused(extxyz, tmp_path, suffix):
    whole = PACK[suffix](extxyz.read_bytes())
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    path = tmp_path / f"x.xyz{suffix}"
    for data in (whole[:-20], whole[: len(whole) // 2], bytes(flipped), whole + b"rubbish"):
        path.write_bytes(data)
        with pytest.raises(
            ValueError, match=rf"^x\.xyz\{suffix}: the {KIND[suffix]} data are damaged or cut"
        ):
            read(path)


@pytest.mark.parametrize("suffix", PACK)
def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"x.xyz{suffix}"
    path.write_bytes(PACK[suffix](b"1\n\nH 0 0 0\n" * 1_000_000))
    monkeypatch.setattr(memory, "available", lambda: 10_000_000)
    with pytest.raises(ValueError, match=rf"^x\.xyz\{suffix}: unpacking it would take"):
        read(path)
    path.write_bytes(PACK[suffix](bytes(5_000_000)))
    with pytest.raises(ValueError, match="expected the number of atoms"):
        read(path)


def test_an_xz_file_with_a_giant_dictionary_is_refused(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]
    small = bytearray(lzma.compress(b"1\n\nH 0 0 0\n", filters=filters))
    # Block header: size, flags, filter id, size of properties, dictionary; then zeros and a CRC32.
    small[16] = 36  # of a dictionary of 1 GB, which only its reader would have to allocate
    size = (small[12] + 1) * 4
    small[12 + size - 4 : 12 + size] = zlib.crc32(small[12 : 12 + size - 4]).to_bytes(4, "little")
    path = tmp_path / "x.xyz.xz"
    path.write_bytes(small)
    with pytest.raises(ValueError, match=r"^x\.xyz\.xz: the xz data are damaged or cut off \(Memory"):
        read(path)


@pytest.mark.parametrize("suffix", PACK)
def test_subsets_are_compressed_by_suffix(tmp_path, suffix):
    path = write_subset(tmp_path / f"x.xyz{suffix}", [bulk("Cu"), bulk("Ag")], [1])
    assert path.read_bytes()[:3] == PACK[suffix](b"")[:3]
    assert [str(atoms.symbols) for atoms in read(path)] == ["Ag"]
    assert compressed.compress(b"abc", path.name) == compressed.compress(b"abc", path.name)


@pytest.mark.skipif(HAS_ZSTD, reason="this Python has zstd")
def test_zstd_is_refused_if_unavailable(tmp_path):
    path = tmp_path / "x.xyz.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(20))
    for act in (lambda: read(path), lambda: write_subset(tmp_path / "y.xyz.zst", [bulk("Cu")], [0])):
        with pytest.raises(ValueError, match=r"^[xy]\.xyz\.zst: zstd \(\.zst\) needs Python 3\.14 or newer"):
            act()
    assert not (tmp_path / "y.xyz.zst").exists()


@pytest.mark.skipif(not HAS_ZSTD, reason="zstd needs Python 3.14")
def test_zstd_is_read_and_written(extxyz, tmp_path):
    path = write_subset(tmp_path / "x.xyz.zst", extxyz, [0, 1, 2, 3, 4])
    assert_same(read(path), labelled())


@pytest.mark.parametrize("suffix", PACK)
def test_outputs_of_the_command_line_are_compressed_by_suffix(tmp_path, suffix):
    output = str(tmp_path / f"x.csv{suffix}")
    cli_output.check_target(output, False, endings=(".csv",))
    cli_output.write_target(output, b"abc", False)
    assert compressed.read_bytes(tmp_path / f"x.csv{suffix}") == b"abc"
