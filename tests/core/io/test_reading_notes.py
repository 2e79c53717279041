"""Tests of notes about files."""

from quests_core.io.reading_notes import ReadingNotes


def test_frames_are_counted_and_the_first_is_named():
    notes = ReadingNotes()
    for frame in (2, 5, 9):
        notes.about(frame)("a")
    notes.about(5)("b")
    notes.about(None)("c")
    assert notes.sentences() == ["a (3 frames, first frame 2)", "b (frame 5)", "c"]


def test_the_number_of_sentences_is_limited():
    notes = ReadingNotes()
    for i in range(1000):
        notes.about(i)(f"sentence {i}")
        notes.about(i)("sentence 0")
    sentences = notes.sentences()
    assert len(sentences) == 20
    assert sentences[0] == "sentence 0 (1,001 frames, first frame 0)"
