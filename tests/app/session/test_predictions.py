"""Predictions of the open file in a session."""

from quests_app.session.predictions import StoredPredictions


def test_they_are_read_on_request_and_forgotten_with_the_file(predicted, other_file):
    predictions = StoredPredictions(predicted.state, predicted.controller)
    predicted.run()
    assert predictions.found == {}
    predictions.refresh()
    predicted.run()
    assert (list(predictions.found), predictions.chosen) == (["MACE"], "MACE")
    assert predictions.shown is predictions.found["MACE"]
    predicted.open(other_file)
    predictions.refresh()
    predicted.run()
    assert (predictions.found, predictions.chosen, predictions.shown) == ({}, "", None)
