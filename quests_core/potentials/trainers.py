"""The trainers that are accepted by name."""

from collections.abc import Callable, Sequence
from typing import Any

from ..utils.validation import check_choice
from .gap import GAP
from .mace import MACE
from .trainer import Trainer, TrainerMissing

# Trainers with their default parameters, by name.
TRAINERS: dict[str, Callable[..., Trainer]] = {"gap": GAP, "mace": MACE}


def as_trainer(trainer: str | Trainer) -> Trainer:
    """Return a trainer given by name, or as an object with the methods of `Trainer`.

    Examples
    --------
    >>> as_trainer("gap").name
    'gap'
    """
    if isinstance(trainer, str):
        return TRAINERS[check_choice(trainer, "trainer", sorted(TRAINERS))]()
    if not callable(getattr(trainer, "train", None)):
        raise TypeError(
            f"trainer: expected one of {', '.join(map(repr, sorted(TRAINERS)))}, or an object with a method "
            f"train, got {type(trainer).__name__}"
        )
    return trainer


def missing_trainer(name: str) -> str:
    """Return why a trainer of `TRAINERS` cannot be used, and how to install it; "" if it is installed.

    Examples
    --------
    >>> missing_trainer("gap") == "" or "pip install" in missing_trainer("gap")
    True
    """
    check = getattr(TRAINERS[name](), "check_installed", None)
    try:
        if check is not None:
            check()
    except TrainerMissing as error:
        return str(error)
    return ""


def make_trainer(name: str, parameters: Sequence[str] = (), seconds: float | None = None) -> Trainer:
    """Return a trainer of `TRAINERS` with parameters given as text.

    Parameters
    ----------
    name : str
        One of `TRAINERS`.
    parameters : sequence of str
        Numbers by name, such as ``"n_sparse=1000"``.
    seconds : float, optional
        Time limit for each of training and prediction; by default that of the trainer.

    Raises
    ------
    ValueError
        If there is no such trainer or parameter, or a value is no number.

    Examples
    --------
    >>> make_trainer("gap", ["n_sparse=200"], 60).n_sparse
    200
    >>> make_trainer("gap", ["n=2"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: parameters: expected a parameter like n_sparse=1000, of cutoff, ...; got 'n=2'
    """
    make = TRAINERS[check_choice(name, "trainer", sorted(TRAINERS))]
    default = make().parameters
    values: dict[str, Any] = {} if seconds is None else {"seconds": seconds}
    for text in parameters:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not isinstance(default.get(key), int | float):
            known = ", ".join(key for key, value in default.items() if isinstance(value, int | float))
            raise ValueError(f"parameters: expected a parameter like n_sparse=1000, of {known}; got {text!r}")
        if key in values:
            raise ValueError(f"parameters: expected each parameter once, got {key} again in {text!r}")
        try:
            values[key] = type(default[key])(value)
        except ValueError:
            raise ValueError(f"parameters: expected a number for {key}, got {value!r}") from None
    return make(**values)
