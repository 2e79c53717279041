"""Tests of errors with frame and line in xyz files."""

import gzip

import pytest

from quests_core import read

GOOD = '2\nLattice="4 0 0 0 4 0 0 0 4"\nC 0.0 0.0 0.0\nC 1.0 1.0 1.0\n'
HEAD = "2\nProperties=species:S:1:pos:R:3:forces:R:3\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "bad.xyz: the file contains no frames"),
        ("\n\n  \n", "bad.xyz: the file contains no frames"),
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
        HEAD + "C 0 0 0 1 1 1\nC 1 1 1 0 0 0 9\n",
        HEAD + "C 0 0 0 1 1 1\nC 1 1 1 0 0 1_0\n",
        HEAD + "C 0 0 0 1e400 1 1\nC 1 1 1 0 0\n",
        "2\nProperties=species:S:1\nC\nC\n",
        "2\nProperties=species:S:1:pos:R:3:forces:R\nC 0 0 0\nC 1 1 1\n",
        "2\nProperties=species:S:1:pos:R:3:forces:L:3\nC 0 0 0 T T T\nC 1 1 1 T T T\n",
        "2\nProperties=species:S:1:pos:R:3:a:L:1\nC 0 0 0 T\nC 1 1 1 maybe\n",
        '2\nenergy=-1 Lattice="4 0 0 0 4 0 0 0 4" energy=-2\nC 0 0 0\nC 1 1 1\n',
        '2\nconfig_type="a energy=-1\nC 0 0 0\nC 1 1 1\n',
        '2\nLattice="4 0 0 0 4_0 0 0 0 4"\nC 0 0 0\nC 1 1 1\n',
        '2\npbc="T X F"\nC 0 0 0\nC 1 1 1\n',
        "2\nProperties=Z:I:1:pos:R:3\n6 0 0 0\n600 1 1 1\n",
        "2\n\nC 0 0 0\nC 1e200 1 1\n",
    ],
)
def test_wrong_columns_name_the_frame(tmp_path, frame):
    path = tmp_path / "bad.xyz"
    for before in (0, 1, 60):
        path.write_bytes((GOOD * before + frame + GOOD).encode("latin-1"))
        with pytest.raises(ValueError, match=rf"^bad\.xyz, frame {before}[,:] .*\S"):
            read(path)
