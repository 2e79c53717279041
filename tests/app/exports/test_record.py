"""The record of a subset."""

import json

import pytest

from quests_app.exports import record as record_module
from tests.app.exports.test_code import named
from tests.core.ugly_texts import TEXTS


@pytest.mark.parametrize("name", TEXTS)
def test_a_record_accepts_any_name(opened_state, name):
    content = record_module.record(named(opened_state.opened, name), opened_state.path, 3, "file", b"")
    assert json.loads(record_module.record_bytes(content))["source"]["name"] == name
