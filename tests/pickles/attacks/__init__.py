"""Hostile serialized objects, each in its own file: what the advisories against pickle scanners describe, and more.

They are inert: what they would call is given arguments that do nothing, and no test loads one.  The classes are those
of the published bypasses of picklescan, modelscan and fickling (GHSA-49gj-c84q-6qm9 to GHSA-vvpj-8cmc-gx39,
GHSA-r7v6-mfhq-g3m2 to GHSA-5hwf-rc88-82xm and others), nullifAI, and "The Art of Hide and Seek" (arXiv 2508.19774).
"""

from __future__ import annotations

from tests.pickles.attacks.assembler import Attack
from tests.pickles.attacks.behavior import of_behavior
from tests.pickles.attacks.callers import of_callers, of_limits, of_readers
from tests.pickles.attacks.calls import of_calling
from tests.pickles.attacks.containers import of_containers
from tests.pickles.attacks.inline import of_inline
from tests.pickles.attacks.names import of_names
from tests.pickles.attacks.opcodes import of_opcodes
from tests.pickles.attacks.predicting import of_predicting
from tests.pickles.attacks.sources import of_sources
from tests.pickles.attacks.streams import of_streams

__all__ = ["Attack", "every"]


def every() -> list[Attack]:
    """All of them; the ids are unique."""
    found = [
        *of_names(),
        *of_opcodes(),
        *of_streams(),
        *of_containers(),
        *of_callers(),
        *of_readers(),
        *of_limits(),
        *of_inline(),
        *of_behavior(),
        *of_calling(),
        *of_sources(),
        *of_predicting(),
    ]
    assert len({attack.id for attack in found}) == len(found)
    return found
