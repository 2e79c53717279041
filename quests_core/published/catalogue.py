"""Table of the published data sets."""

import pandas as pd

from .materials_cloud import TM23_ELEMENTS

_COLUMNS = ["name", "elements", "n_frames", "n_envs", "licence", "citation"]
_GAP20_LABELS = (
    *("Amorphous_Bulk", "Amorphous_Surfaces", "Crystalline_Bulk", "Crystalline_RSS", "Defects", "Diamond"),
    *("Dimer", "Fullerenes", "Graphene", "Graphite", "Graphite_Layer_Sep", "LD_iter1", "Liquid"),
    *("Liquid_Interface", "Nanotubes", "SACADA", "Single_Atom", "Surfaces", "cluster"),
)
# Elements, numbers of frames and environments, licence and DOI; None or "" if the source does not state them.
_LOAD_ATOMS = (
    ("load-atoms:C-GAP-17", "C", 4530, 284965, "CC BY-NC-SA 4.0", "10.1103/PhysRevB.95.094203"),
    ("load-atoms:C-GAP-20U", "C", None, None, "GPLv3", "10.1063/5.0005084"),
    ("load-atoms:C-SYNTH-23M", "C", None, None, "MIT", "10.1039/D2DD00137C"),
    ("load-atoms:AC-2D-22", "C", None, None, "CC BY-NC-SA 4.0", "10.1039/D2SC04326B"),
    ("load-atoms:GO-MACE-23", "C H O", None, None, "CC BY 4.0", "10.1002/anie.202410088"),
    ("load-atoms:P-GAP-20", "P", None, None, "CC BY 4.0", "10.1038/s41467-020-19168-z"),
    ("load-atoms:Si-GAP-18", "Si", None, None, "CC BY-NC-SA 4.0", "10.1103/PhysRevX.8.041048"),
    ("load-atoms:a-Si-24", "Si", None, None, "", "10.48550/arXiv.2407.16681"),
    ("load-atoms:SiO2-GAP-22", "O Si", None, None, "CC BY 4.0", "10.1038/s41524-022-00768-w"),
    ("load-atoms:SiOx-ACE-24", "O Si", None, None, "CC BY 4.0", "10.1038/s41467-024-45840-9"),
    ("load-atoms:GST-GAP-22", "Ge Sb Te", None, None, "CC BY 4.0", "10.1038/s41928-023-01030-x"),
    ("load-atoms:LiPS-25", "Li P S", None, None, "", "10.48550/arXiv.2511.16569"),
    ("load-atoms:QM7", "C H N O S", 7165, None, "", "10.1103/PhysRevLett.108.058301"),
    ("load-atoms:QM9", "C F H N O", 133885, 2407753, "CC0", "10.1038/sdata.2014.22"),
    ("load-atoms:rMD17", "C H N O", None, None, "CC0", "10.1088/2632-2153/abba6f"),
    ("load-atoms:ANI-1x", "C H N O", None, None, "CC0", "10.1063/1.5023802"),
    ("load-atoms:ANI-1ccx", "C H N O", None, None, "CC0", "10.1038/s41467-019-10827-4"),
)


def datasets() -> pd.DataFrame:
    """Return the table of data sets that `load` accepts by name.

    Returns
    -------
    pandas.DataFrame
        Columns ``name``, ``elements`` (symbols separated by spaces), ``n_frames`` and ``n_envs`` (missing if
        the source does not state them), ``licence`` and ``citation`` (DOI; "" if not stated). The row
        ``colabfit:ID`` represents all data sets of the ColabFit Exchange.

    Examples
    --------
    >>> table = datasets().set_index("name")
    >>> table.loc["tm23:Ag", "elements"], table.loc["gap20:Fullerenes", "citation"]
    ('Ag', '10.1063/5.0005084')
    """
    rows = [
        *((f"gap20:{label}", "C", None, None, "GPLv3", "10.1063/5.0005084") for label in _GAP20_LABELS),
        *((f"tm23:{e}", e, None, None, "", "10.1038/s41524-024-01264-z") for e in TM23_ELEMENTS),
        *_LOAD_ATOMS,
        ("colabfit:ID", "", None, None, "", "https://materials.colabfit.org"),
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.astype({"n_frames": "Int64", "n_envs": "Int64"})
