"""The trainers that are accepted by name."""

from collections.abc import Callable

from ..utils.validation import check_choice
from .gap import GAP
from .trainer import Trainer

# Trainers with their default parameters, by name.
TRAINERS: dict[str, Callable[..., Trainer]] = {"gap": GAP}


def as_trainer(trainer: str | Trainer) -> Trainer:
    """Return a trainer given by name, or as an object with the methods of `Trainer`.

    Examples
    --------
    >>> as_trainer("gap").name
    'gap'
    """
    if isinstance(trainer, str):
        return TRAINERS[check_choice(trainer, "trainer", TRAINERS)]()
    if not callable(getattr(trainer, "train", None)):
        raise TypeError(
            f"trainer: expected one of {', '.join(map(repr, TRAINERS))}, or an object with a method train, "
            f"got {type(trainer).__name__}"
        )
    return trainer
