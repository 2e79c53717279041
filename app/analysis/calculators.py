"""The calculators that the page can predict with: those that are installed, by name."""

import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.data import chemical_symbols

from quests_core.potentials import Predictions, TrainingError, calculator_predictions
from quests_core.potentials.gap import in_box
from quests_core.potentials.trainer import Predict

_NO_NAME = re.compile(r"\W+")
_LONGEST_NAME = 40
# In ``soap … Z=29 species_Z={47 29 }`` and ``distance_2b Z1=29 Z2=47``.
_ELEMENTS = re.compile(r"(?:\b|_)Z\d?=\{?([\d ]+)")
# Between images along axes that are not periodic, Å: more than any cutoff.
_VACUUM = 20.0


class OptionalKind(Protocol):
    """What needs a package, and perhaps a file; see `CalculatorKind`."""

    @property
    def package(self) -> str:
        """The module that must be installed."""
        ...

    @property
    def suffix(self) -> str:
        """Of its file; "" if it needs none."""
        ...

    @property
    def runs_code(self) -> bool:
        """Whether the file can contain code, which loading it runs."""
        ...


Kind = TypeVar("Kind", bound=OptionalKind)


@dataclass(frozen=True)
class CalculatorKind:
    """A kind of calculator.

    Attributes
    ----------
    title : str
        Its name on the page.
    package : str
        The module that must be installed.
    make : callable
        Returns the calculator, or a function that predicts, for the path of a model; "" if it needs none.
    suffix : str
        Of the file of its model; "" if it needs none.
    runs_code : bool
        Whether the file of a model can contain code, which loading it runs.
    """

    title: str
    package: str
    make: Callable[[str], BaseCalculator | Predict]
    suffix: str = ""
    runs_code: bool = False


def _emt(_: str) -> BaseCalculator:
    from ase.calculators.emt import EMT

    return EMT()


def _xtb(method: str) -> Callable[[str], BaseCalculator]:
    def make(_: str) -> BaseCalculator:
        return importlib.import_module("tblite.ase").TBLite(method=method, verbosity=0)

    return make


def _gap(path: str) -> Predict:
    potential: Any = importlib.import_module("quippy.potential").Potential(param_filename=path)
    evaluate, known = calculator_predictions(potential), gap_elements(Path(path))

    def predict(frames: Sequence[Atoms]) -> Predictions:
        # QUIP predicts no energy and no forces for other elements, without an error.
        missing = {symbol for atoms in frames for symbol in atoms.symbols} - known
        if known and missing:
            raise TrainingError(f"the potential has no {', '.join(sorted(missing))}")
        # As GAPs are trained: QUIP needs a cell.
        return evaluate([in_box(atoms, _VACUUM) for atoms in frames])

    return predict


def gap_elements(path: Path) -> set[str]:
    """Return the elements that the descriptors of a GAP name; none if they name no elements."""
    found: set[str] = set()
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if "<descriptor>" in line:
                numbers = " ".join(_ELEMENTS.findall(line)).split()
                found |= {chemical_symbols[int(one)] for one in numbers if int(one) < len(chemical_symbols)}
    return found


def _mace(path: str) -> BaseCalculator:
    return importlib.import_module("mace.calculators").MACECalculator(model_paths=path, device="cpu")


CALCULATORS = {
    "GFN2_xTB": CalculatorKind("GFN2-xTB", "tblite", _xtb("GFN2-xTB")),
    "GFN1_xTB": CalculatorKind("GFN1-xTB", "tblite", _xtb("GFN1-xTB")),
    "EMT": CalculatorKind("EMT (fcc metals, for tests)", "ase", _emt),
    "GAP": CalculatorKind("GAP, from a file (.xml)", "quippy", _gap, ".xml"),
    "MACE": CalculatorKind("MACE, from a file (.model)", "mace", _mace, ".model", runs_code=True),
}


def installed(files: bool, code: bool) -> dict[str, CalculatorKind]:
    """Return the kinds that are installed: with `files` those that read one, with `code` those that run it.

    Examples
    --------
    >>> "EMT" in installed(files=False, code=False)
    True
    >>> any(kind.suffix for kind in installed(files=False, code=True).values())
    False
    """
    return usable(CALCULATORS, files, code)


def usable(kinds: Mapping[str, Kind], files: bool, code: bool) -> dict[str, Kind]:
    """Return those of `kinds` that are installed, and read a file or run its code only if that is allowed.

    Examples
    --------
    >>> list(usable({"no": CalculatorKind("No", "no_such_package", _emt)}, files=True, code=True))
    []
    """
    return {
        name: kind
        for name, kind in kinds.items()
        if importlib.util.find_spec(kind.package) is not None
        and (files or not kind.suffix)
        and (code or not kind.runs_code)
    }


def prediction_name(kind: str, path: Path | None) -> str:
    """Return the name of predictions, which filters can use.

    Examples
    --------
    >>> prediction_name("GAP", Path("/data/my-gap.xml"))
    'GAP_my_gap'
    """
    return kind if path is None else f"{kind}_{_NO_NAME.sub('_', path.stem)}"[:_LONGEST_NAME]
