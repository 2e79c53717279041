"""The keys of exported frames."""

import numpy as np
import pytest

from quests_app.exports.frame_keys import RANK, SOURCE, content
from quests_app.exports.program_keys import MACE, NEQUIP
from tests.app.exports.archives import frames_in


@pytest.mark.parametrize("order", ["file", "rank"])
def test_rank_and_delta_entropy_are_added(opened, order):
    state = opened.state
    made = content(state.opened, state.path, 6, order, RANK)
    source = frames_in(content(state.opened, state.path, 6, order, SOURCE).bytes_of())
    delta = state.path.delta_entropy[state.path.position(6)]
    ranked = state.path.frames(6).tolist()
    for atoms, before, frame in zip(frames_in(made.bytes_of()), source, made.frames, strict=True):
        assert ranked[atoms.info["quests_rank"] - 1] == frame
        rows = slice(*state.opened.envs.offsets[frame : frame + 2])
        np.testing.assert_array_equal(np.float32(atoms.arrays["quests_delta_entropy"]), delta[rows])
        assert (atoms.arrays["quests_delta_entropy"] < 1e-5).all(), "the subset covers all its environments"
        np.testing.assert_array_equal(atoms.get_forces(), before.get_forces())
        assert atoms.get_potential_energy() == before.get_potential_energy()


EXTRA = (
    "1\nProperties=species:S:1:pos:R:3:dft_forces:R:3 dft_energy=-0.123456789012345678 "
    'virial="1 0 0 0 2 0 0 0 3" '
    'pbc="F F F"\nCu 0 0 0 0.1 0.2 0.30000000000000004\n'
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:REF_forces:R:3 REF_energy=-1e-3 energy=5 '
    'REF_stress="1 2 3 4 5 6"\nCu 0 0 0 1 2 3\nCu 2 0 0 3 2 1\n'
)


@pytest.fixture
def odd(session, tmp_path):
    path = tmp_path / "odd.xyz"
    path.write_text(EXTRA)
    session.open(path)
    assert session.state.error == ""
    return session.state


def test_keys_of_mace(odd):
    made = content(odd.opened, odd.path, 2, "file", MACE)
    atom, pair = frames_in(made.bytes_of())
    assert atom.info["REF_energy"] == -0.123456789012345678
    assert b"-0.123456789012345678" in made.blocks[0]
    assert atom.arrays["REF_forces"].tolist() == [[0.1, 0.2, 0.30000000000000004]]
    assert atom.info["config_type"] == "IsolatedAtom"
    assert atom.info["REF_virials"].tolist() == [1, 0, 0, 0, 2, 0, 0, 0, 3]
    assert pair.info["REF_energy"] == -1e-3, "existing keys of MACE are not replaced"
    assert pair.info["REF_stress"].tolist() == [1, 2, 3, 4, 5, 6]
    assert "config_type" not in pair.info
    assert made.notes == ("1 isolated atom got the config_type IsolatedAtom.",)


def test_keys_of_nequip(odd):
    made = content(odd.opened, odd.path, 2, "file", NEQUIP)
    atom, pair = frames_in(made.bytes_of())
    assert atom.get_potential_energy() == -0.123456789012345678
    assert atom.get_forces().tolist() == [[0.1, 0.2, 0.30000000000000004]]
    assert atom.info["virial"][1, 1] == 2
    assert pair.get_potential_energy() == 5
    assert pair.get_stress().tolist() == [1, 2, 3, 4, 5, 6]
    assert made.notes == ("1 frame with a virial and no stress: it stays as it is.",)


def test_mace_reads_what_ase_wrote(opened):
    state = opened.state
    made = content(state.opened, state.path, 6, "file", MACE)
    for atoms, frame in zip(frames_in(made.bytes_of()), made.frames, strict=True):
        source = state.opened.dataset.frames[frame]
        assert atoms.calc is None
        assert atoms.info["REF_energy"] == source.get_potential_energy()
        np.testing.assert_array_equal(atoms.arrays["REF_forces"], source.get_forces())
        assert atoms.info["config_type"] == source.info["config_type"]
