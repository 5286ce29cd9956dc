"""People and facilities on the network that they walk on."""

from collections.abc import Mapping
from dataclasses import dataclass

from circles.demand import Demand
from circles.network import WalkNetwork
from circles.travel import Joins
from circles.walking import Profile


@dataclass(frozen=True)
class OnFoot:
    """Where people and facilities join the walking network.

    Parameters
    ----------
    network
        The network.
    profiles
        Walking profiles by name.
    demand
        Where people live.
    homes
        Where each demand point joins the network.
    doors
        Where each facility (row of the layer) does.
    """

    network: WalkNetwork
    profiles: Mapping[str, Profile]
    demand: Demand
    homes: Joins
    doors: Joins
