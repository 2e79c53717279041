"""Values that the page writes back late replace neither those of the server nor choices of a user."""

import panel_material_ui as pmui
import pytest
from bokeh.document import Document

from quests_app.server import stale_values


def changed(model, **new):
    return {
        "events": [
            {"kind": "ModelChanged", "model": {"id": model.id}, "attr": name, "new": value}
            for name, value in new.items()
        ]
    }


@pytest.fixture
def button():
    """Return the data of a button in a guarded document, the document, and the changes sent to the client."""
    document, sent = Document(), []
    model = pmui.Button(label="now", disabled=False).get_root(document)
    document.add_root(model)
    stale_values.guard(document)
    document.on_change(lambda event: sent.append((event.attr, event.new)))
    return model.data, document, sent


def test_a_value_written_back_late_is_replaced_by_the_current_one(button):
    data, document, sent = button
    document.apply_json_patch(changed(data, disabled=True, label="before"))
    assert (data.disabled, data.label) == (False, "now")
    assert sent == [("disabled", False), ("label", "now")]


def test_other_values_are_taken(button):
    data, document, sent = button
    document.apply_json_patch(changed(data, clicks=1, disabled=True))
    assert (data.clicks, data.disabled) == (1, False)
    assert ("disabled", False) in sent


def test_changes_of_removed_or_unknown_models_are_ignored(button):
    _, document, sent = button
    for patch in (
        {"events": [{"kind": "ModelChanged", "model": {"id": "gone"}, "attr": "label", "new": ""}]},
        {
            "events": [
                {"kind": "ModelChanged", "model": {"id": document.roots[0].id}, "attr": "label", "new": 1}
            ]
        },
    ):
        document.apply_json_patch(patch)
    assert sent == []

    for odd in ([1], {"events": 2}, {"events": [1, {"kind": "ModelChanged", "attr": "label"}]}):
        assert stale_values.take_stale(odd, lambda *_: True) == []


class Page:
    """A slider in a guarded document, what is sent to the client, and what the client sends."""

    def __init__(self):
        self.document, self.sent = Document(), []
        self.slider = pmui.IntSlider(start=0, end=100, value=3)
        model = self.slider.get_root(self.document)
        self.document.add_root(model)
        self.data = model.data
        actions = stale_values.guard(self.document).get_root(self.document)
        self.document.add_root(actions)
        self.actions = actions.data
        self.document.on_change(lambda event: self.sent.append((event.attr, event.new)))

    def receive(self, **new):
        self.document.apply_json_patch(changed(self.data, **new), setter="the session")

    def act(self):
        self.document.apply_json_patch(
            changed(self.actions, n_actions=self.actions.n_actions + 1), setter="the session"
        )


@pytest.fixture
def page():
    return Page()


def test_a_replaced_value_is_no_choice_until_the_user_acts(page):
    page.slider.value = 20
    page.slider.value = 50
    page.sent.clear()
    for late in (3, 20):
        page.receive(value=late)
        assert page.slider.value == page.data.value == 50
        assert page.sent.pop() == ("value", 50)
    page.act()
    page.receive(value=20)
    assert page.slider.value == page.data.value == 20


def test_what_is_replaced_after_the_user_acted_is_no_choice(page):
    page.act()
    page.slider.value = 50
    page.receive(value=3)
    assert page.slider.value == 50


def test_other_values_are_choices(page):
    page.slider.value = 50
    page.receive(value=51)
    assert page.slider.value == 51
    # A value of the page itself is not one that the server has replaced.
    page.receive(value=52)
    page.receive(value=51)
    assert page.slider.value == 51


def test_a_page_on_which_nobody_acts_fills_no_memory(page):
    for value in range(100):
        page.slider.value = value
    page.receive(value=1)
    assert page.slider.value == 1, "the oldest values are forgotten"
    page.receive(value=98)
    assert page.slider.value == 1
