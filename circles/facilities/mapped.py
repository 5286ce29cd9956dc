"""Facilities from the places of an OpenStreetMap extract."""

from collections.abc import Mapping, Sequence
from typing import Final

import geopandas as gpd

from circles.facilities.amounts import plain_number, usual_amounts
from circles.facilities.catalogue import require_services
from circles.facilities.collected import (
    OSM_ORIGIN,
    Collected,
    made_facilities,
    made_records,
    record_of,
)
from circles.facilities.merging import without_second_records
from circles.facilities.tagged import classified_tags
from circles.tables import Ledger, cell_text

_ADDRESS_TAGS: Final = ("addr:street", "addr:housenumber")


def facilities_from_osm(places: gpd.GeoDataFrame, services: Sequence[str]) -> Collected:
    """Collect the facilities of some services among the places of an OpenStreetMap extract.

    Places that are private or out of use are left out; so is the second of two records of one
    service and name within 50 m, such as an area and the node inside it. Nodes, being set by
    hand, are kept.

    Parameters
    ----------
    places
        Columns `osm_id` (``"n1"``, ``"w1"``, ``"r1"``), `tags` (dict), `geometry` (Point,
        EPSG:4326).
    services
        The services wanted.

    Raises
    ------
    FaultsError
        A service is not in the catalogue.
    """
    require_services(services, where="services from OpenStreetMap")
    wanted = set(services)
    rows = []
    records = []
    for osm_id, tags, point in zip(places["osm_id"], places["tags"], places.geometry, strict=True):
        if not _in_public_use(tags):
            continue
        for found in classified_tags(tags):
            if found.service in wanted:
                rows.append(_facility(osm_id, tags, found.service) | {"geometry": point})
                records.append(record_of(found, address=_address(tags), phone=_phone(tags)))
    table = made_facilities(rows)
    count = table["facility_id"].nunique()
    layer = Collected(table, records=made_records(records), ledger=Ledger(OSM_ORIGIN, count))
    order = table.sort_values("facility_id", kind="stable").index.to_numpy()
    return without_second_records(layer, order=order)


def _facility(osm_id: str, tags: Mapping[str, str], service: str) -> dict[str, object]:
    capacity = plain_number(tags.get("capacity", ""))
    return {
        "facility_id": osm_id,
        "name": cell_text(tags.get("name")) or "",
        "service": service,
        "origin": OSM_ORIGIN,
        "capacity": capacity,
        **usual_amounts(service, capacity),
        "opening_hours": cell_text(tags.get("opening_hours")),
    }


def _in_public_use(tags: Mapping[str, str]) -> bool:
    private = tags.get("access") in {"private", "no"}
    return not private and "yes" not in {tags.get("disused"), tags.get("abandoned")}


def _address(tags: Mapping[str, str]) -> str | None:
    parts = [tags.get(key, "") for key in _ADDRESS_TAGS]
    return "".join(parts) if all(parts) else None


def _phone(tags: Mapping[str, str]) -> str | None:
    return cell_text(tags.get("phone") or tags.get("contact:phone"))
