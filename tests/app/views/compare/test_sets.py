"""The files to compare with."""

import panel as pn
import pytest

from quests_app.analysis.compare import share_covered
from quests_app.views.compare.sets import SetsView
from tests.app.conftest import text_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"),
    # Raised by a call in Bokeh.
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning"),
]

pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)


def test_files_are_chosen_and_removed(opened, sets, other_file, file):
    view = SetsView(opened.state, sets)
    sets.add(other_file)
    sets.upload("same <b>.xyz", file.read_bytes())
    opened.run()
    assert [other.name for other in sets.references] == ["other.xyz", "same <b>.xyz"]
    assert share_covered(sets.comparison.novelty) == 1
    assert "<b>.xyz" not in view._numbers.object
    view._chosen.value = sets.references[0]
    opened.run()
    assert share_covered(sets.comparison.novelty) < 1
    uploaded = sets.references[1].path
    assert uploaded.exists()
    sets.remove(sets.references[1])
    assert not uploaded.exists()
    sets.remove(sets.references[0])
    assert (sets.chosen, sets.comparison, view._files.visible) == (None, None, False)


def test_an_entered_path_is_added_and_both_overlaps_are_shown(opened, sets, other_file):
    view = SetsView(opened.state, sets)
    assert "Add a second file" in text_of(view)
    view._path.value_input = f" {other_file}"
    view._add_path()
    assert view._path.value_input != "", "it is not added yet"
    opened.run()
    assert (view._path.value, view._path.value_input) == ("", "")
    view._path.value_input = f"{other_file}.missing"
    view._add_path()
    opened.run()
    assert view._path.value_input != "", "what could not be added can be corrected"
    assert opened.state.error != ""
    opened.state.error = ""
    assert opened.state.error == ""
    shown, comparison = text_of(view), sets.comparison
    assert "14 frames" in shown
    assert f"{100 * share_covered(comparison.novelty):.0f} %</b> of copper.xyz is covered by" in shown
