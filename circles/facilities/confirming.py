"""What a column of its own says of a service that a place may offer besides its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circles.facilities.amounts import amounts_in
from circles.facilities.catalogue import load_catalogue
from circles.facilities.classify import Classification, Said, Where, said_by_name
from circles.facilities.columns import NURSERY_COLUMNS, usual_column
from circles.tables import cell_text, matching_key
from circles.tables.folding import folded

_YES: Final = frozenset(
    {"是", "有", "已设", "已配", "√", "✓", "✔", "☑", "○", "y", "yes", "true", "v"}
)
_NO: Final = frozenset({"否", "无", "没有", "未设", "×", "✗", "x", "n", "no", "false", "-", "—"})
#: Words around a service's own in the header of such a column: 是否有长者饭堂.
_ASKING: Final = ("是否", "有无", "设有", "提供", "配有", "含", "有", "设", "服务", "?")
_NURSERY: Final = "childcare"


@dataclass(frozen=True)
class Confirmed:
    """What columns of their own say of a row's further services.

    Parameters
    ----------
    services
        Those that it offers.
    denied
        Those that it does not offer, as a column says.
    unclear
        Columns and cells that say neither.
    """

    services: tuple[Classification, ...] = ()
    denied: frozenset[str] = frozenset()
    unclear: tuple[tuple[str, str], ...] = ()


def confirmed_services(
    frame: pd.DataFrame, said: Sequence[Said], *, beside: Collection[str | None]
) -> list[Confirmed]:
    """Return for each row what columns of their own say of the services it may offer besides.

    A service that places of a kind often offer besides (`circles.facilities.Service.also`) counts
    only if a column that is called by it says yes, or a number above 0; a kindergarten's nursery
    if one of 托位 or 托班 does.

    Parameters
    ----------
    frame
        The layer.
    said
        What the type and name of each row say.
    beside
        Columns that are something else.
    """
    catalogue = load_catalogue()
    asked = {other for row in said for f in row.services for other in catalogue[f.service].also}
    columns = {
        service: column
        for service in sorted(asked)
        if (column := _column(frame, service, beside)) is not None
    }
    answers = {service: _answers(frame[column]) for service, column in columns.items()}
    return [_confirmed(place, row, columns, answers) for place, row in enumerate(said)]


def _confirmed(
    place: int,
    said: Said,
    columns: dict[str, str],
    answers: dict[str, list[bool | str | None]],
) -> Confirmed:
    catalogue = load_catalogue()
    open_ = dict.fromkeys(
        other for found in said.services for other in catalogue[found.service].also
    )
    told = {service: answers[service][place] for service in open_ if service in answers}
    return Confirmed(
        tuple(
            Classification(service, columns[service], columns[service], Where.COLUMN)
            for service, answer in told.items()
            if answer is True
        ),
        frozenset(service for service, answer in told.items() if answer is False),
        tuple(
            (columns[service], answer)
            for service, answer in told.items()
            if isinstance(answer, str)
        ),
    )


def _column(frame: pd.DataFrame, service: str, beside: Collection[str | None]) -> str | None:
    """Return the column that is called by a service and nothing else."""
    if service == _NURSERY:
        nursery = usual_column(frame, NURSERY_COLUMNS)
        if nursery is not None:
            return nursery
    columns = (str(column) for column in frame.columns if str(column) not in beside)
    return next((column for column in columns if _names(column, service)), None)


def _names(column: str, service: str) -> bool:
    bare = folded(column)
    for words in _ASKING:
        bare = bare.removeprefix(words).removesuffix(words)
    name = load_catalogue()[service].name
    if matching_key(bare) in {matching_key(service), matching_key(name.zh), matching_key(name.en)}:
        return True
    return any(f.service == service and f.words == bare for f in said_by_name(bare).services)


def _answers(values: pd.Series) -> list[bool | str | None]:
    """Return what each cell answers: yes, no, its text where it is neither, None where empty."""
    numbers = amounts_in(values, "places")
    answers: list[bool | str | None] = []
    for value, number in zip(values, numbers, strict=True):
        text = cell_text(value) or ""
        word = folded(text)
        if not word:
            answers.append(None)
        elif word in _YES or word in _NO:
            answers.append(word in _YES)
        else:
            answers.append(bool(number > 0) if number == number else text)  # noqa: PLR0124 (NaN)
    return answers
