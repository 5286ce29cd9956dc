"""What became of the inputs' rows, in lines of the briefing."""

from dataclasses import dataclass

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.check.rows import Counts, counts_of
from circles.check.words import clean, role_word, say
from circles.quality import Severity
from circles.texts import Texts


@dataclass(frozen=True)
class InputLine:
    """A layer of the inputs and how many of its rows met which fate."""

    role: str
    source: str
    counts: Counts


def input_lines(check: CheckReport | None, texts: Texts) -> list[InputLine]:
    """Return the layers of which books were kept; none without a check.

    Parameters
    ----------
    check
        What was found before anything was scored.
    texts
        The words of the reader's language.
    """
    if check is None:
        return []
    return [
        InputLine(
            role=role_word(layer.role, texts),
            source=clean(layer.ledger.source),
            counts=counts_of(layer.ledger),
        )
        for layer in check.layers
    ]


def input_doubts(check: CheckReport | None, assessment: Assessment, texts: Texts) -> list[str]:
    """Return what may make results wrong and is not among the run's own warnings already.

    Parameters
    ----------
    check
        What was found before anything was scored.
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    if check is None:
        return []
    told = {say(note, texts) for note in assessment.warnings}
    said = (
        say(remark.note, texts) for remark in check.remarks if remark.severity is not Severity.NOTE
    )
    return [words for words in dict.fromkeys(said) if words not in told]
