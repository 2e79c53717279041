"""Numbers and sentences."""

from html.parser import HTMLParser

from quests_app.text import sentences
from quests_app.text.sentences import label_counts
from tests.core.ugly_texts import TEXTS


def test_labels_are_escaped_truncated_and_counted():
    labels = ["<script>"] * 3 + ["b"] * 2 + [""] + [f"label {i}" for i in range(10)]
    shown = sentences.label_counts(labels, shown=2)
    assert shown == "&lt;script&gt; (3), b (2), 10 more, no label (1)"
    assert sentences.label_counts(["", ""]) == "none"


def test_long_lists_of_frames_are_truncated():
    assert sentences.frame_list([1, 2, 3], shown=2) == "1, 2, …"
    assert sentences.frame_list([1, 2], shown=2) == "1, 2"
    assert sentences.named_frames([4]) == "frame 4"
    assert sentences.named_frames([0, 1]) == "frames 0, 1"
    assert sentences.named_frames([0, 1, 2], shown=2) == "frames 0, 1, …"


class Reader(HTMLParser):
    """Parse HTML like a browser into elements, attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, attrs))

    def handle_data(self, data):
        self.text += data


def test_labels_are_escaped_in_html():
    read = Reader(label_counts(TEXTS, shown=len(TEXTS)))
    assert read.elements == []
    for text in filter(None, TEXTS):
        assert f"{text[:40]} (1)" in read.text
