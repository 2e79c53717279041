"""Explanations of terms."""

import re

import pytest

from quests_app.text import help as module
from quests_app.text.help import HELP, glossary, notes, tip, tips


@pytest.mark.parametrize("topic", HELP)
def test_a_tip_reads_the_same_on_screen_and_aloud(topic):
    shown = re.fullmatch(
        r'<span class="help left" tabindex="0" role="note" aria-label="([^"]*)"><i>i</i><span>([^<]*)'
        r'(<span class="formula">[^<]+</span>)?</span></span>',
        tip(topic, "left"),
    )
    assert shown[1] == shown[2] != ""
    assert bool(shown[3]) == bool(HELP[topic][1])


def test_one_sign_explains_several_terms_by_their_names():
    text = tips(("entropy", "diversity"))
    assert text.count("<i>i</i>") == 1
    for topic, name in (("entropy", "Entropy H"), ("diversity", "Diversity D")):
        assert f"<b>{name}</b> {HELP[topic][0]}" in text
    assert tips(("delta",)) == tip("delta")
    assert tips(()) == ""


def test_text_is_escaped(monkeypatch):
    monkeypatch.setitem(module.HELP, "odd", ('a < b & "c"', "x < y"))
    assert 'aria-label="a &lt; b &amp; &quot;c&quot;"' in tip("odd")
    assert '<span class="formula">x &lt; y</span>' in tip("odd")
    assert "<b>&lt;i&gt;</b> 1 &lt; 2<br>" in notes({"<i>": "1 < 2"})


def test_the_glossary_explains_the_terms_of_the_table():
    terms = re.findall(r"<dt>(.*?)</dt><dd>(.*?)<span", glossary())
    assert [name for name, _ in terms] == ["Entropy", "Diversity", "Overlap", "Information loss", "δH"]
    assert all(text for _, text in terms)
