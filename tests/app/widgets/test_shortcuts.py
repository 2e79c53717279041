"""Shortcuts call their actions."""

from quests_app.widgets.shortcuts import Shortcuts


def test_a_shortcut_calls_its_action_each_time_it_is_pressed():
    shortcuts, calls = Shortcuts(), []
    shortcuts.on("undo", lambda: calls.append("undo"))
    shortcuts.on("Escape", lambda: calls.append("Escape"))
    # The browser counts, so that the same shortcut is a change.
    for number, name in enumerate(("undo", "undo", "redo", "Escape"), start=1):
        shortcuts.pressed = [name, number]
    assert calls == ["undo", "undo", "Escape"], "no action belongs to redo"
