"""Sentences about methods known in part."""

import pandas as pd

from quests_app.text import parts


class _Part:
    def __init__(self, fraction):
        self.curve = pd.DataFrame({"fraction": [0.01, fraction]})


def test_sentences_name_each_method_and_its_share():
    one, two = {"msc": _Part(0.1)}, {"msc": _Part(0.1), "fps": _Part(0.25)}
    assert parts.progress_text(one) == "Shown so far: the first 10 % of msc; the rest is being computed."
    assert parts.stopped_text(two) == (
        "Only the first 10 % of msc and the first 25 % of fps is shown; "
        "to compute the rest, untick them and tick them again."
    )
    assert parts.progress_text({}) == parts.stopped_text({}) == ""
