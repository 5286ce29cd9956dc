"""Urban or rural: by each of the ways that a standard knows, and by the first that tells."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from circles.communities import SETTINGS, Communities
from circles.errors import InputError
from circles.standards.model import Settings
from circles.texts import Note

_EXAMPLES: Final = 5
#: Ways in which a project decides by itself; no standard goes before them.
_DECIDED: Final = frozenset({"all", "density"})


def ways_to_tell(communities: Communities, settings: Settings) -> Mapping[str, pd.Series]:
    """Tell urban from rural in each way that says something of at least one community.

    Parameters
    ----------
    communities
        The communities; of their table the columns `setting` (as the table's own column gave it),
        `name`, `nbs_code` and `zone` are looked at.
    settings
        What a standard says of the ways, and their order.

    Returns
    -------
    mapping
        ``"urban"``, ``"rural"`` or None by `community_id`, for each way, in the standard's order.
    """
    found = {
        "column": _by_column(communities),
        "committee": _by_committee(communities, settings),
        "nbs_code": _by_code(communities, settings),
        "zone": _by_zone(communities, settings),
    }
    return {way: found[way] for way in settings.order if found[way].notna().any()}


def decide_settings(
    communities: Communities, settings: Settings
) -> tuple[Communities, tuple[Note, ...]]:
    """Give each community the setting of the first way, in the standard's order, that tells.

    A project that gives all communities one setting, or tells them apart by density, has decided.

    Returns
    -------
    communities
        Each with a setting.
    notes
        How many communities each way decided.

    Raises
    ------
    InputError
        No way tells of some communities.
    """
    if communities.setting_by in _DECIDED:
        return communities, ()
    chosen, by = _decided(communities, settings)
    if chosen.isna().any():
        raise InputError(_undecided(communities, chosen))
    notes = tuple(
        Note.of(f"assumptions.setting_by_{way}", count=int((by == way).sum()))
        for way in settings.order
        if (by == way).any()
    )
    return communities.with_settings(chosen), notes


def ways_used(communities: Communities, settings: Settings) -> frozenset[str]:
    """Return the ways that decided at least one community; none where the project decided."""
    if communities.setting_by in _DECIDED:
        return frozenset()
    _, by = _decided(communities, settings)
    return frozenset(by.dropna())


def _decided(communities: Communities, settings: Settings) -> tuple[pd.Series, pd.Series]:
    """Return each community's setting, and the way that told it."""
    index = communities.table.index
    chosen, by = (pd.Series([None] * len(index), index=index, dtype=object) for _ in range(2))
    for way, told in ways_to_tell(communities, settings).items():
        new = chosen.isna() & told.notna()
        chosen[new], by[new] = told[new], way
    return chosen, by


def _undecided(communities: Communities, chosen: "pd.Series[str]") -> str:
    names = communities.table.loc[chosen.isna(), "name"]
    shown = ", ".join(map(repr, names[:_EXAMPLES])) + (" …" if len(names) > _EXAMPLES else "")
    return (
        f"nothing says whether {len(names)} communities are urban or rural ({shown}): neither a "
        "column, nor the last word of their names, nor a code of the statistics bureau, nor a "
        "zone; give communities.setting a column, or one setting for all"
    )


def _by_column(communities: Communities) -> pd.Series:
    table = communities.table
    own = communities.setting_given if communities.setting_given is not None else table["setting"]
    told = own if communities.setting_by == "column" else None
    return _words(table, told)


def _by_committee(communities: Communities, settings: Settings) -> pd.Series:
    endings = [
        (word, setting) for setting in SETTINGS for word in settings.committee.get(setting, ())
    ]
    endings.sort(key=lambda pair: -len(pair[0]))
    names = communities.table["name"].astype(str).str.strip()
    told = [
        next((setting for word, setting in endings if name.endswith(word)), None) for name in names
    ]
    return _words(communities.table, told)


def _by_code(communities: Communities, settings: Settings) -> pd.Series:
    meaning = {code: setting for setting in SETTINGS for code in settings.nbs_code.get(setting, ())}
    return _by_word(communities, "nbs_code", meaning)


def _by_zone(communities: Communities, settings: Settings) -> pd.Series:
    return _by_word(communities, "zone", {str(zone): own for zone, own in settings.zone.items()})


def _by_word(communities: Communities, column: str, meaning: Mapping[str, str]) -> pd.Series:
    table = communities.table
    words = table[column] if column in table else [None] * len(table)
    return _words(table, [meaning.get(word) if isinstance(word, str) else None for word in words])


def _words(table: pd.DataFrame, told: object) -> pd.Series:
    values = [None] * len(table) if told is None else list(told)  # type: ignore[call-overload]
    return pd.Series(
        [value if value in SETTINGS else None for value in values], index=table.index, dtype=object
    )
