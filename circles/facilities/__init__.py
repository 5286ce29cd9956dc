"""Services and the facilities that offer them: the catalogue, classification and collection."""

from circles.facilities.catalogue import (
    Service,
    load_catalogue,
    no_such_service,
    require_services,
    service_named,
)
from circles.facilities.classify import Classification, Where, classified, classify
from circles.facilities.collect import facilities_from_table
from circles.facilities.collected import Collected, Unclassified
from circles.facilities.columns import AMOUNT_COLUMNS, SERVES
from circles.facilities.duplicates import Likeness, Pair
from circles.facilities.mapped import facilities_from_osm
from circles.facilities.merging import without_duplicates
from circles.facilities.serving import Serving, Unresolved, resolve_serves
from circles.facilities.summary import facility_summary, rule_summary
from circles.facilities.tagged import classified_tags, classify_tags

__all__ = [
    "AMOUNT_COLUMNS",
    "SERVES",
    "Classification",
    "Collected",
    "Likeness",
    "Pair",
    "Service",
    "Serving",
    "Unclassified",
    "Unresolved",
    "Where",
    "classified",
    "classified_tags",
    "classify",
    "classify_tags",
    "facilities_from_osm",
    "facilities_from_table",
    "facility_summary",
    "load_catalogue",
    "no_such_service",
    "require_services",
    "resolve_serves",
    "rule_summary",
    "service_named",
    "without_duplicates",
]
