"""Which services the facilities of a table offer: by a column, by their names, by its title."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from circles.draft.columns import name_column, plain_columns
from circles.draft.items import Item
from circles.draft.lines import Block, Key
from circles.draft.verdicts import Role, Verdict, source_keys
from circles.errors import CirclesError
from circles.facilities import AMOUNT_COLUMNS, facilities_from_table, load_catalogue
from circles.facilities.classify import said_by_name, said_by_type
from circles.facilities.columns import usual_column
from circles.tables import as_text, match_columns
from circles.tables.folding import folded
from circles.texts import Bilingual, Note

#: A layer of which less can be used stops a run: see `[check]` in the project file.
ENOUGH: Final = 0.5
#: Names that say a service in so few rows were not given to say one: they are those of the owners.
_SILENT: Final = 0.1
#: A title is taken for the service of all rows if so many of those that say one agree.
_AGREE: Final = 0.8
_MOST_KINDS: Final = 200
_EXAMPLES: Final = 5
_NO_TYPES: Final = ("address", "serves", "community", "street", "district", "city", "id")


@dataclass(frozen=True)
class Offer:
    """How the services of a table are told.

    Parameters
    ----------
    name
        The column of the names.
    column
        The column that says the service of each row.
    title
        The service that the title of the file or the sheet says.
    counts
        How many rows offer what, told by the column, else by the names.
    used
        The share of the rows of which a column or their names tell the service.
    """

    name: str | None
    column: str | None
    title: str | None
    counts: dict[str, int]
    used: float

    @property
    def by_title(self) -> bool:
        """Whether the title's service is taken for all rows.

        It is where no column tells, and the names agree with it or hardly say a thing.
        """
        said = sum(self.counts.values())
        agree = self.counts.get(self.title or "", 0) >= _AGREE * said
        told = self.column is not None and self.used >= ENOUGH
        return self.title is not None and not told and (agree or self.used <= _SILENT)

    @property
    def known(self) -> bool:
        """Whether the services of enough rows are known."""
        return self.by_title or self.used >= ENOUGH


def offer_of(item: Item) -> Offer:
    """Find out how the services of a table's rows are told."""
    frame = item.rows
    name = name_column(frame)
    column = _type_column(frame, name)
    title = next((s for t in item.titles if (s := service_of_title(t)) is not None), None)
    counts, used = _counted(item, name, column)
    return Offer(name, column, title, counts, used)


def service_of_title(title: str) -> str | None:
    """Return the one service that the title of a list says.

    Examples
    --------
    >>> service_of_title("长者饭堂名单2026"), service_of_title("elder_homes")
    ('elder_meal', 'elder_home')
    """
    said = {found.service for found in said_by_name(title).services}
    words = [re.sub(r"s$", "", word) for word in re.findall("[a-z]+", title.casefold())]
    for service in load_catalogue().values():
        for form in (service.id, service.name.en, *service.titles):
            parts = [re.sub(r"s$", "", word) for word in re.findall("[a-z]+", form.casefold())]
            runs = [words[at : at + len(parts)] for at in range(len(words))]
            said |= {service.id} if parts in runs else set()
    longest = {s for s in said if not any(s != other and s in other.split("_") for other in said)}
    return longest.pop() if len(longest) == 1 else None


def _type_column(frame: pd.DataFrame, name: str | None) -> str | None:
    """Return the column whose words say services, the one that says most."""
    plain = plain_columns(frame)
    not_types = {name, *match_columns(plain, _NO_TYPES).columns.values()}
    shares = {}
    for column in plain.columns:
        texts = as_text(plain[column]).dropna()
        if column in not_types or not 0 < texts.nunique() <= _MOST_KINDS:
            continue
        says = {text: bool(said_by_type(text).services) for text in texts.unique()}
        shares[str(column)] = texts.map(says).sum() / len(plain)
    best = max(shares, key=lambda column: shares[column], default=None)
    return best if best is not None and shares[best] >= ENOUGH else None


def _counted(item: Item, name: str | None, column: str | None) -> tuple[dict[str, int], float]:
    """Return how many rows offer what, and the share of rows of which that is known."""
    frame = item.rows
    if item.loaded is None:
        texts = [] if name is None else list(as_text(frame[name]))
        said = [said_by_name(text).services for text in texts if text]
        found = Counter(services[0].service for services in said if services)
        return dict(found), found.total() / max(len(frame), 1)
    try:
        layer = facilities_from_table(
            gpd.GeoDataFrame(item.places),
            origin=item.label,
            service_column=column,
            name_column=name,
        )
    except CirclesError:
        return {}, 0.0
    counts = layer.facilities["service"].value_counts()
    known = len(frame) - len(layer.unclassified)
    return {str(s): int(n) for s, n in counts.items()}, known / max(len(frame), 1)


def judge_facilities(item: Item, folder: Path, offer: Offer, crs: tuple[Key, ...]) -> Verdict:
    """Say how a table of facilities is read.

    Parameters
    ----------
    item
        The table.
    folder
        Where the project file will stand.
    offer
        How its services are told.
    crs
        The key `crs`, with the evidence.
    """
    keys = [*source_keys(item, folder), *crs]
    if offer.name is not None:
        keys.append(Key("name", offer.name, Note.of("init.facility_name")))
    said, why, told = _service(item, offer)
    if item.loaded is None:
        reason = item.trouble
        unplaced = Note.of("init.no_coordinates")
        why.append(Note.of("init.no_places", reason=reason) if reason else unplaced)
        told.append(Note.of("init.told_no_places"))
    first = Note.of("init.facilities", file=item.label, count=len(item.rows))
    on = offer.known and item.loaded is not None
    block = Block("[[facilities]]", (first, *why), (*keys, *said, *_amount_keys(item)), on)
    return Verdict(item, Role.FACILITIES, block, tuple(told))


def _service(item: Item, offer: Offer) -> tuple[list[Key], list[Note], list[Note]]:
    """Return the keys on services, what is said above the table, and what on the terminal."""
    if offer.by_title and offer.title is not None:
        key = Key("service", offer.title, _title_note(item, offer))
        return [key], [], [Note.of("init.told_title", service=_name(offer.title))]
    services = _told(offer.counts)
    if offer.used < ENOUGH:
        key = Key("service", "", Note.of("init.service_missing"))
        return [key], [_unknown_note(item, offer)], [Note.of("init.told_no_service")]
    keys, why = [], []
    if offer.column is None:
        why.append(Note.of("init.service_by_name", services=services))
    else:
        note = Note.of("init.service_by_column", services=services)
        keys.append(Key("service_column", offer.column, note))
    if offer.title is not None:
        alternative = Note.of("init.service_title", service=_name(offer.title))
        keys.append(Key("service", offer.title, alternative, on=False))
    return keys, why, [Note.of("init.told_services", services=services)]


def _title_note(item: Item, offer: Offer) -> Note:
    agree = min(offer.counts.get(offer.title or "", 0), len(item.rows))
    others = len(item.rows) - agree
    return Note.of("init.service_by_title", agree=agree, others=others)


def _unknown_note(item: Item, offer: Offer) -> Note:
    texts = () if offer.name is None else tuple(as_text(item.rows[offer.name]).dropna())
    if offer.counts:
        return Note.of("init.service_rare", services=_told(offer.counts))
    examples = tuple(text[:40] for text in texts[:_EXAMPLES])
    if not examples:
        return Note.of("init.service_no_names")
    return Note.of("init.service_unknown", examples=examples)


def _amount_keys(item: Item) -> list[Key]:
    """Return what is found later by itself, commented out, so that it can be corrected."""
    plain = plain_columns(item.rows)
    found = {kind: usual_column(plain, names) for kind, names in AMOUNT_COLUMNS.items()}
    serves = match_columns(plain, ("serves",)).columns.get("serves")
    keys = [Key(kind, column, None, False) for kind, column in found.items() if column is not None]
    keys += [Key("serves", serves, None, False)] if serves else []
    if keys:
        first = keys[0]
        keys[0] = Key(first.name, first.value, Note.of("init.amounts"), False)
    return keys


def _name(service: str) -> Bilingual:
    return load_catalogue()[service].name


def _told(counts: dict[str, int]) -> tuple[Bilingual, ...]:
    """Return services with how many rows offer each, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    return tuple(
        Bilingual(zh=f"{_name(service).zh} {count}", en=f"{_name(service).en} {count}")
        for service, count in ranked
    )


def folded_title(item: Item) -> str:
    """Return all that an item is called, folded, to look for words in."""
    return " ".join(folded(title) for title in item.titles)
