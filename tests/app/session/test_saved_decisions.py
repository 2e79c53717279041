"""Decisions, and nothing else, are restored from the storage of the browser tab."""

import json

import numpy as np
import panel as pn
import pytest

from quests_app.analysis.methods import METHODS, NESTED_METHODS
from quests_app.analysis.parameters import KEYS, Marks, Parameters
from quests_app.analysis.target import OVERLAP, Target
from quests_app.session import saved_decisions
from quests_app.session.undo import REMEMBERED
from tests.app.session.test_link import NAMED, keyed, visit  # noqa: F401

pn.extension()
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def decide(session):
    """Make some decisions, undo one, and return every step."""
    state = session.state
    state.marks = state.marks.lock([3, 4, 5])
    session.run()
    state.param.update(selected=(7, 9), n_frames=int(state.sizes[5]))
    state.target = Target(OVERLAP, 0.9)
    state.marks = state.marks.exclude([8])
    session.run()
    state.methods = ["msc", "random", "fps"]
    session.run()
    session.controller.history.undo()
    session.run()
    return session.controller.history.steps


def values(state):
    return {name: getattr(state, name) for name in REMEMBERED}


def test_a_reloaded_page_has_its_decisions(session, file):
    first = visit(session, f"?file={file}&k=12")
    steps, at = decide(session)
    assert (len(steps), at) == (6, 4)
    left = first._address
    assert len(left.decisions) < 600
    assert left.decided == left.search
    session.state.tab = "frames"
    assert left.decided == left.search, "or a reload would find no decisions for its address"
    session.state.tab = "overview"

    other = type(session)()
    view = visit_again(other, left.search, left.decisions)
    assert values(other.state) == values(session.state)
    assert other.state.target == Target(OVERLAP, 0.9), "no link contains it"
    assert other.controller.history.steps == (steps, at)
    assert view._address.search == left.search
    assert view._address.decisions == left.decisions
    for history in (session.controller.history, other.controller.history):
        history.redo()
        while history.can_undo:
            history.undo()
    other.run()
    assert values(other.state) == values(session.state)
    assert other.state.marks == Marks(locked=(0,))
    other.controller.close()


def visit_again(session, search, kept):
    """Open a page in a tab with stored decisions, which it sends once the page is rendered."""
    from quests_app.session.references import ReferenceSets
    from quests_app.views.sidebar.address import AddressView

    view = AddressView(session.state, session.controller, ReferenceSets(session.state, session.controller))
    view.ask(search)
    view.open()
    view._address.stored = kept
    session.run()
    return view


def test_stored_decisions_may_arrive_after_the_file(session, file):
    left = visit(session, f"?file={file}")._address
    steps = decide(session)
    other = type(session)()
    view = visit(other, left.search)
    view._address.stored = left.decisions
    other.run()
    assert other.controller.history.steps == steps
    other.controller.close()


def test_decisions_and_settings_of_an_upload_return_with_it(session, file):
    first = visit(session, "")
    session.controller.upload("mine.xyz", file.read_bytes())
    session.run()
    session.controller.recompute(Parameters(k=12, bandwidth=0.02))
    session.run()
    steps = decide(session)
    assert first._address.search == ""

    other = type(session)()
    visit_again(other, "", first._address.decisions)
    assert other.controller.shows_demo
    assert not other.controller.history.can_undo
    other.controller.upload("again.xyz", file.read_bytes())
    other.run()
    assert other.state.parameters == Parameters(k=12, bandwidth=0.02)
    assert other.controller.history.steps == steps
    # Only once: opening the file again starts without decisions.
    other.controller.upload("again.xyz", file.read_bytes())
    other.run()
    assert not other.controller.history.can_undo
    other.controller.close()


def test_the_keys_of_an_upload_are_restored(session, keyed):  # noqa: F811
    first = visit(session, "")
    session.controller.upload("mine.xyz", keyed.read_bytes())
    session.run()
    session.controller.recompute(NAMED)
    session.run()
    session.state.marks = Marks(locked=(3,))
    session.run()
    other = type(session)()
    visit_again(other, "", first._address.decisions)
    other.controller.upload("again.xyz", keyed.read_bytes())
    other.run()
    assert other.state.opened.parameters == NAMED
    assert other.state.marks == Marks(locked=(3,))
    # Decisions stored by an older version have no keys.
    record = json.loads(first._address.decisions)
    for name in KEYS:
        del record["parameters"][name]
    assert saved_decisions.read(json.dumps(record)).parameters == Parameters(k=4)
    other.controller.close()


def test_decisions_do_not_apply_to_another_file(session, file, tmp_path):
    first = visit(session, f"?file={file}")
    decide(session)
    changed = tmp_path / "changed.xyz"
    changed.write_bytes(file.read_bytes().replace(b"distorted", b"disturbed"))
    other = type(session)()
    visit_again(other, f"?file={changed}", first._address.decisions)
    assert other.state.opened.dataset.path == changed
    assert not other.controller.history.can_undo
    assert other.state.marks == Marks(locked=(0,))
    other.controller.close()


def spoilt(text):
    """Return invalid decisions, made from valid ones."""
    record = json.loads(text)
    first, *more = record["steps"]
    changes = [
        {"n_frames": 10**9}, {"n_frames": 0}, {"n_frames": "x"}, {"n_frames": None}, {"active": "magic"},
        {"methods": ["magic"]}, {"methods": 3}, {"marks": ["0-3", "2"]}, {"marks": ["0-99999999999", ""]},
        {"marks": 5}, {"marks": ["", "0-23"]}, {"selected": "7-"}, {"selected": [1]},
        {"target": ["magic", 0]}, {"target": ["overlap", "nan"]}, {"target": []}, {"opened": 1},
        {"active": "msc with reference"}, ["x"], None,
    ]  # fmt: skip
    for change in changes:
        yield {**record, "steps": [first, change], "at": 0}
    yield {**record, "steps": more}
    yield {**record, "steps": [], "at": 0}
    yield {**record, "at": len(more) + 1}
    yield {**record, "at": -1}
    yield {**record, "parameters": {**record["parameters"], "k": 10**9}}
    for key in (None, 3, ["x"], "x" * 201):
        yield {**record, "parameters": {**record["parameters"], "energy_key": key}}
    yield {**record, "parameters": []}
    yield {**record, "steps": 3}
    yield [record]


def test_invalid_decisions_are_ignored(session, file):
    first = visit(session, f"?file={file}")
    decide(session)
    texts = [
        "",
        "x",
        "null",
        "[" * 100_000,
        "1" * 300_000,
        *map(json.dumps, spoilt(first._address.decisions)),
    ]
    session.open(file)
    before = values(session.state)
    for text in texts:
        first._address.stored = text
        session.run()
        assert values(session.state) == before, text[:200]
        assert not session.controller.history.can_undo
        assert session.state.error == ""


def test_the_oldest_steps_are_dropped_first(opened, monkeypatch):
    history = opened.controller.history
    for i in range(40):
        opened.state.selected = (i % 20,)
    steps, at = history.steps
    text = saved_decisions.write(opened.state.opened, steps, at)
    monkeypatch.setattr(saved_decisions, "_LONGEST", len(text) // 2)
    short = saved_decisions.write(opened.state.opened, steps, at)
    found = saved_decisions.read(short)
    assert 10 < len(found.steps) < 30
    assert found.values(24, METHODS, opened.state.parameters) == steps[-len(found.steps) :]
    monkeypatch.setattr(saved_decisions, "_MOST_FRAMES", 5)
    with pytest.raises(ValueError, match="about fewer frames"):
        found.values(24, METHODS, opened.state.parameters)


def test_any_steps_round_trip(opened, rng):
    for _ in range(20):
        steps = []
        for _ in range(int(rng.integers(2, 12))):
            frames = rng.permutation(24)
            a, b = sorted(rng.integers(0, 23, 2))
            marks = Marks(tuple(sorted(frames[:a].tolist())), tuple(sorted(frames[a:b].tolist())))
            methods = rng.choice(NESTED_METHODS, 2, replace=False).tolist()
            steps.append({
                "marks": marks, "n_frames": int(rng.integers(1, 25)),
                "active": methods[0], "methods": methods,
                "selected": tuple(sorted(frames[: int(rng.integers(0, 9))].tolist())),
                "target": Target(OVERLAP, float(rng.random())),
                "parameters": Parameters(bandwidth=float(rng.choice([0.015, 0.02, 0.05]))),
            })  # fmt: skip
        at = int(rng.integers(0, len(steps)))
        found = saved_decisions.read(saved_decisions.write(opened.state.opened, steps, at))
        assert found.values(24, NESTED_METHODS, Parameters()) == steps
        assert found.at == at
        assert found.file == opened.state.opened.dataset.sha256
        np.testing.assert_equal(found.parameters, opened.state.opened.parameters)


def test_reasons_of_exclusions_are_restored_and_hostile_ones_refused(session, file):
    visit(session, f"?file={file}&k=12")
    state = session.state
    state.marks = state.marks.exclude([3, 7, 8], {3: "duplicates: repeats frame 1", 7: "odd", 8: "odd"})
    session.run()
    steps, at = session.controller.history.steps
    text = saved_decisions.write(state.opened, steps, at)
    assert json.loads(text)["steps"][1]["marks"][2] == {"duplicates: repeats frame 1": "3", "odd": "7-8"}
    found = saved_decisions.read(text).values(24, METHODS, state.parameters)
    assert found[1]["marks"].reasons == state.marks.reasons
    for reasons in ({"a": "99"}, {"a": 3}, [[["b"], "3"]], [[1, "3"]], "x"):
        bad = json.loads(text)
        bad["steps"][1]["marks"][2] = reasons
        with pytest.raises(ValueError):  # noqa: PT011 (what is wrong varies)
            saved_decisions.read(json.dumps(bad)).values(24, METHODS, state.parameters)


def test_without_room_for_reasons_the_decisions_are_kept(session, file):
    visit(session, f"?file={file}&k=12")
    state = session.state
    state.marks = state.marks.exclude([3], {3: "x" * 300_000})
    session.run()
    steps, at = session.controller.history.steps
    text = saved_decisions.write(state.opened, steps, at)
    (first, second) = saved_decisions.read(text).values(24, METHODS, state.parameters)
    assert (first["marks"].excluded, second["marks"].excluded) == ((), (3,))
