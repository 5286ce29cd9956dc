"""The communities of a run."""

from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd

from circles.communities.findings import CommunityReport
from circles.tables.ledger import Ledger
from circles.texts import Note


@dataclass(frozen=True)
class Communities:
    """The communities of a run.

    Parameters
    ----------
    table
        GeoDataFrame in EPSG:4326, index `community_id` (str), in the order of the file; columns
        `name`, `setting` (None where a rule decides it later), `zone` (``"central"``, ``"outer"``
        or None), `street`, `district`, `households`, `area_km2`, `geometry`; `nbs_code`, `code`
        (twelve digits or None) and `class` (a word of the standard's own) where there are such,
        and the further numbers and conditions that were named.
    population
        Residents by group: same index, one column a group; NaN where not given.
    notes
        What every reader of results must know of how they were read.
    setting_by
        How the settings were given: ``"column"``, ``"all"`` or ``"density"``; ``"standard"``
        where its ways alone tell.
    setting_given
        The settings of the table's own column, where another way has decided since.
    ledger
        What became of each row of the layer; None for communities that were not made of one.
    report
        Everything that was found in the layer and in the tables joined to it.
    """

    table: gpd.GeoDataFrame
    population: pd.DataFrame
    notes: tuple[Note, ...] = ()
    setting_by: str = "column"
    setting_given: "pd.Series[str] | None" = None
    ledger: Ledger | None = None
    report: CommunityReport | None = None

    def with_settings(self, setting: "pd.Series[str]") -> "Communities":
        """Return the communities with settings decided by a standard's ways.

        Parameters
        ----------
        setting
            ``"urban"`` or ``"rural"``, by `community_id`.
        """
        given = self.table["setting"] if self.setting_given is None else self.setting_given
        table = self.table.assign(setting=setting.reindex(self.table.index))
        return replace(self, table=table, setting_given=given)


def with_settings(communities: Communities, setting: "pd.Series[str]") -> Communities:
    """Return the communities with settings that their density decided.

    Parameters
    ----------
    communities
        The communities.
    setting
        ``"urban"`` or ``"rural"``, by `community_id`.
    """
    table = communities.table.assign(setting=setting.reindex(communities.table.index))
    return replace(communities, table=table, setting_by="density")
