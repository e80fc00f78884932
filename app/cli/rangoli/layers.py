"""What a drawing is laid out of. Radii and sizes are in units of a drawing 100 wide, with its centre at 0, 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.cli.rangoli.petals import Outline

#: The colours that drawings use, by the names of tokens.css.
Colour = Literal[
    "card", "core", "clay", "clay-deep", "clay-pale", "clay-wash", "gold", "gold-deep", "gold-wash", "leaf",
    "leaf-wash", "night", "night-wash",
]  # fmt: skip
Shape = Callable[[float, float, float], Outline]


@dataclass(frozen=True, slots=True)
class Ring:
    """``count`` petals about the centre, from the radius ``inner`` to ``outer``.

    ``turn``: by how much of a petal's share the ring is turned. ``only``: the petals that are drawn; all where None.
    """

    count: int
    shape: Shape
    inner: float
    outer: float
    width: float
    colour: Colour
    turn: float = 0
    only: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Fan:
    """Petals at the given angles (degrees, 0 is up) and lengths, out of the point ``foot`` below the centre."""

    petals: Sequence[tuple[float, float]]
    shape: Shape
    inner: float
    width: float
    colour: Colour
    foot: float


@dataclass(frozen=True, slots=True)
class Dots:
    """``count`` dots of the radius ``size`` at the distance ``radius``."""

    count: int
    radius: float
    size: float
    colour: Colour
    turn: float = 0
    foot: float = 0


@dataclass(frozen=True, slots=True)
class Seeds:
    """``count`` seeds of the radius ``size`` as a sunflower has them, up to the distance ``radius``."""

    count: int
    radius: float
    size: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc. ``hole``: the radius of what is left out of it."""

    radius: float
    colour: Colour
    hole: float = 0


@dataclass(frozen=True, slots=True)
class Wave:
    """A closed line about the centre that goes in and out ``count`` times by ``depth``: filled, or drawn ``thick``."""

    count: int
    radius: float
    depth: float
    colour: Colour
    turn: float = 0
    thick: float = 0


@dataclass(frozen=True, slots=True)
class Pots:
    """``count`` clay pots, upright, their middles at the distance ``radius`` from the centre."""

    count: int
    radius: float
    scale: float
    colour: Colour
    part: Literal["belly", "rim", "band"] = "belly"
    turn: float = 0


Layer = Ring | Fan | Dots | Seeds | Disc | Wave | Pots
