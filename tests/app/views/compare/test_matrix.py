"""Overlaps of labels and of files."""

from quests_app.analysis.compare import share_covered
from quests_app.views.compare.matrix import FILES, MatrixView
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
