"""Makes every file of the sample."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from shapely import Polygon
from shapely.ops import polylabel

from sample_maker.district import community_areas, draw
from sample_maker.features import Area, Spot, Way, areas_of, spots_of, ways_of
from sample_maker.junctions import joined
from sample_maker.osm_file import write_extract
from sample_maker.people import COMMUNITIES
from sample_maker.plan import DISTRICT, OUTLINE
from sample_maker.services import facilities, mapped, nurseries
from sample_maker.tables import (
    write_communities,
    write_facilities,
    write_nurseries,
    write_project,
)

BOUNDARY = {
    "type": "boundary", "boundary": "administrative", "admin_level": "6", "name": DISTRICT,
    "fictional": "yes",
}  # fmt: skip


def build(folder: Path) -> None:
    """Write the sample into a folder.

    Parameters
    ----------
    folder
        Where to; made if it is not there. Files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    features, communities = draw(), community_areas()
    squares = [area for area in areas_of(features) if "highway" in area.tags]
    barriers = spots_of(features)
    ways = joined([*ways_of(features), *map(_outline_way, squares)], barriers)
    listed = [*facilities(ways)]
    write_extract(
        folder / "district.osm.pbf",
        ways=ways,
        areas=[area for area in areas_of(features) if "highway" not in area.tags],
        spots=[*barriers, *mapped(listed), *names_on_map(communities)],
        outline=OUTLINE,
        outline_tags=BOUNDARY,
    )
    write_communities(folder / "communities.gpkg", communities)
    write_facilities(folder / "facilities.xlsx", listed)
    write_nurseries(folder / "childcare.csv", nurseries(ways))
    write_project(folder / "circles.toml")


def names_on_map(communities: Mapping[str, Polygon]) -> Iterator[Spot]:
    """Yield the communities' names where a map would print them."""
    for community in COMMUNITIES:
        place = "village" if community.kind == "村" else "quarter"
        middle = polylabel(communities[community.code], tolerance=5)
        yield Spot(middle, {"place": place, "name": community.name, "fictional": "yes"})


def _outline_way(square: Area) -> Way:
    """Return a square's outline as a way, so that streets meet it."""
    return Way(square.shape.exterior, square.tags)
