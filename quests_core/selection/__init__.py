"""Selection of frames: one greedy loop, and methods that supply only a score."""

from .dispatch import METHODS, is_random, select
from .exchange import exchange
from .quotas import Strata
from .result import Selection
from .two_stage import select_in_chunks

__all__ = ["METHODS", "Selection", "Strata", "exchange", "is_random", "select", "select_in_chunks"]
