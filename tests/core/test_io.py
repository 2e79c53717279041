"""Reading any file, refusing unusable ones by name, and writing subsets without losing a byte."""

import gzip
import os

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core import atoms_energy, atoms_forces, read, write_subset


def labelled(seed=0, n=5):
    """Return frames with every kind of label."""
    rng = np.random.default_rng(seed)
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True) if i % 2 else molecule("CH3CH2OH", vacuum=3.0)
        atoms.rattle(0.1, seed=seed + i)
        atoms.info = {"config_type": f"kind {i % 2}", "weight": 0.25 * i}
        atoms.arrays["REF_forces"] = rng.normal(size=(len(atoms), 3))
        forces, stress = rng.normal(size=(len(atoms), 3)), rng.normal(size=6)
        atoms.calc = SinglePointCalculator(atoms, energy=-3.5 - i, forces=forces, stress=stress)
        frames.append(atoms)
    return frames


@pytest.fixture
def extxyz(tmp_path):
    path = tmp_path / "set.xyz"
    ase.io.write(path, labelled(), format="extxyz")
    return path


def assert_same(frames, expected):
    assert len(frames) == len(expected)
    for one, other in zip(frames, expected, strict=True):
        assert one.symbols.get_chemical_formula() == other.symbols.get_chemical_formula()
        np.testing.assert_allclose(one.positions, other.positions, atol=1e-7)
        np.testing.assert_allclose(one.cell.array, other.cell.array, atol=1e-7)
        np.testing.assert_array_equal(one.pbc, other.pbc)


def assert_same_labels(frames, expected):
    for one, other in zip(frames, expected, strict=True):
        assert one.info == other.info
        assert one.get_potential_energy() == pytest.approx(other.get_potential_energy())
        np.testing.assert_allclose(one.get_forces(), other.get_forces(), atol=1e-7)
        np.testing.assert_allclose(one.get_stress(), other.get_stress(), atol=1e-7)
        np.testing.assert_allclose(one.arrays["REF_forces"], other.arrays["REF_forces"], atol=1e-7)


# Reading


def test_extxyz_keeps_labels(extxyz):
    frames = read(extxyz)
    assert_same(frames, labelled())
    assert_same_labels(frames, labelled())


@pytest.mark.parametrize(
    "name", ["set.xyz.gz", "set.extxyz.gz", "SET.XYZ.GZ", "set.extxyz", "a b@2.xyz", "ü.xyz"]
)
def test_extxyz_by_any_name(extxyz, tmp_path, name):
    data = extxyz.read_bytes()
    path = tmp_path / "other" / name
    path.parent.mkdir()
    path.write_bytes(gzip.compress(data) if name.lower().endswith("gz") else data)
    for given in (path, str(path)):
        frames = read(given)
        assert_same(frames, labelled())
        assert_same_labels(frames, labelled())


def test_compressed_or_not_is_told_by_content(extxyz, tmp_path):
    misnamed = tmp_path / "really_plain.xyz.gz"
    misnamed.write_bytes(extxyz.read_bytes())
    assert_same(read(misnamed), labelled())
    misnamed = tmp_path / "really_gz.xyz"
    misnamed.write_bytes(gzip.compress(extxyz.read_bytes()))
    assert_same(read(misnamed), labelled())
    members = tmp_path / "two_members.xyz.gz"
    members.write_bytes(gzip.compress(extxyz.read_bytes()) * 2)
    assert_same(read(members), labelled() * 2)


def test_many_frames_are_all_read_in_order(tmp_path):
    frames = [Atoms("H", [[i, 0, 0]]) for i in range(137)]
    path = tmp_path / "many.xyz"
    ase.io.write(path, frames, format="extxyz")
    assert [atoms.positions[0, 0] for atoms in read(path)] == list(range(137))


@pytest.mark.parametrize(
    "change", ["crlf", "blank lines at the end", "no final newline", "leading spaces", "tabs"]
)
def test_extxyz_as_other_programs_write_it(extxyz, change):
    data = extxyz.read_bytes()
    data = {
        "crlf": data.replace(b"\n", b"\r\n"),
        "blank lines at the end": data + b"\n  \n\n",
        "no final newline": data.rstrip(b"\n"),
        "leading spaces": b"   " + data,
        "tabs": data.replace(b"\nC  ", b"\nC\t"),
    }[change]
    extxyz.write_bytes(data)
    frames = read(extxyz)
    assert_same(frames, labelled())
    assert_same_labels(frames, labelled())


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["set.traj", "set.json", "set.db", "XDATCAR", "set.xsf", "plain.xyz"])
def test_other_formats(tmp_path, name, compressed):
    frames = [bulk("Cu", cubic=True) for _ in range(4)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    path = tmp_path / name
    if name == "plain.xyz":
        for atoms in frames:
            atoms.set_cell(None)
            atoms.pbc = False
        ase.io.write(path, frames, format="xyz")
    elif name == "XDATCAR":
        ase.io.write(path, frames, format="vasp-xdatcar")
    elif name == "set.db":
        with ase.db.connect(path) as database:
            for atoms in frames:
                database.write(atoms)
    else:
        ase.io.write(path, frames)
    if compressed:
        path.with_name(name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
        path = path.with_name(name + ".gz")
    back = read(path)
    assert len(back) == 4
    for one, other in zip(back, frames, strict=True):
        np.testing.assert_allclose(
            one.get_all_distances(mic=True), other.get_all_distances(mic=True), atol=1e-6
        )
        np.testing.assert_array_equal(one.pbc, other.pbc)


@pytest.mark.parametrize("name", ["labels.traj", "labels.json", "part@1.traj", "[1]*.traj"])
def test_labels_of_other_formats(tmp_path, name):
    frames = labelled()
    path = tmp_path / name
    plain = tmp_path / f"plain{path.suffix}"
    ase.io.write(plain, frames)
    plain.rename(path)
    back = read(path)
    assert_same(back, frames)
    for one, other in zip(back, frames, strict=True):
        assert one.get_potential_energy() == pytest.approx(other.get_potential_energy())
        np.testing.assert_allclose(one.get_forces(), other.get_forces())


# Labels


def test_energy_and_forces_are_found_wherever_they_are():
    atoms = Atoms("H2", [[0, 0, 0], [0, 0, 0.8]])
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None
    for key in ("REF_energy", "energy", "dft_energy", "DFT_energy"):
        assert atoms_energy(Atoms("H", info={key: np.float64(-2.5)})) == -2.5
    for key in ("REF_forces", "forces", "force", "dft_forces"):
        one = atoms.copy()
        one.arrays[key] = np.array([[0, 0, 1], [0, 0, -1]])
        np.testing.assert_array_equal(atoms_forces(one), [[0, 0, 1], [0, 0, -1]])
        assert atoms_forces(one).dtype == np.float64
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=np.ones((2, 3)))
    assert atoms_energy(atoms) == -1.0
    np.testing.assert_array_equal(atoms_forces(atoms), np.ones((2, 3)))


def test_labels_are_never_computed():
    from ase.calculators.emt import EMT

    atoms = bulk("Cu")
    atoms.calc = EMT()
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None


def test_labels_that_are_no_labels():
    atoms = Atoms("H2", [[0, 0, 0], [0, 0, 0.8]], info={"energy": [1.0, 2.0]})
    atoms.arrays["forces"] = np.zeros(2)
    assert atoms_energy(atoms) is None
    assert atoms_forces(atoms) is None


# Files that cannot be used

GOOD = '2\nLattice="4 0 0 0 4 0 0 0 4"\nC 0.0 0.0 0.0\nC 1.0 1.0 1.0\n'
HEAD = "2\nProperties=species:S:1:pos:R:3:forces:R:3\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "bad.xyz: the file holds no frames"),
        ("\n\n  \n", "bad.xyz: the file holds no frames"),
        (
            GOOD + "3\n\nC 0 0 0\n",
            "bad.xyz, frame 1, line 5: the frame is cut off: 3 atoms announced, 1 lines follow the comment",
        ),
        (
            GOOD + "3\n",
            "bad.xyz, frame 1, line 5: the frame is cut off: 3 atoms announced, 0 lines follow the comment",
        ),
        (
            GOOD + "1\n\nC 0 0 0\nC 1 1 1\n" + GOOD,
            "bad.xyz, frame 2, line 8: expected the number of atoms, got 'C 1 1 1'",
        ),
        ("hello\nworld\n", "bad.xyz, frame 0, line 1: expected the number of atoms, got 'hello'"),
        (GOOD + "-2\n\n", "bad.xyz, frame 1, line 5: expected the number of atoms, got '-2'"),
        (GOOD + "2.0\n\nC 0 0 0\n", "bad.xyz, frame 1, line 5: expected the number of atoms, got '2.0'"),
        (GOOD + "2\n\nC 0 0 0\nC 1 nan 1\n", "bad.xyz, frame 1: the position of atom 1 is not finite"),
        (GOOD + "2\n\nC inf 0 0\nC 1 1 1\n", "bad.xyz, frame 1: the position of atom 0 is not finite"),
        (GOOD * 70 + "0\n\n" + GOOD, "bad.xyz, frame 70: it has no atoms"),
        ("0\n\n", "bad.xyz, frame 0: it has no atoms"),
        (GOOD.replace("4 0 0 0 4", "nan 0 0 0 4"), "bad.xyz, frame 0: the cell is not finite"),
        (
            GOOD.replace("4 0 0 0 4 0", "4 0 0 4 0 0"),
            "bad.xyz, frame 0: the periodic cell vectors lie in one plane or line",
        ),
        (
            GOOD + GOOD.replace("4 0 0 0 4 0", "4 0 0 0 0 0"),
            "bad.xyz, frame 1: axis 1 is periodic, but its cell vector is zero",
        ),
    ],
)
def test_unusable_xyz_is_refused_with_frame_and_reason(tmp_path, content, message):
    path = tmp_path / "bad.xyz"
    path.write_bytes(content.encode())
    with pytest.raises(ValueError, match="bad") as error:
        read(path)
    assert str(error.value) == message
    compressed = tmp_path / "bad.xyz.gz"
    compressed.write_bytes(gzip.compress(content.encode()))
    with pytest.raises(ValueError, match="bad") as error:
        read(compressed)
    assert str(error.value) == message.replace("bad.xyz", "bad.xyz.gz")


@pytest.mark.parametrize(
    "frame",
    [
        HEAD + "C 0 0 0 1 1 1\nC 1 1 1 0 0\n",
        HEAD + "C 0 0 0 1 1 1\nC 1 1 1 0 0 x\n",
        HEAD + "C 0 0 0\nC 1 1 1\n",
        "2\n\nC 0 0\nC 1 1\n",
        "2\n\nC a b c\nC 1 1 1\n",
        "2\n\nQq 0 0 0\nC 1 1 1\n",
        "2\nProperties=species:S:1:pos:R:2\nC 0 0\nC 1 1\n",
        "2\nProperties=nonsense\nC 0 0 0\nC 1 1 1\n",
        '2\nLattice="4 0 0"\nC 0 0 0\nC 1 1 1\n',
        '2\nLattice="a b c d e f g h i"\nC 0 0 0\nC 1 1 1\n',
        "2\n\n\n\n",
        "2\n\nC 0 0 0\n\xff\xfe 1 1 1\n",
    ],
)
def test_wrong_columns_name_the_frame(tmp_path, frame):
    path = tmp_path / "bad.xyz"
    for before in (0, 1, 60):
        path.write_bytes((GOOD * before + frame + GOOD).encode("latin-1"))
        with pytest.raises(ValueError, match=rf"^bad\.xyz, frame {before}[,:] .*\S"):
            read(path)


def test_a_file_cut_anywhere_is_refused_or_whole(tmp_path):
    """Cut inside the last frame: refused, naming it, unless what is left is a whole frame."""
    path = tmp_path / "cut.xyz"
    data = (GOOD + HEAD + "C 0.0 0.0 0.0 1.5 0.0 0.0\nC 1.0 1.0 1.0 0.0 2.5 0.0\n").encode()
    whole_until = len(data) - 3  # nobody can miss the last 0 of 0.0
    for length in range(len(GOOD) + 1, whole_until):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"^cut\.xyz, frame 1[,:]"):
            read(path)
    for length in (len(GOOD), whole_until, len(data) - 1, len(data)):
        path.write_bytes(data[:length])
        assert len(read(path)) == 1 + (length > len(GOOD))


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    "name", ["x.xyz", "x.extxyz", "x.traj", "x.json", "x.db", "XDATCAR", "x.cif", "x.dat", "x"]
)
@pytest.mark.parametrize("kind", ["empty", "noise", "zeros", "text"])
def test_rubbish_is_refused_by_name(tmp_path, name, kind, suffix):
    noise = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    content = {"empty": b"", "noise": noise, "zeros": bytes(300), "text": b"some words\nand more\n"}[kind]
    path = tmp_path / (name + suffix)
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(ValueError, match=f"^{name}{suffix}[:,] ") as error:
        read(path)
    assert len(str(error.value)) < 400
    assert "\n" not in str(error.value)


def test_damaged_gzip_is_refused(extxyz, tmp_path):
    whole = gzip.compress(extxyz.read_bytes())
    path = tmp_path / "damaged.xyz.gz"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for data in (whole[:-20], whole[: len(whole) // 2], whole[:5], bytes(flipped), whole + b"rubbish"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"^damaged\.xyz\.gz: the gzip data are damaged or cut off"):
            read(path)


def test_no_such_file(tmp_path):
    for path in (tmp_path / "absent.xyz", tmp_path):
        with pytest.raises(FileNotFoundError) as error:
            read(path)
        assert str(error.value) == f"{path}: no such file"


def test_frames_without_atoms_in_other_formats(tmp_path):
    path = tmp_path / "hole.traj"
    ase.io.write(path, [bulk("Cu"), Atoms(), bulk("Cu")])
    with pytest.raises(ValueError, match=r"^hole\.traj, frame 1: it has no atoms$"):
        read(path)


# Writing


def split(data, counts):
    """Cut xyz bytes into frames by the known numbers of atoms: independent of the library."""
    lines, frames = data.splitlines(keepends=True), []
    for count in counts:
        frames.append(b"".join(lines[: count + 2]))
        lines = lines[count + 2 :]
    assert not b"".join(lines).strip()
    return frames


@pytest.mark.parametrize("ends", ["lf", "crlf", "mixed"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("gz_source", [False, True])
@pytest.mark.parametrize("gz_target", [False, True])
def test_frames_are_copied_byte_for_byte(extxyz, tmp_path, ends, final, gz_source, gz_target):
    counts = [len(atoms) for atoms in labelled()]
    data = extxyz.read_bytes().replace(b"kind 1", "Ångström \t".encode())
    if ends == "crlf":
        data = data.replace(b"\n", b"\r\n")
    if ends == "mixed":
        blocks = split(data, counts)
        data = b"".join(b.replace(b"\n", b"\r\n") if i % 2 else b for i, b in enumerate(blocks))
    if not final:
        data = data.rstrip(b"\r\n")
    source = tmp_path / ("source.xyz.gz" if gz_source else "source.xyz")
    source.write_bytes(gzip.compress(data) if gz_source else data)
    target = tmp_path / ("subset.xyz.gz" if gz_target else "subset.xyz")
    blocks = split(data, counts)

    for indices in ([1, 3], [3, 1, 0], [4, 2], [4], [0], list(range(5)), np.array([2, 4, 1], dtype=np.uint8)):
        for order in ("file", "rank"):
            write_subset(target, source, indices, order=order, overwrite=True)
            written = target.read_bytes()
            written = gzip.decompress(written) if gz_target else written
            chosen = sorted(indices) if order == "file" else list(indices)
            expected = [blocks[i] for i in chosen]
            assert written.splitlines() == b"".join(_ended(block) for block in expected).splitlines()
            if final or 4 not in chosen or chosen[-1] == 4:
                assert written == b"".join(expected)
            assert len(read(target)) == len(chosen)
    assert source.read_bytes()[:2] == (b"\x1f\x8b" if gz_source else data[:2])


def _ended(block):
    return block if block.endswith(b"\n") else block + b"\n"


def test_all_frames_in_file_order_are_the_file(extxyz, tmp_path):
    target = tmp_path / "all.xyz"
    assert write_subset(target, extxyz, [4, 3, 2, 1, 0]) == target
    assert target.read_bytes() == extxyz.read_bytes()
    assert write_subset(str(target), str(extxyz), range(5), overwrite=True) == target


def test_a_blank_line_at_the_end_of_the_source_is_no_frame(extxyz, tmp_path):
    counts = [len(atoms) for atoms in labelled()]
    blocks = split(extxyz.read_bytes(), counts)
    extxyz.write_bytes(extxyz.read_bytes() + b"\n \n")
    target = write_subset(tmp_path / "out.xyz", extxyz, [4, 0], order="rank")
    assert target.read_bytes() == blocks[4] + blocks[0]


@pytest.mark.parametrize("source_kind", ["frames", "traj"])
def test_other_sources_keep_labels(tmp_path, source_kind):
    frames = labelled()
    source = frames
    if source_kind == "traj":
        source = tmp_path / "set.traj"
        ase.io.write(source, frames)
    target = write_subset(tmp_path / "out.extxyz", source, [3, 0], order="rank")
    back = read(target)
    assert_same(back, [frames[3], frames[0]])
    for one, i in zip(back, (3, 0), strict=True):
        assert atoms_energy(one) == pytest.approx(atoms_energy(frames[i]))
        np.testing.assert_allclose(atoms_forces(one), atoms_forces(frames[i]), atol=1e-7)
        assert one.info["config_type"] == f"kind {i % 2}" or source_kind == "traj"
    if source_kind == "frames":
        assert_same_labels(back, [frames[3], frames[0]])


@pytest.mark.parametrize("disguise", ["itself", "symlink", "hardlink", "relative", "symlinked folder"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_the_source_is_never_written_to(extxyz, tmp_path, monkeypatch, disguise, overwrite):
    before = extxyz.read_bytes()
    path = tmp_path / "disguise.xyz"
    if disguise == "itself":
        path = extxyz
    elif disguise == "symlink":
        path.symlink_to(extxyz)
    elif disguise == "hardlink":
        path.hardlink_to(extxyz)
    elif disguise == "relative":
        monkeypatch.chdir(tmp_path)
        path = f"../{tmp_path.name}/./{extxyz.name}"
    else:
        (tmp_path / "folder").symlink_to(tmp_path)
        path = tmp_path / "folder" / extxyz.name
    with pytest.raises(ValueError, match=r"^path: expected another file than the source, got "):
        write_subset(path, extxyz, [0], overwrite=overwrite)
    assert extxyz.read_bytes() == before


def test_the_source_behind_a_symlink_is_never_written_to(extxyz, tmp_path):
    link = tmp_path / "link.xyz"
    link.symlink_to(extxyz)
    before = extxyz.read_bytes()
    with pytest.raises(ValueError, match=r"^path: expected another file than the source"):
        write_subset(extxyz, link, [0], overwrite=True)
    assert extxyz.read_bytes() == before


def test_an_existing_file_is_kept_unless_told(extxyz, tmp_path):
    target = tmp_path / "there.xyz"
    target.write_text("precious")
    with pytest.raises(FileExistsError) as error:
        write_subset(target, extxyz, [0])
    assert str(error.value) == f"{target} exists; set overwrite=True to replace it"
    assert target.read_text() == "precious"
    write_subset(target, extxyz, [0], overwrite=True)
    assert_same(read(target), labelled()[:1])


@pytest.mark.parametrize("fault", ["replace", "fsync"])
def test_a_failure_leaves_nothing_behind(extxyz, tmp_path, monkeypatch, fault):
    target = tmp_path / "out.xyz"
    target.write_text("old")
    names = sorted(os.listdir(tmp_path))

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(os, fault, fail)
    with pytest.raises(OSError, match="no space left"):
        write_subset(target, extxyz, [0], overwrite=True)
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path)) == names
    assert target.read_text() == "old"


def test_success_leaves_only_the_target(extxyz, tmp_path):
    names = set(os.listdir(tmp_path))
    target = write_subset(tmp_path / "out.xyz", extxyz, [0])
    assert set(os.listdir(tmp_path)) - names == {"out.xyz"}
    usual = tmp_path / "usual.txt"
    usual.write_text("")
    assert target.stat().st_mode == usual.stat().st_mode


def test_a_folder_is_no_target(extxyz, tmp_path):
    folder = tmp_path / "folder.xyz"
    folder.mkdir()
    for overwrite in (False, True):
        with pytest.raises(OSError, match="folder"):
            write_subset(folder, extxyz, [0], overwrite=overwrite)
    with pytest.raises(FileNotFoundError):
        write_subset(tmp_path / "absent" / "out.xyz", extxyz, [0])
    assert sorted(os.listdir(tmp_path)) == ["folder.xyz", "set.xyz"]


@pytest.mark.parametrize(
    ("indices", "kind", "message"),
    [
        ([0, 5], ValueError, "indices: expected frames from 0 to 4, got 5"),
        ([-1], ValueError, "indices: expected frames from 0 to 4, got -1"),
        ([2, 1, 2], ValueError, "indices: expected each frame once, got frame 2 more than once"),
        ([], ValueError, "indices: expected at least 1 frame, got 0"),
        (
            [0.0],
            TypeError,
            "indices: expected a list of whole numbers, got an array of dtype float64 and shape (1,)",
        ),
    ],
)
def test_wrong_indices(extxyz, tmp_path, indices, kind, message):
    for source in (extxyz, labelled()):
        with pytest.raises(kind, match="indices") as error:
            write_subset(tmp_path / "out.xyz", source, indices)
        assert str(error.value) == message
    assert os.listdir(tmp_path) == ["set.xyz"]


def test_wrong_order(extxyz, tmp_path):
    with pytest.raises(ValueError, match=r"^order: expected one of 'file', 'rank', got 'random'$"):
        write_subset(tmp_path / "out.xyz", extxyz, [0], order="random")


def test_a_broken_source_is_refused(extxyz, tmp_path):
    extxyz.write_bytes(extxyz.read_bytes()[:-300])
    with pytest.raises(ValueError, match=r"^set\.xyz, frame 4, line \d+: the frame is cut off"):
        write_subset(tmp_path / "out.xyz", extxyz, [0])
    with pytest.raises(FileNotFoundError):
        write_subset(tmp_path / "out.xyz", tmp_path / "absent.xyz", [0])
    assert os.listdir(tmp_path) == ["set.xyz"]
