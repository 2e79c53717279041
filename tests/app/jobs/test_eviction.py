"""The size of folders of cached files is limited, oldest first."""

import os

import pytest

from quests_app.jobs.eviction import evict_oldest, evict_potentials, potentials_folder


def written(folder, name, age, size=1000):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x" * size)
    os.utime(folder / name, (2e9 - age, 2e9 - age))
    return folder / name


def test_the_oldest_files_go_until_the_rest_fits(tmp_path):
    files = [written(tmp_path, str(i), age) for i, age in enumerate((5, 9, 7, 1))]
    evict_oldest([*files, tmp_path / "gone"], 2500)
    assert [file.exists() for file in files] == [True, False, False, True]
    evict_oldest(files, 2000)
    assert [file.exists() for file in files] == [True, False, False, True]


@pytest.mark.parametrize("n_bytes", [2000, 10**9])
def test_potentials_of_all_data_sets_share_a_limit(tmp_path, n_bytes):
    first, second = (potentials_folder(tmp_path, digit * 64) for digit in "ab")
    old, new = written(first, "msc-1-0-ab.json", 9), written(first, "msc-2-0-ab.json", 2)
    other = written(second, "msc-1-0-ab.json", 5)
    study = written(tmp_path / "potentials" / "cu_poet_19-random-0-0a1b2c3d", "msc-1-0-ab.json", 99)
    evict_potentials(tmp_path, n_bytes)
    assert (old.exists(), new.exists(), other.exists()) == (n_bytes > 2000, True, True)
    assert study.exists(), "a study is not a cache of the page"


def test_empty_folders_go_once_no_training_can_have_just_begun(tmp_path):
    old, young = (potentials_folder(tmp_path, digit * 64) for digit in "ab")
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (1, 1))
    evict_potentials(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


def test_without_a_folder_nothing_is_limited(tmp_path):
    evict_potentials(tmp_path)
    assert list(tmp_path.iterdir()) == []
