"""Other descriptors for the open file: analysed with a matched bandwidth, undone, and returned from."""

import numpy as np
import pytest

from quests_app.exports.code import python_code
from quests_app.exports.record import _descriptor
from quests_app.server.allowed_paths import AllowedPaths
from quests_app.session import link, saved_decisions
from quests_app.session.descriptor_choice import DescriptorChoice
from quests_core import entropy


@pytest.fixture
def array(opened, tmp_path, rng):
    path = tmp_path / "features.npy"
    np.save(path, rng.normal(size=(opened.state.opened.envs.n_envs, 3)))
    return path


def test_an_array_replaces_the_descriptors_and_is_undone(opened, array):
    state, choice = opened.state, DescriptorChoice(opened.state, opened.controller)
    before = state.opened
    choice.use("array", str(array))
    opened.run()
    assert state.error == ""
    now = state.opened
    np.testing.assert_array_equal(now.envs.X, np.load(array))
    assert abs(entropy(now.envs, now.parameters.bandwidth) - entropy(before.envs, 0.015)) < 1e-3
    assert choice.notice.startswith("3 numbers per atom; h = ")
    assert _descriptor(now.parameters)["descriptor"] == "Array: features.npy"
    assert "# Array: features.npy, sha256" in python_code(now, state.path, 2)
    # A link and the browser do not keep the array.
    assert "bandwidth" not in link.query(state, False)
    assert saved_decisions.write(now, *opened.controller.history.steps) == ""
    opened.controller.history.undo()
    opened.run()
    assert state.opened.parameters == before.parameters
    np.testing.assert_array_equal(state.opened.envs.X, before.envs.X)
    opened.controller.history.redo()
    opened.run()
    assert state.opened.parameters == now.parameters
    assert state.opened.parameters.descriptor == "Array: features.npy"
    choice.use_own(0.02)
    opened.run()
    assert (state.opened.parameters.precomputed, state.opened.parameters.bandwidth) == ("", 0.02)
    np.testing.assert_array_equal(state.opened.envs.X, before.envs.X)


def test_the_next_file_has_its_own_descriptors(opened, array, other_file):
    DescriptorChoice(opened.state, opened.controller).use("array", str(array))
    opened.run()
    opened.open(other_file)
    parameters = opened.state.opened.parameters
    assert (parameters.precomputed, parameters.descriptor, parameters.bandwidth) == ("", "", 0.015)


def test_descriptors_that_are_no_longer_kept_are_an_error(opened, array, rng):
    choice, history = DescriptorChoice(opened.state, opened.controller), opened.controller.history
    for _ in range(5):
        np.save(array, rng.normal(size=(opened.state.opened.envs.n_envs, 3)))
        choice.use("array", str(array))
        opened.run()
        assert opened.state.error == ""
    shown = opened.state.opened
    for _ in range(3):
        history.undo()
        opened.run()
    assert opened.state.error == "Those descriptors are no longer in memory; choose them again."
    assert opened.state.opened.parameters != shown.parameters


@pytest.mark.parametrize(
    ("kind", "path", "reason"),
    [
        ("nothing", "", "descriptor: expected one of"),
        ("array", " ", r"expected the path of a file that ends in \.npy, got none"),
        ("array", "x.model", r"expected a name that ends in \.npy, got x\.model"),
        ("array", "missing.npy", "expected a file, got .*, which is none"),
    ],
)
def test_bad_requests_are_refused(opened, kind, path, reason):
    with pytest.raises(ValueError, match=reason):
        DescriptorChoice(opened.state, opened.controller).use(kind, path)


def test_a_wrong_array_keeps_the_results(opened, array):
    np.save(array, np.zeros((3, 3)))
    before = opened.state.opened
    DescriptorChoice(opened.state, opened.controller).use("array", str(array))
    opened.run()
    assert (
        "Could not use Array, from a file (.npy): expected an array of shape"
        in opened.state.error.replace("features.npy: ", "")
    )
    assert opened.state.opened is before


def test_sessions_without_paths_have_no_files(opened, monkeypatch):
    choice = DescriptorChoice(opened.state, opened.controller)
    assert "array" in choice.kinds
    monkeypatch.setattr(opened.controller, "allowed_paths", AllowedPaths([]))
    assert not any(kind.suffix for kind in choice.kinds.values())
    monkeypatch.undo()
    # On a server for a group, models may hold the code of others.
    monkeypatch.setenv("QUESTS_DATA_DIRS", "/data")
    assert "mace" not in choice.kinds
