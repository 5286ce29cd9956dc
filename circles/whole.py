"""What a district knows of the whole that it was cut out of."""

from collections.abc import Mapping
from dataclasses import dataclass

from circles.coverage import Reach
from circles.evaluation import Evaluation
from circles.standards.parts import Level


@dataclass(frozen=True)
class Whole:
    """What was found on the whole, and cannot be found again on a part of it.

    Parameters
    ----------
    level
        Of which level the part is, all of it.
    obstacles
        By rule of access why nothing is known of its need, None where it is: that no facility
        lies in the part does not mean that there is none.
    reaches
        By rule and choice of facilities (see `circles.access.FACILITIES`) what its homes reach,
        wherever that lies; in rows of its own facilities.
    found
        What the other rules find, of that what is about the part.
    """

    level: Level
    obstacles: Mapping[str, str | None]
    reaches: Mapping[tuple[str, str], Reach]
    found: Evaluation
