"""Communities: who is scored, in which setting, street and district, with how many people."""

from circles.communities.bands import Groups, groups_from_bands
from circles.communities.build import Above, make_communities
from circles.communities.codes import read_code, read_codes
from circles.communities.columns import SETTINGS, SHARES, ZONE_WORDS, CommunityColumns
from circles.communities.findings import CommunityReport, Finding
from circles.communities.hierarchy import Level, UpperUnits, names_by_code
from circles.communities.join_report import Joined, JoinedRow, JoinReport, Unjoined
from circles.communities.joins import SecondTable, TableColumns, join_tables
from circles.communities.matching import Stage
from circles.communities.model import Communities, with_settings

__all__ = [
    "SETTINGS",
    "SHARES",
    "ZONE_WORDS",
    "Above",
    "Communities",
    "CommunityColumns",
    "CommunityReport",
    "Finding",
    "Groups",
    "JoinReport",
    "Joined",
    "JoinedRow",
    "Level",
    "SecondTable",
    "Stage",
    "TableColumns",
    "Unjoined",
    "UpperUnits",
    "groups_from_bands",
    "join_tables",
    "make_communities",
    "names_by_code",
    "read_code",
    "read_codes",
    "with_settings",
]
