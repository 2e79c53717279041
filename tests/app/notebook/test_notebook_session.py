"""The data that a notebook opens."""

import ase.db
import numpy as np
import pytest

from quests_app import Explorer
from quests_core import Environments, descriptors, read
from quests_core.published.checksums import write_with_checksum
from quests_core.published.fetch import SOURCES


def test_all_sources_give_the_same_order(open_explorer, frames, file, tmp_path):
    with ase.db.connect(tmp_path / "copper.db") as database:
        for atoms in frames:
            database.write(atoms, config_type=atoms.info["config_type"])
    orders = [
        open_explorer(source).order.tolist()
        for source in (file, str(file), read(file), tmp_path / "copper.db", database)
    ]
    assert orders.count(orders[0]) == len(orders)


def test_precomputed_descriptors_are_used(open_explorer, frames):
    usual = open_explorer(frames)
    rows = np.random.default_rng(0).normal(size=(usual.envs.n_envs, 3))
    envs = Environments(rows, usual.envs.offsets)
    own = open_explorer(frames, envs, bandwidth=0.5)
    assert own.envs is envs
    assert own.order.tolist() != usual.order.tolist()
    alone = open_explorer(envs, bandwidth=0.5)
    assert sorted(alone.order.tolist()) == list(range(len(frames)))
    with pytest.raises(ValueError, match="got descriptors alone"):
        _ = alone.subset
    with pytest.raises(ValueError, match="got descriptors alone"):
        _ = alone.structure


def test_descriptors_must_fit_their_frames(open_explorer, frames):
    with pytest.raises(ValueError, match=f"expected {len(frames)} frames, got {len(frames) - 1}"):
        open_explorer(frames, descriptors(frames[1:]))
    with pytest.raises(ValueError, match="expected 1 rows for frame 0, one per atom, got 4"):
        open_explorer(frames, descriptors(frames[::-1]))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("absent.xyz", FileNotFoundError, "absent.xyz: no such file"),
        (3, TypeError, "got int"),
        ([1, 2], TypeError, "got list"),
        ([], TypeError, "got list"),
    ],
)
def test_unusable_inputs_raise_an_error(data, error, message):
    with pytest.raises(error, match=message):
        Explorer(data)


def test_a_published_set_by_its_name(open_explorer, file, tmp_path, monkeypatch):
    def refuse(*_):
        raise ConnectionError("no route to host")

    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(SOURCES, "gap20", refuse)
    folder = tmp_path / "datasets" / "gap20"
    folder.mkdir(parents=True)
    write_with_checksum(folder / "Tiny.xyz", [file.read_bytes()])
    explorer = open_explorer("gap20:Tiny")
    assert explorer.order.tolist() == open_explorer(file).order.tolist()
    assert "'gap20:Tiny'" in repr(explorer)
    with pytest.raises(ValueError, match="gap20:Other: not in the cache, and cannot be downloaded"):
        open_explorer("gap20:Other")
    with pytest.raises(FileNotFoundError, match="nothing:there: no such file"):
        open_explorer("nothing:there")
