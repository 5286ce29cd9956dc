"""What the coordinates of a layer are measured against, as far as the other files tell."""

from dataclasses import dataclass
from functools import cached_property

import shapely

from circles.communities import Communities
from circles.crs import crs_around
from circles.datum import in_mainland
from circles.datum_evidence import diagnose
from circles.draft.items import Item
from circles.draft.lines import Key
from circles.draft.streets import Net, walk_network
from circles.inputs.naming import communities_named_by
from circles.surroundings import Surroundings
from circles.texts import Note

_POINT = 0


@dataclass(frozen=True)
class Witnesses:
    """What the places of a layer can be held against.

    Parameters
    ----------
    communities, net
        The communities and the streets of the project, as far as there are.
    """

    communities: Communities | None
    net: Net | None

    @cached_property
    def surroundings(self) -> Surroundings | None:
        """The communities, buildings, streets and water around; None where nothing is known."""
        network = None if self.net is None else walk_network(self.net)
        if network is None and self.communities is None:
            return None
        extract = None if self.net is None else self.net.extract
        table = None if self.communities is None else self.communities.table
        if network is not None:
            crs = network.crs
        elif table is not None:
            crs = crs_around(table)
        return Surroundings.of(
            crs,
            communities=table,
            buildings=None if extract is None else extract.buildings,
            network=network,
            water=None if extract is None else extract.water,
        )


def crs_keys(item: Item, witnesses: Witnesses) -> tuple[Key, ...]:
    """Return the key `crs` of a layer whose datum nobody said, with the evidence.

    It is in force where the evidence decides; where it does not, it stands there commented out.
    None is needed for layers that say it themselves, and off the mainland.
    """
    if item.loaded is None or item.loaded.datum is not None:
        return ()
    shapes = item.places.geometry
    points = item.places[shapely.get_type_id(shapes.to_numpy()) == _POINT]
    lon, lat = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    if not in_mainland(lon, lat).any():
        return ()
    around = witnesses.surroundings
    if around is None:
        return (Key("crs", "gcj02", Note.of("init.crs_unknown"), on=False),)
    named = None
    if witnesses.communities is not None:
        named = communities_named_by(witnesses.communities.table)(points)
    found = diagnose(lon, lat, around, named=named)
    if found.tested and found.datum is not None:
        return (Key("crs", found.datum.value, Note.of("init.crs_told", places=found.places)),)
    return (Key("crs", "gcj02", Note.of("init.crs_open", places=found.places), on=False),)
