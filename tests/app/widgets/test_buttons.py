"""Small buttons."""

from quests_app.widgets.buttons import button


def test_a_click_calls_the_action_once():
    calls = []
    made = button("Lock", "Keep in every subset", lambda: calls.append("lock"), variant="outlined")
    assert (made.label, made.description, made.size, made.variant) == (
        "Lock", "Keep in every subset", "small", "outlined",
    )  # fmt: skip
    made.clicks += 1
    assert calls == ["lock"]
    assert button("a", "b", print).variant == "text"
