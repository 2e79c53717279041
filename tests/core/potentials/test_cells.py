"""Tests of the folder of finished cells."""

import json

import pytest

from quests_core.potentials.cells import KEPT, Cell, CellStore


def cell(**changes):
    return Cell(
        **{
            "method": "msc",
            "n_frames": 2,
            "n_envs": 8,
            "fraction": 0.1,
            "seed": 0,
            "frames": [4, 1],
            **changes,
        }
    )


def test_a_cell_comes_back(tmp_path):
    store = CellStore(tmp_path / "a" / "b")
    kept = cell(overlap=0.5, seconds=1.0, information_loss=0.1, errors=[{"by": "all", "low": None}])
    store.save("one", kept)
    assert CellStore(tmp_path / "a" / "b").load("one") == kept
    assert store.load("two") is None


@pytest.mark.parametrize("status", ["finished", "diverged", "timeout", "failed", "missing"])
def test_what_may_succeed_later_is_repeated(tmp_path, status):
    store = CellStore(tmp_path)
    store.save("one", cell(status=status, message="why"))
    assert json.loads((tmp_path / "one.json").read_text())["status"] == status
    assert (store.load("one") is not None) == (status in KEPT)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"method": "msc"}'])
def test_a_file_that_is_no_cell_is_repeated(tmp_path, text):
    (tmp_path / "one.json").write_text(text)
    assert CellStore(tmp_path).load("one") is None


def test_names_depend_on_everything_and_are_file_names(tmp_path):
    store = CellStore(tmp_path)
    names = {
        store.name(*key, {"a": value}) for key in (("m", 1, 0), ("m", 1, 1), ("m", 2, 0)) for value in (1, 2)
    }
    assert len(names) == 6
    odd = store.name("../my method/ü", 1, 0, {})
    assert "/" not in odd
    assert not odd.startswith(".")
    assert store.name("a/b", 1, 0, {}) != store.name("a_b", 1, 0, {})
