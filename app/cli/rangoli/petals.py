"""The shapes of petals, between the radii ``inner`` and ``outer``, ``width`` wide. The tip points up, to negative y."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
#: Points of a cubic outline: a start, then two handles and an end for each piece.
Outline = Sequence[Point]


def lotus(inner: float, outer: float, width: float) -> Outline:
    """Pointed at both ends."""
    middle, half = (inner + outer) / 2, width * 2 / 3
    return [
        (0, -inner), (half, -(inner + middle) / 2), (half, -(middle + outer) / 2), (0, -outer),
        (-half, -(middle + outer) / 2), (-half, -(inner + middle) / 2), (0, -inner),
    ]  # fmt: skip


def drop(inner: float, outer: float, width: float) -> Outline:
    """Pointed towards the centre, round outside."""
    half, long = width / 2, outer - inner
    return [
        (0, -inner), (half * 0.5, -inner - long * 0.3), (half, -inner - long * 0.45), (half, -outer + half * 0.95),
        (half, -outer + half * 0.4), (half * 0.55, -outer), (0, -outer),
        (-half * 0.55, -outer), (-half, -outer + half * 0.4), (-half, -outer + half * 0.95),
        (-half, -inner - long * 0.45), (-half * 0.5, -inner - long * 0.3), (0, -inner),
    ]  # fmt: skip


def flame(inner: float, outer: float, width: float) -> Outline:
    """Round towards the centre, drawn out to a tip."""
    half, long = width / 2, outer - inner
    return [
        (0, -inner), (half * 0.6, -inner), (half, -inner - half * 0.5), (half, -inner - long * 0.3),
        (half, -inner - long * 0.55), (half * 0.25, -inner - long * 0.75), (0, -outer),
        (-half * 0.25, -inner - long * 0.75), (-half, -inner - long * 0.55), (-half, -inner - long * 0.3),
        (-half, -inner - half * 0.5), (-half * 0.6, -inner), (0, -inner),
    ]  # fmt: skip


def oval(inner: float, outer: float, width: float) -> Outline:
    """An ellipse; a circle where ``width`` is its length."""
    high, half, middle, k = (outer - inner) / 2, width / 2, (inner + outer) / 2, 0.5523
    return [
        (0, -inner), (half * k, -inner), (half, -middle + high * k), (half, -middle),
        (half, -middle - high * k), (half * k, -outer), (0, -outer),
        (-half * k, -outer), (-half, -middle - high * k), (-half, -middle),
        (-half, -middle + high * k), (-half * k, -inner), (0, -inner),
    ]  # fmt: skip


def heart(inner: float, outer: float, width: float) -> Outline:
    """Two lobes outside, a point towards the centre."""
    half, long = width / 2, outer - inner
    return [
        (0, -inner), (half * 0.4, -inner - long * 0.25), (half, -inner - long * 0.4), (half, -inner - long * 0.72),
        (half, -outer - long * 0.06), (half * 0.2, -outer - long * 0.06), (0, -inner - long * 0.78),
        (-half * 0.2, -outer - long * 0.06), (-half, -outer - long * 0.06), (-half, -inner - long * 0.72),
        (-half, -inner - long * 0.4), (-half * 0.4, -inner - long * 0.25), (0, -inner),
    ]  # fmt: skip


def tulip(inner: float, outer: float, width: float) -> Outline:
    """Wide, with a small tip in the middle of its outer edge, as the petals of a temple arch."""
    half, long = width / 2, outer - inner
    return [
        (0, -inner), (half * 0.7, -inner - long * 0.15), (half, -inner - long * 0.4), (half, -inner - long * 0.58),
        (half, -inner - long * 0.85), (half * 0.35, -inner - long * 0.78), (0, -outer),
        (-half * 0.35, -inner - long * 0.78), (-half, -inner - long * 0.85), (-half, -inner - long * 0.58),
        (-half, -inner - long * 0.4), (-half * 0.7, -inner - long * 0.15), (0, -inner),
    ]  # fmt: skip


def diamond(inner: float, outer: float, width: float) -> Outline:
    """Four straight sides."""
    half, middle = width / 2, (inner + outer) / 2
    corners = [(0.0, -inner), (half, -middle), (0.0, -outer), (-half, -middle), (0.0, -inner)]
    points: list[Point] = [corners[0]]
    for corner in corners[1:]:
        points += [points[-1], corner, corner]
    return points


def mango(inner: float, outer: float, width: float) -> Outline:
    """A paisley: a drop whose tip bends over to one side."""
    half, long = width / 2, outer - inner
    return [
        (0, -inner), (half * 1.3, -inner - long * 0.02), (half * 1.5, -inner - long * 0.5),
        (half * 0.7, -inner - long * 0.75),
        (half * 0.3, -outer + long * 0.1), (-half * 0.3, -outer + long * 0.06), (-half * 1.1, -outer + long * 0.12),
        (-half * 0.3, -inner - long * 0.72), (-half * 0.9, -inner - long * 0.55), (-half, -inner - long * 0.3),
        (-half, -inner - long * 0.1), (-half * 0.6, -inner), (0, -inner),
    ]  # fmt: skip


def sail(inner: float, outer: float, width: float) -> Outline:
    """Half a leaf, bent: a wheel of these turns."""
    long = outer - inner
    return [
        (0, -inner), (width * 0.9, -inner - long * 0.25), (width * 0.8, -inner - long * 0.8), (-width * 0.25, -outer),
        (width * 0.2, -inner - long * 0.65), (width * 0.1, -inner - long * 0.3), (0, -inner),
    ]  # fmt: skip
