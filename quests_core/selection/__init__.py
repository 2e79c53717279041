"""Selection of frames: one greedy engine, and methods that supply only a score."""

from .methods import METHODS, Selection, select

__all__ = ["METHODS", "Selection", "select"]
