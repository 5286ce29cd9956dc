"""What was made of the parts that several pictures share, so that it is made once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from circles.pictures.scene import Part

Made = TypeVar("Made")


@dataclass(frozen=True)
class Kept(Generic[Made]):
    """Keeps what is made of some parts; what is made of others is not kept.

    Parameters
    ----------
    parts
        The parts that several pictures hold, the same objects in all of them.
    """

    parts: Sequence[Part] = ()
    _made: dict[int, Made] = field(default_factory=dict)

    def of(self, part: Part, make: Callable[[], Made]) -> Made:
        """Return what was made of a part before, or what `make` makes of it now."""
        if not any(part is shared for shared in self.parts):
            return make()
        if id(part) not in self._made:
            self._made[id(part)] = make()
        return self._made[id(part)]
