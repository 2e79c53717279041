"""The recipe for conda-forge agrees with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RECIPE = yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
# Where conda-forge has another name.
CONDA = {"matplotlib": "matplotlib-base", "prometheus-client": "prometheus_client"}


def from_pip(requirements):
    """Return the version of each requirement by its name on conda-forge."""
    pairs = [re.fullmatch(r"([\w.-]+)\s*(.*)", text).groups() for text in requirements]
    return {CONDA.get(name, name): version for name, version in pairs}


def from_conda(requirements):
    return {name: version for name, _, version in (text.partition(" ") for text in requirements)}


def test_dependencies_are_those_of_the_package_and_its_dashboard():
    run = from_conda(RECIPE["requirements"]["run"])
    assert run.pop("python") == ">=${{ python_min }}"
    assert run == from_pip([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["app"]])


def test_rattler_build_renders_it():
    rattler_build = pytest.importorskip("rattler_build", reason="py-rattler-build is not installed")
    recipe = rattler_build.Stage0Recipe.from_file(ROOT / "recipe" / "recipe.yaml")
    (variant,) = recipe.render(rattler_build.VariantConfig())
    rendered = variant.recipe() if callable(variant.recipe) else variant.recipe
    found = rendered.to_dict()
    assert found["package"] == {"name": PROJECT["name"], "version": PROJECT["version"]}
    assert found["requirements"]["run"][0] == f"python {PROJECT['requires-python']}"
    assert found["build"]["noarch"] == "python"


def test_it_is_built_and_described_as_the_package():
    context, about = RECIPE["context"], RECIPE["about"]
    assert (context["name"], context["version"]) == (PROJECT["name"], PROJECT["version"])
    assert PROJECT["requires-python"] == f">={context['python_min']}"
    host = from_conda(RECIPE["requirements"]["host"])
    assert host["python"] == "${{ python_min }}.*"
    assert from_pip(PYPROJECT["build-system"]["requires"]).items() <= host.items()
    assert (about["summary"], about["license"]) == (PROJECT["description"], PROJECT["license"])
    assert [about["license_file"]] == PROJECT["license-files"]
    scripts = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert RECIPE["build"]["python"]["entry_points"] == scripts
    assert RECIPE["schema_version"] == 1
