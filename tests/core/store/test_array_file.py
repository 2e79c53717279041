"""Arrays written in parts."""

import numpy as np
import pytest

from quests_core.store.array_file import ArrayFile

KINDS = [("float64", (63,)), ("float64", (3,)), ("uint8", ()), ("int32", ()), ("int64", ())]


@pytest.mark.parametrize(("dtype", "row_shape"), KINDS)
def test_the_file_is_that_of_numpy(tmp_path, dtype, row_shape, rng):
    rows = (100 * rng.random((70, *row_shape))).astype(dtype)
    path = tmp_path / "a.npy"
    file = ArrayFile(path, dtype, row_shape)
    for first in (0, 30, 60):
        file.write(first, rows[first : first + 30])
    file.finish(70)
    np.save(tmp_path / "b.npy", rows)
    assert path.read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_rows_are_overwritten_and_the_rest_removed(tmp_path):
    path = tmp_path / "a.npy"
    file = ArrayFile(path, "int32")
    file.write(0, np.arange(10))
    file.close()
    assert len(np.load(path)) == 0
    file = ArrayFile(path, "int32")
    file.write(3, [7, 7])
    file.finish(5)
    assert np.load(path).tolist() == [0, 1, 2, 7, 7]


def test_a_file_cut_off_in_its_header_is_begun_again(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY")
    file = ArrayFile(path, "int32")
    file.write(0, [1])
    file.finish(1)
    assert np.load(path).tolist() == [1]


def test_the_header_has_space_for_any_number_of_rows(tmp_path):
    path = tmp_path / "a.npy"
    file = ArrayFile(path, "float64", (10_000,))
    file._write_header(10**15)
    file.close()
    assert path.stat().st_size == 128
