"""What a rule rests on, by the numbers of sources and assumptions in the lists of a report."""

from circles.standards.model import Rule, Standard, Tier
from circles.texts import Texts


def source_number(source_id: str, standard: Standard) -> int:
    """Return a source's place in the standard's list, from 1."""
    return [source.id for source in standard.sources].index(source_id) + 1


def assumption_number(assumption_id: str, standard: Standard) -> int:
    """Return an assumption's place in the standard's list, from 1."""
    return [assumption.id for assumption in standard.assumptions].index(assumption_id) + 1


def basis_numbers(part: Rule | Tier, standard: Standard, texts: Texts) -> str:
    """Refer to the sources and assumptions of a rule or tier by their numbers.

    Parameters
    ----------
    part
        A rule or tier of the standard.
    standard
        The standard.
    texts
        The words of the reader's language.
    """
    sources = sorted(source_number(key, standard) for key in part.sources)
    assumed = sorted(assumption_number(key, standard) for key in part.assumptions)
    named = [
        texts(f"workbook.basis_{kind}", numbers=texts("workbook.comma").join(map(str, numbers)))
        for kind, numbers in (("sources", sources), ("assumptions", assumed))
        if numbers
    ]
    return texts("workbook.semicolon").join(named)
