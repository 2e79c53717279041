"""The section in which a descriptor is chosen."""

import numpy as np

from quests_app.server.allowed_paths import AllowedPaths
from quests_app.views.sidebar.descriptor import DescriptorView


def test_an_array_is_used_and_distances_again(opened, tmp_path, rng):
    view = DescriptorView(opened.state, opened.controller)
    assert view._content.visible
    assert "Now: distances." in view._now.object
    assert not view._file.visible
    assert not view._form.objects, "made when the section is opened"
    view._content.active = [0]
    assert view._kind in view._form.objects
    view._kind.value = "array"
    assert view._file.visible
    assert view._file.placeholder == "/data/name.npy"
    view._ask()
    assert opened.state.error.startswith("Could not use the descriptor: file: expected the path")
    np.save(tmp_path / "<b>.npy", rng.normal(size=(opened.state.opened.envs.n_envs, 3)))
    view._file.value = str(tmp_path / "<b>.npy")
    view._ask()
    opened.run()
    assert "Now: Array: &lt;b&gt;.npy. 3 numbers per atom" in view._now.object
    view._kind.value = ""
    view._ask()
    opened.run()
    assert "Now: distances." in view._now.object
    assert opened.state.opened.parameters.bandwidth == 0.015


def test_it_is_hidden_where_nothing_can_be_chosen(opened, monkeypatch):
    monkeypatch.setattr("quests_app.analysis.descriptor_kinds.DESCRIPTORS", {})
    opened.controller.allowed_paths = AllowedPaths([])
    assert not DescriptorView(opened.state, opened.controller)._content.visible
