"""The badge on the tab of the health checks."""

import panel_material_ui as pmui
from ase.build import bulk
from ase.io import write

from quests_app.analysis.parameters import Parameters
from quests_app.page import content
from quests_app.session.references import ReferenceSets
from quests_app.views.health.badge import badge
from quests_core.health import ERROR, INFO, WARNING, Finding


def finding(severity):
    return Finding("x", severity, "title", "text", (1,))


def test_errors_are_counted_before_warnings_and_notes_are_not():
    assert badge([]) == badge([finding(INFO)]) == ""
    assert '"1 warning"' in badge([finding(INFO), finding(WARNING)])
    assert '"2 errors"' in badge([finding(ERROR), finding(WARNING), finding(ERROR)])


def test_the_tab_has_a_badge_before_it_is_opened(session, file, frames, tmp_path):
    made = content(session.state, session.controller, ReferenceSets(session.state, session.controller))
    (bar,) = made.select(pmui.Tabs)
    write(tmp_path / "twice.xyz", [*frames, frames[5]], format="extxyz")
    session.open(tmp_path / "twice.xyz")
    assert session.state.tab == "overview"
    assert bar._names[5].startswith("Health&nbsp;<span title=")
    assert bar.active == 0


def test_badge_and_tab_show_the_same_check(session, frames, tmp_path):
    """Whichever asks first, the result is kept for both."""
    made = content(session.state, session.controller, ReferenceSets(session.state, session.controller))
    write(tmp_path / "mixed.xyz", [*frames, bulk("NaCl", "rocksalt", 5.6)], format="extxyz")
    session.open(tmp_path / "mixed.xyz")
    session.controller.recompute(Parameters(species=True))
    session.run()
    assert made is not None
    found = session.controller.results.known(session.state.opened, "health")
    (mixed,) = [finding for finding in found if "different sets of elements" in finding.explanation]
    assert "The descriptor distinguishes elements" in mixed.explanation
