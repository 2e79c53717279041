"""The command ``quests-explorer``: what the library does, for files and pipes."""

from . import compare, compress, datasets, describe, measure, serve
from .common import app, main

__all__ = ["app", "compare", "compress", "datasets", "describe", "main", "measure", "serve"]
