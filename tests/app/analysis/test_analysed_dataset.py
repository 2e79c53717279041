"""A data set with its environments."""

import numpy as np
import pytest

from quests_app.analysis.analysed_dataset import AnalysedDataset, environments
from quests_app.analysis.parameters import Parameters, load
from quests_core import descriptors


def test_environments_are_those_of_the_parameters(file):
    dataset = load(file)
    found = environments(dataset, Parameters(k=5, cutoff=4.0, species=True))
    np.testing.assert_array_equal(found.X, descriptors(dataset.frames, k=5, cutoff=4.0, species=["Cu"]).X)
    with pytest.raises(ValueError, match="expected computed descriptors, got precomputed"):
        environments(dataset, Parameters(precomputed="0"))


def test_content_and_parameters_determine_the_key(file):
    dataset = load(file)
    keys = {AnalysedDataset(dataset, Parameters(k=k), None).key for k in (5, 6, 5)}
    assert keys == {(dataset.sha256, Parameters(k=5)), (dataset.sha256, Parameters(k=6))}
