"""Train potentials on subsets of the open data set, and keep what is finished."""

import logging
import shutil
import tempfile
import weakref
from pathlib import Path

import param

from quests_core import Cancelled, Progress
from quests_core.potentials import PotentialComparison
from quests_core.utils import scratch
from quests_core.utils.cache_dir import cache_dir
from quests_core.utils.escape import one_line

from ..analysis import training
from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.training import TrainingRequest
from ..jobs.eviction import evict_potentials, potentials_folder
from ..text.errors import error_reason
from ..text.numbers import plural
from .controller import Controller
from .state import State

TITLE = "Training potentials"
log = logging.getLogger(__name__)


class PotentialTraining(param.Parameterized):
    """Potentials trained on subsets of the open data set.

    Finished potentials are kept in the cache directory, or until the session ends if there is none, so that
    the same request repeats none of them.

    Parameters
    ----------
    state : State
        Holds the open data set.
    controller : Controller
        Runs the training.
    """

    comparison = param.ClassSelector(
        class_=PotentialComparison, default=None, doc="The potentials finished so far; None without any."
    )
    error = param.String(default="", doc="Why the last request was refused or failed.")
    notice = param.String(default="", doc="How the last request ended, if not by its end.")
    n_requested = param.Integer(default=0, doc="Number of potentials of the last request.")

    def __init__(self, state: State, controller: Controller):
        super().__init__()
        self._state, self._controller = state, controller
        self._temporary: Path | None = None
        self._task: Progress | None = None
        self._key: tuple = ()
        state.param.watch(lambda _: self._follow_opened(), "opened")

    def train(self, request: TrainingRequest) -> None:
        """Train what is not kept already; `comparison` follows as potentials finish."""
        opened, marks = self._state.data, self._state.marks
        self.cancel()
        self._key = opened.key
        self.param.update(error="", notice="", comparison=None, n_requested=request.n_potentials)

        def work(progress: Progress) -> PotentialComparison:
            def on_part(part: PotentialComparison) -> None:
                self._controller.on_loop(lambda: self._show(progress, part))

            try:
                return training.train(opened, marks, request, self._folder(opened), progress, on_part)
            finally:
                _evict()

        def failed(error: Exception) -> None:
            if self._task is task:
                self._fail(error)

        task = self._task = self._controller.train(TITLE, work, lambda found: self._show(task, found), failed)

    def cancel(self) -> None:
        """Cancel the training; finished potentials are kept."""
        if self._task is not None:
            self._controller.cancel_training()
            self._task = None

    def _show(self, task: Progress, found: PotentialComparison) -> None:
        if self._task is task:
            self.comparison = found

    def _fail(self, error: Exception) -> None:
        self._task = None
        n_done = 0 if self.comparison is None else len(self.comparison.table)
        if isinstance(error, Cancelled):
            kept = (
                f" {plural(n_done, 'potential')} finished so far: Train continues with the rest."
                if n_done
                else ""
            )
            self.notice = f"Cancelled.{kept}"
        else:
            self.error = error_reason(error)

    def _follow_opened(self) -> None:
        """Cancel and forget the potentials of another file, or with other parameters."""
        opened = self._state.opened
        if opened is None or opened.key != self._key:
            self.cancel()
            self.param.update(comparison=None, error="", notice="", n_requested=0)

    def _folder(self, opened: AnalysedDataset) -> Path:
        """Return the folder that keeps the finished potentials of a data set."""
        cache = cache_dir()
        if cache is None:
            if self._temporary is None:
                self._temporary = Path(tempfile.mkdtemp(prefix="potentials-", dir=scratch.folder()))
                weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
            return self._temporary
        return potentials_folder(cache, opened.dataset.sha256)


def _evict() -> None:
    """Limit the size of what is kept; a disk error does no harm."""
    cache = cache_dir()
    if cache is not None:
        try:
            evict_potentials(cache)
        except OSError as error:
            log.info("%s: not limited: %s", cache, one_line(error))
