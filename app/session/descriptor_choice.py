"""Replace the descriptors of the open data set, with a bandwidth that gives the same entropy."""

import dataclasses
from pathlib import Path

import param

from quests_core import Environments

from ..analysis.descriptor_kinds import DescriptorKind, installed, load_array, matched_bandwidth
from ..jobs.descriptor_process import describe_in_process
from ..server.training_access import models_may_hold_code
from .controller import Controller
from .state import State


class DescriptorChoice(param.Parameterized):
    """Describe the open data set by another kind of descriptor, or by its own again.

    Parameters
    ----------
    state : State
        Holds the open data set.
    controller : Controller
        Runs the job, and analyses the data set with the result.
    """

    notice = param.String(default="", doc="How the last request ended.")

    def __init__(self, state: State, controller: Controller):
        super().__init__()
        self._state, self._controller = state, controller

    @property
    def kinds(self) -> dict[str, DescriptorKind]:
        """The descriptors that this session may use, by name."""
        code = self._controller.may_train and models_may_hold_code()
        return installed(not self._controller.allowed_paths.is_empty, code)

    def use(self, kind: str, path: str = "") -> None:
        """Describe the open data set by a descriptor of `kinds`, from the file at `path` if it needs one.

        The bandwidth is that at which the set has the entropy that it has now.

        Raises
        ------
        ValueError
            If there is no such descriptor for this session, or the path is refused or no such file.
        """
        opened, kinds = self._state.data, self.kinds
        if kind not in kinds:
            raise ValueError(f"descriptor: expected one of {', '.join(kinds) or 'none'}, got {kind!r}")
        chosen = kinds[kind]
        file = self._file(chosen, path) if chosen.suffix else None
        frames, elements, cutoff = opened.dataset.frames, opened.dataset.elements, opened.parameters.cutoff
        self.notice = ""

        def work(progress) -> tuple[Environments, float]:
            if chosen.make is None and file is not None:
                envs = load_array(file, frames)
            else:
                envs = describe_in_process(frames, kind, file, elements, cutoff, progress)
            return envs, matched_bandwidth(envs, opened)

        def done(result: tuple[Environments, float]) -> None:
            if self._state.opened is opened:
                envs, bandwidth = result
                name = chosen.name(file, cutoff)
                self._controller.describe_by(envs, name, bandwidth)
                self.notice = f"{envs.X.shape[1]:,} numbers per atom; h = {bandwidth:.4g}, matched."

        title = f"Describing by {chosen.name(file, cutoff)}"
        self._controller.run(
            title,
            work,
            done,
            lambda error: self._controller.show_error(f"Could not use {chosen.title}", error),
        )

    def use_own(self, bandwidth: float) -> None:
        """Describe the open data set by distances again, with a bandwidth, Å⁻¹."""
        opened, self.notice = self._state.data, ""
        if opened.parameters.precomputed:
            parameters = dataclasses.replace(
                opened.parameters, precomputed="", descriptor="", bandwidth=bandwidth
            )
            self._controller.recompute(parameters)

    def _file(self, kind: DescriptorKind, path: str) -> Path:
        if not path.strip():
            raise ValueError(f"file: expected the path of a file that ends in {kind.suffix}, got none")
        found = self._controller.place(path.strip())
        if found.suffix != kind.suffix:
            raise ValueError(f"file: expected a name that ends in {kind.suffix}, got {found.name}")
        if not found.is_file():
            raise ValueError(f"file: expected a file, got {path}, which is none")
        return found
