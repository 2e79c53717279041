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
    stale_values.guard(document, lambda function: None)
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
    """A slider in a guarded document, what is sent to the client, and what the client answers."""

    def __init__(self):
        self.document, self.scheduled, self.sent = Document(), [], []
        self.slider = pmui.IntSlider(start=0, end=100, value=3)
        model = self.slider.get_root(self.document)
        self.document.add_root(model)
        self.data = model.data
        rendered = stale_values.guard(self.document, self.scheduled.append)
        self.rendered = rendered.get_root(self.document)
        self.document.add_root(self.rendered)
        self.document.on_change(lambda event: self.sent.append((event.attr, event.new)))

    def receive(self, model, **new):
        self.document.apply_json_patch(changed(model, **new), setter="the session")

    def render(self):
        """Run what is scheduled, and answer that everything sent is rendered."""
        while self.scheduled:
            self.scheduled.pop()()
        self.receive(self.rendered.data, rendered=self.rendered.data.sent)


@pytest.fixture
def page():
    return Page()


def test_a_replaced_value_is_no_choice_until_the_page_has_rendered_the_new_one(page):
    page.slider.value = 20
    page.slider.value = 50
    page.sent.clear()
    for late in (3, 20):
        page.receive(page.data, value=late)
        assert page.slider.value == page.data.value == 50
        assert page.sent.pop() == ("value", 50)
    page.render()
    page.receive(page.data, value=20)
    assert page.slider.value == page.data.value == 20


def test_choices_are_taken_while_the_page_renders(page):
    page.slider.value = 50
    page.receive(page.data, value=51)
    assert page.slider.value == 51
    # A value of the page itself is not one that the server has replaced.
    page.receive(page.data, value=52)
    page.receive(page.data, value=51)
    assert page.slider.value == 51


def test_an_answer_ends_the_wait_for_earlier_changes_only(page):
    page.slider.value = 20
    page.scheduled.pop()()
    page.slider.value = 50
    page.receive(page.rendered.data, rendered=1)
    page.receive(page.data, value=20)
    assert page.slider.value == 50
    page.receive(page.data, value=3)
    assert page.slider.value == 3


def test_a_page_that_never_answers_fills_no_memory(page):
    for value in range(100):
        page.slider.value = value
    assert len(page.scheduled) == 1
    page.receive(page.data, value=1)
    assert page.slider.value == 1, "the oldest values are forgotten"
    page.receive(page.data, value=98)
    assert page.slider.value == 1
