"""Services and the facilities that offer them: the catalogue, classification and collection."""

from circles.facilities.amounts import AMOUNT_COLUMNS, SERVES
from circles.facilities.catalogue import (
    Service,
    load_catalogue,
    no_such_service,
    require_services,
    service_named,
)
from circles.facilities.classify import classify, classify_tags
from circles.facilities.collect import (
    Collected,
    Unclassified,
    facilities_from_osm,
    facilities_from_table,
)

__all__ = [
    "AMOUNT_COLUMNS",
    "SERVES",
    "Collected",
    "Service",
    "Unclassified",
    "classify",
    "classify_tags",
    "facilities_from_osm",
    "facilities_from_table",
    "load_catalogue",
    "no_such_service",
    "require_services",
    "service_named",
]
