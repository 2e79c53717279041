"""Tests of the table of data sets."""

import pytest

import quests_core as q
from quests_core import published
from quests_core.published import load_atoms, materials_cloud


def test_the_table_lists_the_data_sets_of_all_sources():
    from load_atoms.database.database_entry import DatabaseEntry

    table = q.datasets()
    assert list(table) == ["name", "elements", "n_frames", "n_envs", "licence", "citation"]
    assert table.name.is_unique
    assert all(published.is_name(name) for name in table.name)
    for name in table.name[table.name.str.startswith("load-atoms:")]:
        load_atoms._importer(name.partition(":")[2])
    known = {DatabaseEntry.importer_file_stem(name.partition(":")[2]) for name in table.name}
    with pytest.raises(ValueError, match="included in load-atoms: a_si") as error:
        load_atoms._importer("none")
    assert set(str(error.value).rpartition(": ")[2].split(", ")) <= known, (
        "all that load-atoms brings is listed"
    )
    assert set(materials_cloud.TM23_ELEMENTS) <= set(table.elements)
