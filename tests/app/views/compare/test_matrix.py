"""Overlaps of labels and of files."""

from ase.io import write

from quests_app.analysis.compare import share_covered
from quests_app.session.references import ReferenceSets
from quests_app.views.compare.matrix import FILES, LABELS, MatrixView
from tests.app.conftest import text_of


def test_labels_are_compared_at_once_and_files_on_request(opened, sets, other_file):
    matrix = MatrixView(opened.state, sets)
    matrix._mode.value = FILES
    assert "Add a second file" in text_of(matrix)
    sets.add(other_file)
    opened.run()
    assert sets.files.shares[0, 1] == share_covered(sets.comparison.novelty)
    assert sets.files.shares[1, 0] == share_covered(sets.comparison.back)
    assert len(matrix._plot.sources["Cell", ""].data["overlap"]) == 4
    matrix._mode.value = matrix._mode.options[0]
    assert len(matrix._plot.sources["Cell", ""].data["overlap"]) == 9


def test_one_label_leaves_the_card_to_the_files(session, frames, tmp_path, other_file):
    for atoms in frames:
        atoms.info["config_type"] = "only"
    write(tmp_path / "one.xyz", frames, format="extxyz")
    session.open(tmp_path / "one.xyz")
    sets = ReferenceSets(session.state, session.controller)
    matrix = MatrixView(session.state, sets)
    sets.refresh()
    session.run()
    assert (matrix._mode.value, matrix._mode.visible) == (LABELS, True)
    assert "All frames have the same label" in text_of(matrix)
    sets.add(other_file)
    session.run()
    assert (matrix._mode.value, matrix._mode.visible) == (FILES, False)
    assert matrix._figure.visible
