"""What a standard asks besides access: presence, capacity, the size of communities, inventories.

`units` and `stock` prepare communities and facilities; each kind of rule has a module of its own
that turns both into findings; `evaluate` does it for a whole standard, and `targets` rolls
verdicts up to the shares that a standard asks for.
"""

from circles.evaluation.evaluate import Evaluation, evaluate, takes_walking, unreached_warning
from circles.evaluation.findings import Finding, findings_table, unit_verdicts
from circles.evaluation.on_foot import NO_NETWORK, OnFoot, unjoined
from circles.evaluation.reachable import no_facilities
from circles.evaluation.stock import Stock
from circles.evaluation.targets import roll_up_targets
from circles.evaluation.units import Area, level_of

__all__ = [
    "NO_NETWORK",
    "Area",
    "Evaluation",
    "Finding",
    "OnFoot",
    "Stock",
    "evaluate",
    "findings_table",
    "level_of",
    "no_facilities",
    "roll_up_targets",
    "takes_walking",
    "unit_verdicts",
    "unjoined",
    "unreached_warning",
]
