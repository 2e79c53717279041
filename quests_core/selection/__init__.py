"""Selection of frames: one greedy engine, and methods that supply only a score."""

from .chunks import select_in_chunks
from .exchange import exchange
from .methods import METHODS, draws_lots, select
from .result import Selection
from .strata import Strata

__all__ = ["METHODS", "Selection", "Strata", "draws_lots", "exchange", "select", "select_in_chunks"]
