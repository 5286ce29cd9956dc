"""What would change if urban and rural were told apart in another way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from circles.access import Access
from circles.communities import Communities
from circles.evaluation import NO_NETWORK
from circles.scoring import INSUFFICIENT, NOT_APPLICABLE, tier_verdict
from circles.settings import ways_to_tell, ways_used
from circles.standards.model import Standard

#: Verdicts by rule and community.
Verdicts = dict[str, dict[str, str]]

_COLUMNS: Final = (
    *("way", "used", "known", "urban", "rural"),
    *("class_changes", "verdict_changes", "tier_changes"),
)


@dataclass
class Reclassification:
    """The verdicts under each way of telling urban from rural, gathered rule by rule.

    Parameters
    ----------
    standard
        The standard.
    communities
        The communities with the settings they are judged by.
    settings
        The settings under each way; where a way says nothing, those they are judged by.
    known
        How many communities each way tells of.
    """

    standard: Standard
    communities: Communities
    settings: Mapping[str, pd.Series]
    known: Mapping[str, int]
    _own: Verdicts = field(default_factory=dict)
    _under: dict[str, Verdicts] = field(default_factory=dict)
    _blind: bool = False

    @classmethod
    def of(cls, communities: Communities, standard: Standard) -> "Reclassification":
        """Find the ways that are available."""
        own = communities.table["setting"]
        ways = ways_to_tell(communities, standard.settings)
        return cls(
            standard=standard,
            communities=communities,
            settings={way: told.where(told.notna(), own) for way, told in ways.items()},
            known={way: int(told.notna().sum()) for way, told in ways.items()},
        )

    def add(self, access: Access) -> None:
        """Judge a rule's communities under each way, of the search that was made."""
        rule_id = access.rule.id
        self._blind |= access.obstacle == NO_NETWORK
        self._own[rule_id] = access.verdicts()
        for way, setting in self.settings.items():
            found = self._own[rule_id] if self._same(way) else access.verdicts(setting)
            self._under.setdefault(way, {})[rule_id] = found

    def table(self) -> pd.DataFrame:
        """Return how many communities, verdicts and circles differ under each way.

        Returns
        -------
        DataFrame
            One row a way that says something; columns `way` (``"column"``, ``"committee"``,
            ``"nbs_code"`` or ``"zone"``), `used` (whether it decided of some communities),
            `known` (of how many it tells), `urban`, `rural` (how many there would be),
            `class_changes`, `verdict_changes` (communities and services judged otherwise) and
            `tier_changes` (communities and tiers). Only rules of access are judged anew; without
            a network to judge them on nobody can tell, and both are NaN.
        """
        own = self.communities.table["setting"]
        used = ways_used(self.communities, self.standard.settings)
        rows: list[dict[str, Any]] = []
        for way, setting in self.settings.items():
            verdicts = self._under.get(way, {})
            rows.append(
                {
                    "way": way,
                    "used": way in used,
                    "known": self.known[way],
                    "urban": int((setting == "urban").sum()),
                    "rural": int((setting == "rural").sum()),
                    "class_changes": int((setting != own).sum()),
                    "verdict_changes": self._changes(
                        self._by_service(self._own), self._by_service(verdicts)
                    ),
                    "tier_changes": self._changes(
                        self._by_tier(self._own), self._by_tier(verdicts)
                    ),
                }
            )
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def _changes(self, one: Mapping[Any, str], other: Mapping[Any, str]) -> float:
        return math.nan if self._blind else _differences(one, other)

    def _same(self, way: str) -> bool:
        return bool((self.settings[way] == self.communities.table["setting"]).all())

    def _by_service(self, verdicts: Verdicts) -> dict[tuple[str, str], str]:
        """Return one verdict for a community and service, whichever rules hold for it."""
        gathered: dict[tuple[str, str], list[str]] = {}
        for rule_id, found in verdicts.items():
            service = self.standard.access_rule(rule_id).service
            for community, verdict in found.items():
                gathered.setdefault((community, service), []).append(verdict)
        return {key: tier_verdict(own) for key, own in gathered.items()}

    def _by_tier(self, verdicts: Verdicts) -> dict[tuple[str, str], str]:
        found = {}
        for tier in self.standard.tiers:
            ids = [rule.id for rule in self.standard.tier_rules(tier.id)]
            for community in map(str, self.communities.table.index):
                own = [verdicts[i][community] for i in ids if community in verdicts.get(i, {})]
                own += [INSUFFICIENT for i in ids if i not in verdicts]
                found[community, tier.id] = tier_verdict(own)
        return found


def _differences(one: Mapping[Any, str], other: Mapping[Any, str]) -> int:
    keys = {*one, *other}
    return sum(one.get(k, NOT_APPLICABLE) != other.get(k, NOT_APPLICABLE) for k in keys)
