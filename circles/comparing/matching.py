"""Which community of one run is which of the other: by id, and then by the code an id says."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from circles.communities.codes import read_code
from circles.comparing.folder import Run
from circles.comparing.model import PEOPLE_TOLERANCE


@dataclass(frozen=True)
class Pairs:
    """The communities of two runs.

    Parameters
    ----------
    both
        Id in the old run, and id in the new one; sorted.
    gone, new
        Ids of the old and of the new run that have no fellow; sorted.
    """

    both: tuple[tuple[str, str], ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]


def match_communities(old: Iterable[str], new: Iterable[str]) -> Pairs:
    """Match communities that have the same id, or ids that are one code in two ways of writing.

    A code that several communities of a run have left, as the cells of a grid do, matches none.

    Examples
    --------
    >>> match_communities(["440104001001", "7"], ["440104001001.0", "8"]).both
    (('440104001001', '440104001001.0'),)
    """
    before, after = set(old), set(new)
    pairs = {(name, name) for name in before & after}
    codes_old, codes_new = _codes(before - after), _codes(after - before)
    pairs |= {(codes_old[code], codes_new[code]) for code in codes_old.keys() & codes_new.keys()}
    matched_old, matched_new = {a for a, _ in pairs}, {b for _, b in pairs}
    return Pairs(
        tuple(sorted(pairs)),
        tuple(sorted(before - matched_old)),
        tuple(sorted(after - matched_new)),
    )


def _codes(ids: Iterable[str]) -> dict[str, str]:
    read = [(read_code(name)[0], name) for name in sorted(ids)]
    times = Counter(code for code, _ in read)
    return {code: name for code, name in read if code is not None and times[code] == 1}


def outline_changed(old: Run, new: Run, pairs: Pairs) -> frozenset[str]:
    """Return the old ids of the communities whose outline differs."""
    if not pairs.both:
        return frozenset()
    before, after = (list(ids) for ids in zip(*pairs.both, strict=True))
    ours = old.homes.geometry.loc[before].normalize().to_numpy()
    theirs = new.homes.geometry.loc[after].normalize().to_numpy()
    same = (a.equals_exact(b, 1e-9) for a, b in zip(ours, theirs, strict=True))
    return frozenset(name for name, alike in zip(before, same, strict=True) if not alike)


def changed_communities(
    old: Run, new: Run, pairs: Pairs, moved: frozenset[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the table of communities: new, gone, and other than before."""
    for before in pairs.gone:
        yield _row("gone", old, before, None, None)
    for after in pairs.new:
        yield _row("new", None, None, new, after)
    for before, after in pairs.both:
        row = _row("changed", old, before, new, after)
        row["outline_changed"] = before in moved
        people = row["population_old"], row["population_new"]
        unlike = any(row[f"{name}_old"] != row[f"{name}_new"] for name in ("id", "name", "setting"))
        if unlike or before in moved or _differ(*people):
            yield row


def _row(
    status: str, old: Run | None, before: str | None, new: Run | None, after: str | None
) -> dict[str, Any]:
    ours = old.summary.communities[before] if old and before is not None else None
    theirs = new.summary.communities[after] if new and after is not None else None
    return {
        "status": status,
        "id_old": before,
        "id_new": after,
        "outline_changed": False,
        **{
            f"{name}_{end}": getattr(one, name) if one else None
            for name in ("name", "setting", "population")
            for end, one in (("old", ours), ("new", theirs))
        },
    }


def _differ(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is not new
    return abs(old - new) >= PEOPLE_TOLERANCE
