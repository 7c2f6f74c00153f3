"""Presets: what sources say of platforms, as settings of a problem.

A source seldom says all that a problem needs: a preset has what it says, several join (``ion-study,ion-storage``, the
later wins), and whatever is given besides wins over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lpdistill.errors import ModelError, names_like

PRESET = "preset"


@dataclass(frozen=True, slots=True)
class Preset:
    """What a source says.

    Attributes
    ----------
    name
        How it is called.
    settings
        The settings, as problem files have them.
    source
        Where the numbers are from, and how they follow where they are not stated.
    study
        Whether the source projects what hardware may do, rather than report what it did.
    """

    name: str
    settings: Mapping[str, str]
    source: str
    study: bool = False


PRESETS = {
    row.name: row
    for row in (
        Preset(
            "ion-study",
            {"p": "0.0058", "f0": "0.945", "distance": "0.25km", "gate": "0.9"},
            "arXiv:2207.10579, A.6: photons at eta = 0.111 before the fibre, p = eta^2/2 and its loss, two-qubit gates "
            "that depolarise with 0.1; f0 = (1 + V)/2 with visibility V = 0.89, other errors left out",
            study=True,
        ),
        Preset(
            "colour-centre-study",
            {"p": "0.00000012", "gate": "0.94", "readout": "0.9625"},
            "arXiv:2207.10579, A.5: photons at eta = 5.1e-4, two-qubit gates that depolarise with 0.06, readout errors "
            "of 0.07 and 0.005, on average 0.0375",
            study=True,
        ),
        Preset(
            "ion-study-memory",
            {"coherence_time": "42.5ms"},
            "arXiv:2207.10579, A.6: T2 = 85 ms, of two memories",
            study=True,
        ),
        Preset(
            "colour-centre-study-memory",
            {"coherence_time": "0.5s"},
            "arXiv:2207.10579, A.5: T2 = 1 s of carbon, of two memories (0.5 s of the electron)",
            study=True,
        ),
        Preset("ion-ion-2025", {"f0": "0.97"}, "Nat. Commun. s41467-025-57557-4"),
        Preset(
            "ion-ion-230m",
            {"f0": "0.960", "distance": "0.23km"},
            "quoted in Nat. Commun. s41467-025-57557-4: 0.960(1), at 250 pairs a second",
        ),
        Preset(
            "ion-memory-2025",
            {"coherence_time": "183ms"},
            "s41467-025-67311-5: 366(11) ms of a memory, of two (5.8 ms of the communication qubit)",
        ),
        Preset("ion-storage", {"coherence_time": "5s"}, "arXiv:2506.14334: storage of 10 s, of two memories"),
        Preset(
            "neutral-atoms",
            {"f0": "0.987"},
            "quoted in Nat. Commun. s41467-025-57557-4: 0.987(22), at 0.004 pairs a second",
        ),
        Preset(
            "neutral-atoms-33km",
            {"f0": "0.622", "distance": "33km"},
            "quoted in Nat. Commun. s41467-025-57557-4: 0.622(15), at 0.01 pairs a second",
        ),
        Preset("superconducting-link", {"p": "0.5", "f0": "0.92"}, "arXiv:2509.18547: 0.92(1), up to 50 % of attempts"),
        Preset("ion-gates", {"gate_fidelity": "0.9997"}, "arXiv:2407.07694: error 3e-4"),
        Preset("strontium-gates", {"gate_fidelity": "0.9971"}, "PRX Quantum 6, 010331: error 2.9e-3"),
        Preset("silicon-gates", {"gate_fidelity": "0.999"}, "arXiv:2506.03567: error 1e-3"),
        Preset("fluxonium-gates", {"gate_fidelity": "0.9994"}, "arXiv:2407.15783: error 6e-4"),
    )
}
"""All presets by name."""


def presets_named(names: object) -> list[Mapping[str, str]]:
    """The settings of some presets, whose names are a text with commas or a list.

    Raises
    ------
    ModelError
        If one is unknown.

    Examples
    --------
    >>> presets_named("superconducting-link, ion-gates")
    [{'p': '0.5', 'f0': '0.92'}, {'gate_fidelity': '0.9997'}]
    """
    several = names if isinstance(names, list | tuple) else str(names).split(",")
    found = [str(name).strip() for name in several]
    for name in found:
        if name not in PRESETS:
            raise ModelError(PRESET, f"must be one of {names_like(PRESETS, name)}", name)
    return [PRESETS[name].settings for name in found]
