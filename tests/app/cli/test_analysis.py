"""Analyses of the commands."""

import numpy as np
import pytest
import typer

from quests_app.cli.analysis import Request, analyse
from quests_core.cli.common import command_context


def asked(files, **options):
    given = {
        "method": "random", "methods": "msc,random", "size": 0.25, "k": 32, "cutoff": 5.0, "bandwidth": 0.015,
        "species": False, "energy_key": None, "forces_key": None, "label_key": None, "locked": "",
        "excluded": "", "lock_isolated": True, "reference": None, "umap": False,
    }  # fmt: skip
    request = Request(list(map(str, files)), **{**given, **options})
    with command_context() as context:
        return analyse(context, context.source(request.files), request)


def test_results_are_those_of_the_session(opened, file):
    found, state = asked([file]), opened.state
    assert found.n_frames == 6
    assert list(found.paths) == ["msc", "random"]
    assert found.active == "random"
    for method, path in found.paths.items():
        np.testing.assert_array_equal(path.order, state.paths[method].order)
        assert path.marks == state.marks
    np.testing.assert_array_equal(found.embedding, state.embedding)
    assert found.embedding_note == "All 93 environments along their first two principal components."
    assert found.labels.names == ("distorted", "perfect", "IsolatedAtom")
    assert found.comparison is None


def test_marks_follow_the_options(file):
    found = asked([file], excluded="0,3-4", locked="7", size=5)
    assert found.path.marks.locked == (7,)
    assert found.path.marks.excluded == (0, 3, 4)
    assert asked([file], lock_isolated=False).path.marks.locked == ()
    with pytest.raises(typer.Exit):
        asked([file], locked="99")


def test_several_files_are_one_set(file, other_file):
    found = asked([file, other_file])
    assert len(found.opened.dataset.frames) == 24 + 14
    assert found.opened.dataset.name == "2 files: copper.xyz, other.xyz"
