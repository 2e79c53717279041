"""Stores of descriptors as data sets."""

import shlex

import pytest
from ase.io import write
from typer.testing import CliRunner

from quests_app.analysis import stored
from quests_app.analysis.parameters import Parameters
from quests_core import Environments, descriptors, diversity, entropy, read
from quests_core.cli import app
from quests_core.io.dataset import load
from quests_core.utils import memory


@pytest.fixture
def store(file, tmp_path):
    descriptors(file, k=8, cutoff=4.0, store=tmp_path / "a.envs", label_key="config_type")
    return tmp_path / "a.envs"


def test_parameters_are_those_of_the_descriptors(store):
    asked = Parameters(bandwidth=0.02, energy_key="E", species=True, descriptor="soap")
    found = stored.parameters(Environments.open(store), asked)
    assert found == Parameters(8, 4.0, 0.02, label_key="config_type")
    assert found.descriptor == "", "a record names that of the store"


def test_a_store_of_other_elements_is_refused(file, tmp_path):
    """One that distinguishes those of its frames is a data set that distinguishes elements."""
    dataset = load(file)
    for symbols in (["Cu"], ["Ag", "Cu"]):
        envs = descriptors(file, 8, 4.0, symbols, store=tmp_path / "".join(symbols))
        parameters = stored.parameters(envs, Parameters())
        assert parameters.species
        if symbols == ["Cu"]:
            assert stored.analysed(envs, dataset, parameters).envs is envs
        else:
            with pytest.raises(ValueError, match="that distinguish Cu, got those of Ag, Cu"):
                stored.analysed(envs, dataset, parameters)


def test_other_frames_are_refused(store, file, frames, tmp_path):
    envs = Environments.open(store)
    assert stored.sources(envs) == (file,)
    write(tmp_path / "other.xyz", frames[1:], format="extxyz")
    with pytest.raises(ValueError, match=r"other\.xyz changed since the store was written"):
        stored.analysed(envs, load(tmp_path / "other.xyz"), stored.parameters(envs, Parameters()))


def test_what_exceeds_the_memory_is_refused_with_an_estimate(store, file, tmp_path, monkeypatch):
    envs = Environments.open(store)
    needed = stored.BYTES_PER_FRAME * len(envs) + stored.BYTES_PER_ENV * envs.n_envs
    for free, fits in ((None, True), (needed, True), (needed - 1, False)):
        monkeypatch.setattr(memory, "available", lambda free=free: free)
        if fits:
            stored.check_size(envs, (), 0.015)
            continue
        with pytest.raises(ValueError, match="its 24 frames with 93 environments would take about") as caught:
            stored.check_size(envs, stored.sources(envs), 0.015)
        # Of so few environments, the entropy is exact.
        assert f"Entropy {entropy(envs):.3f} nats (95 %: {entropy(envs):.3f} to" in str(caught.value)
        assert f"diversity {diversity(envs):.3f} nats (95 %:" in str(caught.value)
        command = str(caught.value).partition("Select frames by: ")[2]
        assert command.startswith(f"quests-explorer compress {file} --store {store} -k 8 -c 4.0 --label-key")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert len(read("subset.xyz")) == 2


def test_environments_in_memory_are_no_store(frames):
    with pytest.raises(TypeError, match="envs: expected an opened store"):
        stored.sources(descriptors(frames, 8))
