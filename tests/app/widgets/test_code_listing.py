"""Code with a button that copies it."""

from quests_app.widgets.code_listing import listing


def test_code_is_escaped():
    text = listing("print('<b>') # \"a\" & b\n")
    assert "<code>print(&#x27;&lt;b&gt;&#x27;) # &quot;a&quot; &amp; b\n</code>" in text
    assert text.count("<button") == 1
