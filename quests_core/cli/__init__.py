"""The command line interface, ``quests-explorer``."""

from . import clean, compare, compress, datasets, describe, measure, serve, train, warm_up
from .common import app, main

__all__ = [
    "app",
    "clean",
    "compare",
    "compress",
    "datasets",
    "describe",
    "main",
    "measure",
    "serve",
    "train",
    "warm_up",
]
