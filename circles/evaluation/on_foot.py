"""People and facilities on the network that they walk on, or the knowledge that there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from circles.demand import Demand
from circles.errors import InputError
from circles.network import WalkNetwork
from circles.travel import Joins
from circles.walking import Profile

#: Why nothing is known of whatever takes walking where no streets were given; a key of the
#: sections ``reasons`` and ``findings`` of the texts.
NO_NETWORK: Final = "no_network"


@dataclass(frozen=True)
class OnFoot:
    """Where people and facilities join the walking network.

    Parameters
    ----------
    network
        The network; None where no streets were given. Nobody can tell then who walks where: what
        needs to know asks for the `obstacle` first.
    profiles
        Walking profiles by name.
    demand
        Where people live.
    homes
        Where each demand point joins the network; nowhere without one (see `unjoined`).
    doors
        Where each facility (row of the layer) does.
    """

    network: WalkNetwork | None
    profiles: Mapping[str, Profile]
    demand: Demand
    homes: Joins
    doors: Joins

    @property
    def obstacle(self) -> str | None:
        """Why nothing that takes walking can be known, None where it can."""
        return NO_NETWORK if self.network is None else None

    @property
    def streets(self) -> WalkNetwork:
        """The network, for those who cannot do without.

        Raises
        ------
        InputError
            There is none: a search that nobody can make must never look like one that found
            nothing.
        """
        if self.network is None:
            message = "no street network was given, so nobody can tell who walks where; give one"
            raise InputError(message)
        return self.network


def unjoined(points: int) -> Joins:
    """Return the joins of so many points that join no network, since there is none."""
    nowhere = np.full(points, np.nan)
    return Joins(np.full(points, -1, dtype=np.int32), nowhere, nowhere.copy())
