"""Code with a button that copies it."""

from quests_app.widgets.code_listing import listing


def test_code_is_escaped():
    text = listing("print('<b>') # \"a\" & b\n")
    assert "<code>print(&#x27;&lt;b&gt;&#x27;) # &quot;a&quot; &amp; b\n</code>" in text
    assert text.count("<button") == 1


def test_options_stay_whole():
    code = "quests-explorer compress a-b.xyz -s 25 --seed 0"
    shown = listing(code)
    options = [f'<span class="option">{option}</span>' for option in ("-s", "--seed")]
    assert f"<code>quests-explorer compress a-b.xyz {options[0]} 25 {options[1]} 0</code>" in shown
