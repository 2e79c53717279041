"""Cards and their headings."""

import pytest

from quests_app.text.help import tips
from quests_app.widgets.card import card, heading, html


def test_a_heading_escapes_its_title_and_explains_its_topics():
    made = heading("δH < 0 & more", ("delta", "overlap"), "<b>bold</b>")
    assert "<h2>δH &lt; 0 &amp; more</h2>" in made
    assert made.index(tips(("delta", "overlap"))) < made.index("<b>bold</b>")
    assert made.count("<i>i</i>") == 1, "one sign for all topics"
    with pytest.raises(KeyError):
        heading("a", ("no topic",))


def test_a_card_has_its_area_and_its_head_first():
    head, body = html("head"), html("body")
    made = card(head, body, area="curve", css=("tall",))
    assert list(made) == [head, body]
    assert made.styles["grid-area"] == "curve"
    assert made.css_classes == ["card", "tall"]
    assert "over" in head.css_classes
    assert card(html(), area="a", sizing_mode="stretch_width").sizing_mode == "stretch_width"
