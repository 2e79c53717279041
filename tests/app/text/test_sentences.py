"""Numbers and sentences."""

from quests_app.text import sentences


def test_labels_are_escaped_truncated_and_counted():
    labels = ["<script>"] * 3 + ["b"] * 2 + [""] + [f"label {i}" for i in range(10)]
    shown = sentences.label_counts(labels, shown=2)
    assert shown == "&lt;script&gt; (3), b (2), 10 more, no label (1)"
    assert sentences.label_counts(["", ""]) == "none"


def test_long_lists_of_frames_are_truncated():
    assert sentences.frame_list([1, 2, 3], shown=2) == "1, 2, …"
    assert sentences.frame_list([1, 2], shown=2) == "1, 2"
