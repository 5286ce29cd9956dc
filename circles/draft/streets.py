"""The street networks among the files: which can be read, and which lies where the people are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from circles.draft.items import Item, Unread, reason_of
from circles.draft.lines import Block, Key
from circles.draft.verdicts import Role, Verdict, path_text
from circles.errors import CirclesError
from circles.facilities import facilities_from_osm, load_catalogue
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import read_graphml
from circles.network.saved import is_saved, load_network
from circles.osm import Box, OsmExtract, read_osm
from circles.osm.boundaries import read_boundaries
from circles.texts import Bilingual, Note

#: Levels of boundaries that can be communities, the finest that is there is taken.
_LEVELS = (10, 9, 8)


@dataclass(frozen=True)
class Net:
    """A street network.

    Parameters
    ----------
    item
        Its file.
    box
        West, south, east, north, degrees.
    extract
        All that an OpenStreetMap extract holds; None where the file holds streets only.
    network
        The streets, where the file holds nothing else.
    """

    item: Item
    box: Box
    extract: OsmExtract | None = None
    network: WalkNetwork | None = None

    @property
    def buildings(self) -> int:
        """How many buildings it holds."""
        return 0 if self.extract is None else len(self.extract.buildings)

    def services(self, asked: Collection[str]) -> dict[str, int]:
        """Return which of some services the extract's tags say, with how many places offer each."""
        wanted = [service for service in load_catalogue() if service in asked]
        if self.extract is None or not wanted:
            return {}
        found = facilities_from_osm(self.extract.places, wanted).facilities
        return {str(s): int(n) for s, n in found["service"].value_counts().items()}


def read_nets(items: Sequence[Item]) -> tuple[list[Net], list[Unread]]:
    """Read street networks; those that cannot be read are told."""
    nets: list[Net] = []
    unread: list[Unread] = []
    for item in items:
        try:
            nets.append(_read(item))
        except CirclesError as error:
            unread.append(Unread(item.label, reason_of(item.path, error)))
    return nets, unread


def _read(item: Item) -> Net:
    saved = is_saved(item.path)
    if saved or item.path.suffix.lower() == ".graphml":
        network = load_network(item.path) if saved else read_graphml(item.path)
        lon, lat = network.edges.lon, network.edges.lat
        box = network.box or (
            *(float(lon.min()), float(lat.min())),
            *(float(lon.max()), float(lat.max())),
        )
        return Net(item, box, network=network)
    extract = read_osm(item.path)
    return Net(item, extract.box, extract)


def best_net(nets: Sequence[Net], around: Box | None) -> Net | None:
    """Return the network to take: one that covers the communities, an extract before others."""

    def worth(net: Net) -> tuple[bool, bool, float]:
        covered = 0.0 if around is None else _covered(net.box, around)
        return covered > 0 or around is None, net.extract is not None, covered

    return max(nets, key=worth, default=None)


def _covered(box: Box, around: Box) -> float:
    whole = shapely.box(*around)
    return float(whole.intersection(shapely.box(*box)).area / whole.area) if whole.area else 0.0


def walk_network(net: Net) -> WalkNetwork | None:
    """Return the streets of a network, made from its extract if need be; None if it has none."""
    if net.network is not None or net.extract is None:
        return net.network
    try:
        return network_from_osm(net.extract)
    except CirclesError:
        return None


def judge_nets(
    nets: Sequence[Net],
    chosen: Net | None,
    around: Box | None,
    folder: Path,
    further: Sequence[Key],
) -> list[Verdict]:
    """Say which network a project takes, and which stand by.

    Parameters
    ----------
    nets, chosen
        All of them, and the one that is taken.
    around
        The box of the communities, if they are known.
    folder
        Where the project file will stand.
    further
        Keys to be written with the one that is taken, such as `elevation`.
    """
    verdicts = []
    for net in sorted(nets, key=lambda net: net is not chosen):
        taken = net is chosen
        kind = "network" if taken else "network_spare"
        why = [Note.of(f"init.{kind}", file=net.item.label, buildings=net.buildings)]
        if around is not None and _covered(net.box, around) <= 0:
            why.append(Note.of("init.network_elsewhere"))
        elif around is not None and taken and _covered(net.box, around) < 1:
            why.append(Note.of("init.network_small"))
        if net.extract is None:
            why.append(Note.of("init.network_streets_only"))
        keys = [Key("osm", path_text(net.item.path, folder)), *(further if taken else ())]
        block = Block("[network]", tuple(why), tuple(keys), taken)
        told = (Note.of("init.told_network", buildings=net.buildings),)
        verdicts.append(Verdict(net.item, Role.NETWORK, block, told))
    return verdicts


def communities_of(net: Net) -> tuple[Block, int]:
    """Return the part on communities where no file holds any: the boundaries of an extract.

    Returns
    -------
    block
        Commented out where the extract has no whole boundaries either.
    count
        How many boundaries there are.
    """
    for level in _LEVELS:
        try:
            count = len(read_boundaries(net.item.path, admin_level=level).frame)
        except CirclesError:
            continue
        why = (Note.of("init.communities_osm", level=level, count=count),)
        keys = (
            Key("osm_admin_level", level),
            Key("setting", "urban", Note.of("init.setting_assumed")),
        )
        return Block("[communities]", why, keys), count
    return no_communities(), 0


def no_communities() -> Block:
    """Return the part on communities where there are none: what is missing, and how it looks."""
    keys = (
        Key("path", "communities.gpkg"),
        Key("id", "id"),
        Key("name", "name"),
        Key("setting", "standard"),
    )
    return Block("[communities]", (Note.of("init.communities_missing"),), keys, on=False)


def judge_services(net: Net, asked: Collection[str], *, on: bool) -> Block | None:
    """Return the part on the facilities that an extract's tags say; None if they say none.

    Parameters
    ----------
    net
        The network that is taken.
    asked
        The services that the standard asks for.
    on
        Whether the part is in force.
    """
    services = net.services(asked)
    if not services:
        return None
    catalogue = load_catalogue()
    told = tuple(
        Bilingual(zh=f"{catalogue[s].name.zh} {n}", en=f"{catalogue[s].name.en} {n}")
        for s, n in services.items()
    )
    why = (Note.of("init.osm_facilities" if on else "init.osm_facilities_spare", services=told),)
    return Block("[[facilities]]", why, (Key("osm", list(services)),), on)
