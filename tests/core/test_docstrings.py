"""Docstrings: every example runs, every public name has one."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import quests_core

MODULES = sorted(module.name for module in pkgutil.walk_packages(quests_core.__path__, "quests_core."))
PUBLIC = [name for name in quests_core.__all__ if callable(getattr(quests_core, name))]

# Classes whose example is that of the function that returns them.
MADE_BY = {
    "CompressionPath": "compression_path",
    "InformationGap": "information_gap",
    "EntropyEstimate": "estimate_entropy",
    "DiversityEstimate": "estimate_diversity",
    "ApproximateDeltaEntropy": "approx_delta_entropy",
}


@pytest.mark.jit
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example(name):
    thing = getattr(quests_core, name)
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    thing = getattr(quests_core, MADE_BY.get(name, name))
    assert ">>> " in inspect.getdoc(thing), name


@pytest.mark.parametrize("name", [name for name in PUBLIC if inspect.isfunction(getattr(quests_core, name))])
def test_every_parameter_is_described(name):
    function = getattr(quests_core, name)
    documentation = inspect.getdoc(function)
    for parameter in inspect.signature(function).parameters:
        lines = [line for line in documentation.splitlines() if line.partition(" : ")[1]]
        named = {one.strip() for line in lines for one in line.partition(" : ")[0].split(",")}
        assert parameter in named, f"{name}: {parameter} is not described"


def test_all_names_are_there_and_sorted():
    for name in quests_core.__all__:
        assert hasattr(quests_core, name)
    promised = {
        *("read", "descriptors", "Environments", "log_kernel_sum", "entropy", "diversity", "delta_entropy"),
        *("overlap", "bandwidth_from_volume", "learning_curve", "select", "METHODS", "compression_curve"),
        *("compression_path", "write_subset", "atoms_forces", "atoms_energy", "Progress", "Cancelled"),
    }
    assert promised <= set(quests_core.__all__)
