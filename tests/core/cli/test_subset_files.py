"""Keys, split and files of a subset."""

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

import quests_core as q
import quests_core.cli.common
from quests_core.cli.subset_files import SubsetFiles
from quests_core.io.dataset import load
from quests_core.io.frame_keys import keyed_content
from quests_core.selection.near_duplicates import near_duplicates
from quests_core.selection.train_valid_split import split
from quests_core.utils.frame_ranges import format_ranges
from tests.core.cli.commands import KEYS, PARAMETERS, run, run_json

FEW = ("-s", 4, "-k", 4, "-m", "random")


@pytest.mark.parametrize("kind", ["mace", "nequip"])
def test_keys_of_a_program(keyed, tmp_path, kind):
    target = tmp_path / "kept.xyz"
    answer = run_json("compress", keyed, *FEW, *KEYS, "--keys", kind, "-o", target)
    dataset = load(keyed, energy_key="my_e", forces_key="my_f")
    expected = keyed_content(dataset, np.array(answer["indices_by_rank"]), "file", kind)
    assert target.read_bytes() == expected.bytes_of()
    assert answer["notes"] == list(expected.notes)
    name = {"mace": "REF_energy", "nequip": "energy"}[kind]
    frames = ase.io.read(target, ":", format="extxyz")
    energies = [atoms.info[name] if kind == "mace" else atoms.get_potential_energy() for atoms in frames]
    assert energies == [-1.5 * i for i in sorted(answer["indices_by_rank"])]


def test_keys_of_a_file(keyed, tmp_path):
    target, keys = tmp_path / "kept.xyz", tmp_path / "keys.json"
    keys.write_text('{"energy": "E_dft", "forces": "F_dft"}')
    answer = run_json("compress", keyed, *FEW, *KEYS, "--keys", keys, "-o", target)
    for atoms, i in zip(
        ase.io.read(target, ":", format="extxyz"), sorted(answer["indices_by_rank"]), strict=True
    ):
        assert atoms.info["E_dft"] == -1.5 * i
        assert atoms.arrays["F_dft"].tolist() == [[1, 2, 3], [3, 2, 1]]
    for wrong, why in (
        ("[1]", "expected keys for energy, forces, stress, virials"),
        ('{"charge": "q"}', "expected keys for"),
        ('{"energy": "a b"}', "expected words without blanks"),
        ('{"energy": "a", "forces": "a"}', "expected different keys"),
        ("{", "expected JSON"),
    ):
        keys.write_text(wrong)
        done = run("compress", keyed, *FEW, "--keys", keys, "-o", target, "--force")
        assert done.exit_code == 1
        assert why in done.stderr
        assert done.stderr.startswith("Error: --keys: ")
    for wrong in ("mase", str(tmp_path), '{"energy": "E"}' * 30):
        done = run("compress", keyed, *FEW, "--keys", wrong, "-o", target, "--force")
        assert done.exit_code == 1
        expected = "source, rank, mace, nequip, gpumd, deepmd or a JSON file"
        assert done.stderr.startswith(f"Error: --keys: expected {expected}, got {wrong!r:.80}")


def test_rank_and_delta_entropy(file, tmp_path):
    target = tmp_path / "kept.xyz"
    answer = run_json("compress", file, *PARAMETERS, "-s", 3, "--keys", "rank", "-o", target)
    kept = q.read(target)
    order = answer["indices_by_rank"]
    assert [order[atoms.info["quests_rank"] - 1] for atoms in kept] == sorted(order)
    envs = q.descriptors(kept, 4, 3.5, species=["Ag", "Cu"])
    own = q.delta_entropy(envs, envs, bandwidth=0.03)
    written = np.concatenate([atoms.arrays["quests_delta_entropy"] for atoms in kept])
    np.testing.assert_allclose(written, own, atol=1e-5)


def test_a_split_keeps_near_duplicates_together(file, tmp_path):
    source, target = tmp_path / "twice.xyz", tmp_path / "kept.v1.xyz.gz"
    frames = q.read(file)
    ase.io.write(source, [frames[i // 2] for i in range(16)], format="extxyz")
    options = ("-s", 16, "--split", "3:1", "--split-seed", 2)
    answer = run_json("compress", source, *FEW[2:], *options, "-o", target)
    files = [str(tmp_path / f"kept.v1-{side}.xyz.gz") for side in ("train", "valid")]
    assert answer["output"] == files
    train, valid = (answer["split"][side] for side in ("train", "valid"))
    assert sorted(train + valid) == list(range(16))
    assert not {i // 2 for i in train} & {i // 2 for i in valid}
    envs = q.descriptors(q.read(source), k=4)
    expected = split(envs, answer["indices_by_rank"], 0.25, 0.015, seed=2)
    assert valid == expected.valid.tolist()
    assert answer["split"]["n_groups"] == near_duplicates(envs, range(16), 0.015).max() + 1
    for path, side in zip(files, (train, valid), strict=True):
        kept = q.read(path)
        assert [atoms.positions.tolist() for atoms in kept] == [
            frames[i // 2].positions.tolist() for i in side
        ]


@pytest.mark.parametrize("ratio", ["90", "0:1", "1:0", "a:b", "-1:2", "nan:1", "1:2:3", "inf:1"])
def test_a_ratio_that_is_none_is_a_usage_error(file, ratio):
    done = run("compress", file, "--dry-run", f"--split={ratio}")
    assert done.exit_code == 2
    assert "expected two numbers such as 90:10" in done.stderr


def test_a_split_needs_files_and_a_distance(file, tmp_path):
    done = run("compress", file, "-o", "-", "--split", "90:10")
    assert done.exit_code == 2
    assert "expected a file for a split" in done.stderr
    for distance in (0, -1, "nan", "inf"):
        options = ("--split", "90:10", f"--split-distance={distance}")
        done = run("compress", file, "-o", tmp_path / "a.xyz", *options)
        assert done.exit_code == 2
        assert "expected a positive number" in done.stderr
    done = run("compress", file, *FEW, "-s", 1, "-o", tmp_path / "a.xyz", "--split", "90:10")
    assert done.exit_code == 1
    assert "One frame cannot be split" in done.stderr
    (tmp_path / "a-valid.xyz").write_text("precious")
    done = run("compress", file, *FEW, "-o", tmp_path / "a.xyz", "--split", "90:10")
    assert "a-valid.xyz exists; --force replaces it" in done.stderr
    assert not (tmp_path / "a-train.xyz").exists()


def test_several_files_and_a_pattern_are_one_set(file, other, tmp_path):
    target = tmp_path / "kept.extxyz"
    for arguments in ([file, other], [other, file], [f"{tmp_path}/*.xyz"]):
        frames = q.read(arguments if len(arguments) > 1 else arguments[0])
        order = q.select(q.descriptors(frames, k=4), "random", 4).order
        answer = run_json("compress", *arguments, *FEW, "-o", target, "--force")
        assert answer["indices_by_rank"] == order.tolist()
        assert answer["n_frames_of"] == 11
        sources = [atoms.info["source"] for atoms in q.read(target)]
        assert sources == [frames[i].info["source"] for i in sorted(order)]
        assert set(sources) <= {"train.xyz", "other.xyz"}
    done = run("compress", file, file, *FEW, "--dry-run")
    assert "expected different files" in done.stderr
    done = run("compress", file, tmp_path / "gone.xyz", *FEW, "--dry-run")
    assert done.exit_code == 1
    assert "gone.xyz: no such file" in done.stderr


def test_files_without_a_split_are_the_output():
    written = SubsetFiles.parse("a.xyz", "source", None, 1.0, 0)
    assert written.outputs == ("a.xyz",)
    assert SubsetFiles.parse(None, "source", "80:20", 1.0, 0).outputs == ()
    assert SubsetFiles.parse("x/a.xyz", "source", "80:20", 1.0, 0).outputs == (
        "x/a-train.xyz",
        "x/a-valid.xyz",
    )


@pytest.fixture
def labelled(rng, tmp_path):
    """Return a file of eight frames with energies and forces."""
    frames = []
    for i in range(8):
        atoms = bulk("Cu", cubic=True)
        atoms.positions += 0.05 * (i + 1) * rng.normal(size=(4, 3))
        atoms.calc = SinglePointCalculator(atoms, energy=-float(i), forces=rng.normal(size=(4, 3)))
        frames.append(atoms)
    ase.io.write(tmp_path / "labelled.xyz", frames, format="extxyz")
    return tmp_path / "labelled.xyz"


def test_folders_of_deepmd_are_written_and_read_by_the_commands(labelled, tmp_path):
    pytest.importorskip("dpdata", reason="dpdata is not installed")
    target = tmp_path / "subset"
    options = ("-k", 4, "-s", 4, "-m", "random", "--keys", "deepmd")
    answer = run_json("compress", labelled, *options, "-o", target)
    frames, found = q.read(labelled), q.read(target)
    chosen = sorted(answer["indices_by_rank"])
    assert answer["notes"] == [f"4 frames without virial (frames {format_ranges(chosen)})."]
    assert [q.atoms_energy(atoms) for atoms in found] == [q.atoms_energy(frames[i]) for i in chosen]
    again = run_json("entropy", target, "-k", 4)
    assert again["entropy"] == pytest.approx(
        q.entropy(q.descriptors([frames[i] for i in chosen], k=4)), abs=1e-6
    )
    done = run("compress", labelled, *options, "-o", target, "--force")
    assert done.exit_code == 1
    assert "exists; expected a new folder, also with --force" in done.stderr
    split = run_json("compress", labelled, *options, "--split", "75:25", "-o", tmp_path / "both")
    assert split["output"] == [str(tmp_path / "both-train"), str(tmp_path / "both-valid")]
    assert [len(q.read(path)) for path in split["output"]] == [3, 1]
    back = tmp_path / "back.xyz"
    run_json("compress", target, "-k", 4, "-s", "100%", "-m", "random", "--keys", "mace", "-o", back)
    assert [atoms.info["REF_energy"] for atoms in ase.io.read(back, ":")] == [-float(i) for i in chosen]


def test_a_folder_that_cannot_be_written_is_refused_before_the_computation(file, tmp_path):
    done = run("compress", file, "--keys", "deepmd", "-o", tmp_path / "no" / "out")
    assert done.exit_code == 1
    assert "there is no folder" in done.stderr
    done = run("compress", file, "--keys", "deepmd", "-o", "-")
    assert "--output: expected a folder, got standard output" in done.stderr


def test_nothing_is_left_of_a_folder_that_fails(file, tmp_path):
    pytest.importorskip("dpdata", reason="dpdata is not installed")
    before = set(tmp_path.iterdir())
    done = run("compress", file, "-k", 4, "--keys", "deepmd", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "expected energy and forces, which DeePMD-kit trains on" in done.stderr
    assert set(tmp_path.iterdir()) == before
