"""Defaults are looked up once; an error leaves no document the current one; pages get all definitions."""

import asyncio
import re
import sys
from contextlib import suppress
from types import ModuleType

import pytest
from bokeh.core.json_encoder import serialize_json
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.serialization import Deserializer
from bokeh.document import Document
from bokeh.document import document as bokeh_document
from bokeh.io import curdoc
from bokeh.io import doc as bokeh_doc
from bokeh.models import Column, Div, FixedTicker, LinearAxis, Slider
from bokeh.plotting import figure
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.server.session import ServerSession
from bokeh.themes import built_in_themes
from tornado.ioloop import IOLoop

from quests_app.server import bokeh_patch
from quests_app.server.bokeh_patch import patch_current_document, patch_defaults, patch_unsent_models
from quests_app.server.loop_scheduler import on_loop_of
from tests import asynchronous

PLAIN = getattr(PropertyDescriptor._get_default, "__wrapped__", PropertyDescriptor._get_default)


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    monkeypatch.setattr(PropertyDescriptor, "_get_default", PLAIN)


def page_of(theme=None):
    """Return all values of the models of a page, and what is sent of it, without the ids of models."""
    document, plot = Document(), figure(width=300)
    plot.scatter([1, 2], [3, 4])
    document.theme = built_in_themes[theme] if theme else document.theme
    document.add_root(Column(plot, Div(text="a"), Slider(start=0, end=1, value=0)))
    values = [repr(model.properties_with_values()) for model in document.models]
    sent = re.sub(r"p\d+", "", serialize_json(document.to_json()))
    return sorted(re.sub(r"p\d+|0x[0-9a-f]+", "", text) for text in values), sent


@pytest.mark.parametrize("theme", [None, "dark_minimal"])
def test_all_values_are_the_same(theme):
    before = page_of(theme)
    patch_defaults()
    patch_defaults()
    for _ in range(2):
        assert page_of(theme) == before


def test_a_default_is_looked_up_once_and_what_can_change_is_not_shared():
    patch_defaults()
    looked_up = PropertyDescriptor._get_default
    assert looked_up.__wrapped__ is PLAIN
    one, other = Div(), Div()
    one.tags.append("mine")
    assert other.tags == []
    assert one.visible is other.visible is True
    one.visible = False
    assert (one.visible, other.visible) == (False, True)


@pytest.mark.parametrize("absent", ["_get_default", "has_unstable_default"])
def test_bokeh_without_these_private_names_is_left_as_it_is(monkeypatch, absent):
    monkeypatch.delattr(PropertyDescriptor, absent)
    patch_defaults()
    assert getattr(PropertyDescriptor, "_get_default", PLAIN) is PLAIN


def holders():
    """Return all modules that hold the function that sets the current document."""
    modules = [module for module in tuple(sys.modules.values()) if isinstance(module, ModuleType)]
    return [module for module in modules if "patch_curdoc" in vars(module)]


@pytest.fixture
def patched(monkeypatch):
    """Patch the current document; at the end, restore Bokeh's own function and its documents."""
    for module in holders():
        monkeypatch.setattr(module, "patch_curdoc", module.patch_curdoc)
    if isinstance(bokeh_doc._PATCHED_CURDOCS, list):
        monkeypatch.setattr(bokeh_doc, "_PATCHED_CURDOCS", [])
    patch_current_document()
    patch_current_document()


def fail(*_):
    raise ZeroDivisionError


def test_a_callback_that_fails_leaves_the_current_document(patched):
    document, before = Document(), curdoc()
    document.on_change(fail)
    with suppress(ZeroDivisionError):
        document.title = "new"
    assert curdoc() is before
    with bokeh_doc.patch_curdoc(document):
        assert curdoc() is document
    assert curdoc() is before


def test_a_callback_for_a_closed_session_leaves_the_current_document(patched):
    document, before = Document(), curdoc()

    async def scenario():
        schedule = on_loop_of(document)
        ServerSession("its id", document, IOLoop.current()).destroy()
        schedule(lambda: None)
        # The loop is idle after some of its iterations.
        for _ in range(200):
            await asyncio.sleep(0)

    asynchronous.run(scenario())
    assert curdoc() is before


def test_every_module_that_sets_the_current_document_is_patched(patched):
    if not isinstance(bokeh_doc._PATCHED_CURDOCS, list):
        pytest.skip("this version of Bokeh restores the current document itself")
    assert {module.__name__ for module in holders()} >= {"bokeh.io.doc", "panel.io.handlers"}
    assert {module.patch_curdoc.__module__ for module in holders()} == {bokeh_patch.__name__}


def test_a_model_of_an_unsent_change_is_sent_with_its_definition(monkeypatch):
    monkeypatch.setattr(bokeh_document, "Deserializer", Deserializer)
    patch_unsent_models()
    axis, slider, unsent = LinearAxis(), Slider(start=0, end=1, value=0), []
    document = Document()
    document.add_root(axis)
    document.add_root(slider)
    document.to_json()
    document.on_change(unsent.append)
    ticks = axis.ticker = FixedTicker(ticks=[1, 2])
    moved = {"kind": "ModelChanged", "model": slider.ref, "attr": "value", "new": 0.5}
    document.apply_json_patch({"events": [moved]}, setter="page")
    assert slider.value == 0.5
    sent = [patch_doc.create(unsent[:1]).content["events"][0]["new"] for _ in range(2)]
    assert sent[0]["name"] == "FixedTicker"
    assert sent == [sent[0], ticks.ref]


def test_a_model_that_the_page_made_is_known_to_it(monkeypatch):
    monkeypatch.setattr(bokeh_document, "Deserializer", Deserializer)
    patch_unsent_models()
    axis = LinearAxis()
    document = Document()
    document.add_root(axis)
    document.to_json()
    made = {"type": "object", "name": "FixedTicker", "id": "made-by-the-page", "attributes": {}}
    changed = {"kind": "ModelChanged", "model": axis.ref, "attr": "ticker", "new": made}
    document.apply_json_patch({"events": [changed]}, setter="page")
    assert axis.ticker.id == made["id"]
    assert axis.ticker in document.models.synced_references
