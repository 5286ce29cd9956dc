"""What a run's figures rest on: the layers it was given, and why some verdicts stay open."""

from dataclasses import dataclass

import pandas as pd

from circles.assessment import Assessment
from circles.explain import one_line, service_word
from circles.facilities import load_catalogue
from circles.texts import Texts


@dataclass(frozen=True)
class DataLine:
    """One layer: what it holds, how many of it, where it is from and how many joined no street."""

    name: str
    count: str
    origin: str
    off_network: str


@dataclass(frozen=True)
class OpenLine:
    """A reason why verdicts are open, and how many."""

    reason: str
    count: int


def data_lines(assessment: Assessment, texts: Texts) -> list[DataLine]:
    """Return the communities by what their residents are known from, then facilities by service.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    return [*_homes(assessment, texts), *_facilities(assessment, texts)]


def open_lines(assessment: Assessment, texts: Texts) -> list[OpenLine]:
    """Return why verdicts of access lack data, the most frequent reason first.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    verdicts = assessment.verdicts
    reasons = verdicts.loc[verdicts["verdict"] == "insufficient_data", "reason"]
    counts = sorted(reasons.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
    return [OpenLine(texts(f"reasons.{reason}"), int(count)) for reason, count in counts]


def _homes(assessment: Assessment, texts: Texts) -> list[DataLine]:
    table = assessment.communities
    lines = []
    for source, own in table.groupby("demand_source", sort=True):
        off = own["off_network_points"]
        lines.append(
            DataLine(
                name=texts("briefing.data_homes", count=len(own)),
                count=f"{int(own['demand_points'].sum()):,}",
                origin=texts(f"words.demand_source_{source}"),
                off_network="–" if off.isna().any() else f"{int(off.sum()):,}",
            )
        )
    return lines


def _facilities(assessment: Assessment, texts: Texts) -> list[DataLine]:
    table = assessment.facilities
    known = [service for service in load_catalogue() if (table["service"] == service).any()]
    lines = []
    for service in [*known, *sorted(set(table["service"]) - set(known))]:
        own = table[table["service"] == service]
        origins = dict.fromkeys(one_line(str(origin)) for origin in own["origin"])
        lines.append(
            DataLine(
                name=service_word(service, texts),
                count=f"{len(own):,}",
                origin=texts("briefing.and").join(origins),
                off_network=_off(own["off_network"]),
            )
        )
    return lines


def _off(off_network: pd.Series) -> str:
    return "–" if off_network.isna().any() else f"{int(off_network.sum()):,}"
