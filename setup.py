"""Find the packages; everything else is in pyproject.toml, which cannot rename a folder to a package."""

from setuptools import find_packages, setup

app = ["quests_app" + name.removeprefix("app") for name in find_packages(include=["app", "app.*"])]
setup(packages=[*find_packages(include=["quests_core", "quests_core.*"]), *app])
