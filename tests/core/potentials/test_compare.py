"""Tests of `compare_potentials`, with a trainer that needs no program."""

import json

import numpy as np
import pytest
from ase import Atoms

import quests_core as q
from quests_core.potentials import (
    TrainerMissing,
    TrainingError,
    TrainingTimeout,
    compare_potentials,
    hold_out,
)
from tests.core.potentials.trained import Faulty, NoisyEMT, label, labelled_frames

KEYS = {"test_size": 4, "k": 8}


def compare(frames, *args, trainer=None, **keys):
    return compare_potentials(frames, *args, trainer=trainer or NoisyEMT(), **{**KEYS, **keys})


def test_each_method_size_and_seed_has_a_row():
    frames = labelled_frames()
    found = compare(frames, ["msc", "random"], [0.25, 8], seeds=[0, 5])
    keys = found.table[["method", "n_frames", "seed"]].values.tolist()
    assert keys == [[m, n, seed] for m in ("msc", "random") for n in (4, 8) for seed in (0, 5)]
    assert (found.table.status == "finished").all()
    assert found.table.fraction.tolist() == [0.25, 0.25, 0.5, 0.5] * 2
    assert found.table.n_envs.tolist() == [16, 16, 32, 32] * 2
    by_size = found.table.groupby("n_frames").force_rmse.mean()
    assert by_size[8] < by_size[4] < 0.1


def test_no_subset_contains_a_test_frame_and_orders_ignore_the_test_set():
    frames = labelled_frames()
    found = compare(frames, ["msc"], [5], seeds=[0])
    (cell,) = found.record["cells"]
    split = found.split
    assert sorted([*split.train, *split.test]) == list(range(20))
    envs = q.descriptors([frames[i] for i in split.train], k=8)
    assert cell["frames"] == split.train[q.select(envs, "msc", 5).order].tolist()
    assert not set(cell["frames"]) & set(split.test.tolist())


def test_random_subsets_and_potentials_depend_on_the_seed_others_only_on_the_potential():
    found = compare(labelled_frames(), ["msc", "random"], [4], seeds=[0, 1])
    frames = {name: [cell["frames"] for cell in found.record["cells"] if cell["method"] == name] for name in
              ("msc", "random")}  # fmt: skip
    assert frames["msc"][0] == frames["msc"][1]
    assert frames["random"][0] != frames["random"][1]
    assert found.table.force_rmse.nunique() == 4


def test_methods_that_are_not_nested_select_for_each_size():
    frames = labelled_frames()
    found = compare(frames, ["k_means"], [3, 6], seeds=[0])
    envs = q.descriptors([frames[i] for i in found.split.train], k=8)
    for cell in found.record["cells"]:
        order = q.select(envs, "k_means", cell["n_frames"]).order
        assert cell["frames"] == found.split.train[order].tolist()


def test_given_orders_are_used():
    frames = labelled_frames()
    train = hold_out(frames, test_size=4).train
    found = compare(frames, {"mine": train[::-1]}, [3], seeds=[0])
    assert found.record["cells"][0]["frames"] == train[::-1][:3].tolist()


def test_errors_are_those_of_the_predictions():
    frames = labelled_frames()
    trainer = NoisyEMT(0.4)
    found = compare(frames, ["msc"], [4], seeds=[0], trainer=trainer)
    test = [frames[i] for i in found.split.test]
    train = [frames[i] for i in found.record["cells"][0]["frames"]]
    predicted = NoisyEMT(0.4)

    class Folder:
        def __truediv__(self, name):
            return self

        def write_text(self, text):
            pass

    forces = predicted.train(train, {}, Folder(), 0, lambda: None)(test).forces
    errors = forces - np.concatenate([q.atoms_forces(atoms) for atoms in test])
    assert found.table.force_rmse[0] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-12)
    assert found.table.energy_mae[0] == pytest.approx(0.1 / 4, rel=1e-9)


def test_groups_cover_the_test_set():
    found = compare(labelled_frames(), ["msc"], [4], seeds=[0], test="stratified")
    sizes = found.groups.groupby("by").n_test_envs.sum()
    assert sizes.to_dict() == dict.fromkeys(("all", "delta_entropy", "element", "force_decile", "label"), 16)
    labels = found.groups[found.groups.by == "label"]
    assert labels.group.tolist() == ["cold", "hot"]
    assert labels.energy_rmse.notna().all()
    assert found.groups[found.groups.by == "element"].energy_rmse.isna().all()


def test_the_record_repeats_the_comparison():
    frames = labelled_frames()
    found = compare(frames, ["msc", "random"], [4], seeds=[1])
    record = json.loads(json.dumps(found.record, allow_nan=False))
    assert record["trainer"] == {"name": "noisy-emt", "parameters": {"noise": 0.3}}
    orders = {cell["method"]: cell["frames"] for cell in record["cells"]}
    again = compare(frames, orders, record["sizes"], test=record["test"]["frames"], seeds=record["seeds"])
    assert again.table.force_rmse.tolist() == found.table.force_rmse.tolist()


def test_isolated_atoms_are_energy_references_and_in_neither_part():
    frames = [*labelled_frames(), label(Atoms("Ag", cell=[15] * 3, pbc=True))]
    seen = []

    class Reports(NoisyEMT):
        def train(self, frames, atom_energies, *others):
            seen.append(atom_energies)
            return super().train(frames, atom_energies, *others)

    found = compare(frames, ["msc"], [1.0], seeds=[0], trainer=Reports())
    assert found.split.isolated.tolist() == [20]
    assert found.table.n_frames.tolist() == [16]
    assert seen[0]["Ag"] == q.atoms_energy(frames[20])
    assert set(seen[0]) == {"Ag", "Cu"}


def raises(error):
    def fault(predict):
        raise error

    return fault


def scaled(factor):
    def fault(predict):
        return lambda frames: predict(frames)._replace(forces=factor * predict(frames).forces)

    return fault


FAULTS = {
    "missing": (raises(TrainerMissing("no such program")), "no such program"),
    "timeout": (raises(TrainingTimeout("took more than 1 s")), "took more than 1 s"),
    "failed": (raises(TrainingError("out of memory")), "out of memory"),
    "an error of Python": (raises(ZeroDivisionError("zero")), "ZeroDivisionError: zero"),
    "nan": (scaled(np.nan), "not finite"),
    "large": (scaled(-2), "exceeds"),
    "shape": (lambda predict: lambda frames: predict(frames[1:]), "expected an array of shape"),
}  # fmt: skip
STATUS = {"an error of Python": "failed", "nan": "diverged", "large": "diverged", "shape": "failed"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_its_own_cell(fault):
    wrong, message = FAULTS[fault]
    found = compare(labelled_frames(), ["msc"], [3, 5, 7], seeds=[0], trainer=Faulty(5, wrong))
    status = STATUS.get(fault, fault)
    assert found.table.status.tolist() == ["finished", status, "finished"]
    assert message in found.table.message[1]
    assert found.table.force_rmse.isna().tolist() == [False, True, False]
    assert found.record["cells"][1]["log"] == "trained on 5 frames\n"
    assert set(found.groups.n_frames) == {3, 7}
    assert found.failures.n_frames.tolist() == [5]


def test_a_size_with_too_few_frames_costs_its_own_cells(tmp_path):
    trainer = NoisyEMT()
    found = compare(
        labelled_frames(), ["msc", "random"], [3, 17], seeds=[0], trainer=trainer, folder=tmp_path
    )
    assert found.table[["n_frames", "status"]].values.tolist() == 2 * [[3, "finished"], [17, "failed"]]
    assert set(found.failures.message) == {"the training part has only 16 frames"}
    assert found.record["sizes"] == [3, 17]
    assert len(trainer.calls) == 2
    json.dumps(found.record, allow_nan=False)


def test_a_subset_without_an_element_of_the_test_set_is_marked():
    frames = labelled_frames()
    for atoms in frames[:3]:
        atoms.symbols[:] = "Cu"
    split = hold_out(frames, test=[15, 19])
    assert 0 in split.train
    trainer = NoisyEMT()
    found = compare(frames, {"copper": [0, 1, 2, 5]}, [2, 4], test=[15, 19], seeds=[0], trainer=trainer)
    assert found.table.status.tolist() == ["failed", "finished"]
    assert found.table.message[0] == "the subset has no Ag, which the test set has"
    assert trainer.calls == [(4, 0)]


@pytest.mark.parametrize("error", [KeyboardInterrupt, q.Cancelled, RuntimeError])
def test_an_interrupted_run_continues_without_repeating_a_cell(tmp_path, error):
    frames, given = labelled_frames(), (["msc", "random"], [3, 5])
    whole = compare(frames, *given, seeds=[0, 1])
    calls = []

    def progress(step, done, total):
        if step == "potentials":
            calls.append((done, total))
            if done == 3:
                raise error

    trainer = NoisyEMT()
    with pytest.raises(error):
        compare(frames, *given, seeds=[0, 1], trainer=trainer, folder=tmp_path, progress=progress)
    assert len(trainer.calls) == 3
    assert calls[-1] == (3, 8)
    found = compare(frames, *given, seeds=[0, 1], trainer=trainer, folder=tmp_path)
    assert len(trainer.calls) == 8
    assert len(set(trainer.calls)) == 4
    assert found.table.force_rmse.tolist() == whole.table.force_rmse.tolist()
    compare(frames, *given, seeds=[0, 1], trainer=trainer, folder=tmp_path)
    assert len(trainer.calls) == 8


def test_an_error_of_progress_during_training_is_not_one_of_the_trainer(tmp_path):
    def progress(step, done, total):
        if step == "potentials" and progress.armed:
            raise q.Cancelled("now")
        progress.armed = step == "potentials"

    progress.armed = False
    with pytest.raises(q.Cancelled):
        compare(labelled_frames(), ["msc"], [3], seeds=[0], folder=tmp_path, progress=progress)
    assert not list(tmp_path.glob("msc*.json"))


def test_a_change_repeats_the_cells(tmp_path):
    frames = labelled_frames()
    keys = {"seeds": [0], "folder": tmp_path}
    trainers = [NoisyEMT(), NoisyEMT(), NoisyEMT(0.2), NoisyEMT()]
    compare(frames, ["msc"], [3], trainer=trainers[0], **keys)
    compare(frames, ["msc"], [3, 4], trainer=trainers[1], **keys)
    compare(frames, ["msc"], [3], trainer=trainers[2], **keys)
    frames[0].positions += 0.01
    compare(frames, ["msc"], [3], trainer=trainers[3], **keys)
    assert [len(trainer.calls) for trainer in trainers] == [1, 1, 1, 1]


def test_failures_are_tried_again_but_not_what_cannot_change(tmp_path):
    frames = labelled_frames()
    for name, times in (("failed", 2), ("missing", 2), ("timeout", 2), ("large", 1)):
        trainer = Faulty(4, FAULTS[name][0])
        for _ in range(2):
            compare(frames, ["msc"], [4], seeds=[0], trainer=trainer, folder=tmp_path / name)
        assert len(trainer.calls) == times, name


def test_parameters_that_json_cannot_express_are_named():
    trainer = NoisyEMT()
    trainer.parameters["model"] = {"size": object()}
    with pytest.raises(
        TypeError, match=r"trainer\.parameters\['model'\]\['size'\]: expected a value that JSON"
    ):
        compare(labelled_frames(), ["msc"], [3], trainer=trainer)
    trainer.parameters["model"] = {"size": np.int64(3)}
    found = compare(
        labelled_frames(), ["msc"], [np.int64(3)], seeds=[np.int64(0)], trainer=trainer, k=np.int64(8)
    )
    assert json.loads(json.dumps(found.record))["trainer"]["parameters"]["model"] == {"size": 3}


def without_forces(frames):
    frames[3].calc = None
    return frames


@pytest.mark.parametrize(
    ("change", "keys", "message"),
    [
        (without_forces, {}, "frame 3: expected forces, got none (1 of 20 frames have none)"),
        (None, {"sizes": [17]}, "sizes: expected at most the 16 frames of the training part, got 17"),
        (None, {"sizes": []}, "sizes: expected at least 1"),
        (None, {"sizes": [0.0]}, "sizes: expected a fraction"),
        (None, {"seeds": []}, "seeds: expected at least 1"),
        (None, {"orders": ["best"]}, "orders: expected one of"),
        (None, {"orders": []}, "orders: expected at least 1"),
        (None, {"orders": {"mine": [0, 0]}}, "orders['mine']: expected each frame once"),
        (None, {"trainer": "gpa"}, "trainer: expected one of 'gap'"),
        (None, {"test": "best"}, "test: expected one of"),
        (lambda frames: [*frames[:-1], label(Atoms("Au", cell=[3] * 3, pbc=True))], {"test": [19]},
         "test: expected only elements of the training part in the test set, got Au"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(change, keys, message):
    frames = labelled_frames()
    frames = change(frames) if change else frames
    with pytest.raises(ValueError, match="expected") as caught:
        compare_potentials(frames, **{"orders": ["msc"], "sizes": [3], "trainer": NoisyEMT(), **KEYS, **keys})
    assert str(caught.value).startswith(message)


def test_forces_that_are_all_zero_are_no_test():
    frames = labelled_frames()
    for atoms in frames:
        atoms.calc.results["forces"] = np.zeros((4, 3))
    with pytest.raises(ValueError, match="not all zero"):
        compare(frames, ["msc"], [3])


def test_each_potential_is_reported_as_it_finishes():
    parts = []
    found = compare(labelled_frames(), ["msc", "random"], [3, 5], on_part=parts.append)
    assert [len(part.table) for part in parts] == list(range(1, len(found.table) + 1))
    assert parts[-1].table.equals(found.table)
    assert parts[0].groups.by.tolist().count("delta_entropy") >= 1


def test_without_the_files_of_the_trainer_the_cells_are_kept(tmp_path):
    trainer = NoisyEMT()
    for _ in range(2):
        compare(labelled_frames(), ["msc"], [3], trainer=trainer, folder=tmp_path, keep_files=False)
    assert len(trainer.calls) == len(set(trainer.calls))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json"}


def test_given_environments_are_used_and_recorded():
    frames = labelled_frames()
    envs = q.descriptors(frames, k=8)
    found = compare(frames, ["msc"], [3], envs=envs)
    same = compare(frames, ["msc"], [3], k=8)
    assert found.table.drop(columns="seconds").equals(same.table.drop(columns="seconds"))
    assert set(found.record["descriptor"]) == {"sha256", "bandwidth"}
    with pytest.raises(ValueError, match="envs: expected the 80 environments of 20 frames, got 76 of 19"):
        compare(frames, ["msc"], [3], envs=envs.take(range(19)))
