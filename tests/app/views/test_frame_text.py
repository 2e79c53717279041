"""Descriptions of frames, environments, the map and the subset."""

import numpy as np

from quests_app.views.frame_text import atom_tooltips, embedding_note, file_stem


def test_the_note_states_how_many_environments_umap_was_fitted_on(opened):
    state, n = opened.state, opened.state.opened.envs.n_envs
    assert embedding_note(state) == f"All {n} environments along their first two principal components."
    state.param.update(embedding_kind="UMAP", n_fitted=n)
    assert embedding_note(state) == f"UMAP of all {n} environments."
    state.n_fitted = 40
    assert f"fitted on 40 of {n} environments" in embedding_note(state)
    assert "nearest fitted neighbours" in embedding_note(state)


def test_file_names_of_a_subset():
    assert file_stem("a b/c.xyz.gz", "msc with reference", 7) == "a_b_c-msc-with-reference-7"
    assert file_stem("tm23:Ag", "random", 10) == "tm23_Ag-random-10"
    assert file_stem(".xyz", "msc", 1) == "subset-msc-1"


def test_tooltips_of_atoms_name_the_value_where_there_is_one(opened):
    state, first = opened.state, int(opened.state.data.envs.offsets[7])
    values = np.arange(state.data.envs.n_envs, dtype=float)
    values[first + 1] = np.nan
    assert atom_tooltips(state, 7, first, values, "δH = {} nats")[:2] == [
        f"Cu, atom 0: δH = {first} nats", "Cu, atom 1",
    ]  # fmt: skip
    assert atom_tooltips(state, 7, first, None, "")[3] == "Cu, atom 3"
