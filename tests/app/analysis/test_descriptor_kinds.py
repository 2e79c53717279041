"""Other descriptors than those of the package: which a session may use, arrays, and the bandwidth."""

import importlib.util
import math
import pickle

import numpy as np
import pytest
from ase.build import bulk

from quests_app.analysis.analysed_dataset import AnalysedDataset, environments
from quests_app.analysis.descriptor_kinds import DESCRIPTORS, installed, load_array, matched_bandwidth
from quests_app.analysis.parameters import Parameters
from quests_core import Environments, entropy
from quests_core.io.dataset import load


@pytest.fixture
def opened(file):
    dataset, parameters = load(file), Parameters(bandwidth=0.05)
    return AnalysedDataset(dataset, parameters, environments(dataset, parameters))


def test_kinds_are_those_that_are_installed_and_allowed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "dscribe" else object())
    assert list(installed(files=True, code=True)) == ["mace", "array"]
    assert list(installed(files=True, code=False)) == ["array"]
    assert list(installed(files=False, code=True)) == []


def test_the_bandwidth_gives_the_entropy_that_the_set_had(opened):
    # Another unit alone changes nothing else.
    scaled = Environments(7.0 * opened.envs.X, opened.envs.offsets)
    assert math.isclose(matched_bandwidth(scaled, opened), 7 * 0.05, rel_tol=1e-3)
    rng = np.random.default_rng(0)
    other = Environments(rng.normal(size=(opened.envs.n_envs, 3)), opened.envs.offsets)
    h = matched_bandwidth(other, opened)
    assert abs(entropy(other, h) - entropy(opened.envs, 0.05)) < 1e-3
    with pytest.raises(ValueError, match="expected environments that are not all equal"):
        matched_bandwidth(Environments(np.zeros((opened.envs.n_envs, 3)), opened.envs.offsets), opened)


@pytest.mark.parametrize("kind", ["float32", "float64", "int64"])
def test_an_array_has_a_row_for_each_atom(opened, tmp_path, rng, kind):
    X = (100 * rng.normal(size=(opened.envs.n_envs, 4))).astype(kind)
    np.save(tmp_path / "x.npy", X)
    envs = load_array(tmp_path / "x.npy", opened.dataset.frames)
    np.testing.assert_array_equal(envs.X, X.astype(np.float64))
    np.testing.assert_array_equal(envs.offsets, opened.envs.offsets)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda n: np.zeros((n + 1, 2)), "expected an array of shape .*, one row per atom, got shape"),
        (lambda n: np.zeros(n), "expected an array of shape .* got shape"),
        (lambda n: np.full((n, 2), "x"), "expected an array of shape .* of numbers"),
        (lambda n: np.full((n, 2), np.nan), "finite"),
        (lambda n: np.full((n, 2), None, dtype=object), "expected an array of numpy"),
    ],
)
def test_other_arrays_are_refused(opened, tmp_path, content, reason):
    np.save(tmp_path / "x.npy", content(opened.envs.n_envs), allow_pickle=True)
    with pytest.raises(ValueError, match=reason):
        load_array(tmp_path / "x.npy", opened.dataset.frames)


def test_nothing_else_is_read_as_an_array(opened, tmp_path):
    path = tmp_path / "x.npy"
    for content in (b"", b"text", pickle.dumps([1, 2])):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.npy: expected an array of numpy"):
            load_array(path, opened.dataset.frames)
    with path.open("wb") as file:
        np.savez(file, X=np.zeros((opened.envs.n_envs, 2)))
    with pytest.raises(ValueError, match="got an archive"):
        load_array(path, opened.dataset.frames)
    with pytest.raises(ValueError, match="expected a regular file, got a folder"):
        load_array(tmp_path, opened.dataset.frames)


@pytest.mark.skipif(importlib.util.find_spec("dscribe") is None, reason="dscribe is not installed")
def test_soap_of_frames_with_and_without_a_cell():
    soap = DESCRIPTORS["soap"].make("", ["Cu"], 5.0)
    crystal, cluster = bulk("Cu", cubic=True), bulk("Cu", cubic=True)
    cluster.set_pbc(False)
    cluster.cell[:] = 0
    assert soap(crystal).shape == soap(cluster).shape == (4, 105)
    # All atoms of the crystal are alike, up to rounding.
    assert np.ptp(soap(crystal), axis=0).max() < 1e-6 * np.abs(soap(crystal)).max()
    assert np.abs(soap(crystal)[0] - soap(cluster)[0]).max() > 1


def test_the_name_says_what_the_numbers_are(tmp_path):
    assert DESCRIPTORS["soap"].name(None, 5.0) == "SOAP (dscribe), cutoff 5 Å, n_max 6, l_max 4"
    assert DESCRIPTORS["mace"].name(tmp_path / "m.model", 5.0) == "MACE: m.model"
