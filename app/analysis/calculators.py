"""The calculators that the page can predict with: those that are installed, by name."""

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase.calculators.calculator import BaseCalculator

from quests_core.potentials import calculator_predictions
from quests_core.potentials.gap import in_box
from quests_core.potentials.trainer import Predict

_NO_NAME = re.compile(r"\W+")
_LONGEST_NAME = 40
# Between images along axes that are not periodic, Å: more than any cutoff.
_VACUUM = 20.0


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
    predict = calculator_predictions(potential)
    # As GAPs are trained: QUIP needs a cell.
    return lambda frames: predict([in_box(atoms, _VACUUM) for atoms in frames])


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
    return {
        name: kind
        for name, kind in CALCULATORS.items()
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
