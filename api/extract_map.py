"""The small map of an extract: the parcel, its zones in their colours, the lines, drawn in the plane they were measured in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fpdf import FPDF
from fpdf.enums import PathPaintRule
from shapely import LineString, MultiLineString, Point, Polygon, box
from shapely.geometry import shape as to_geometry
from shapely.geometry.base import BaseGeometry

from api.extract_words import write_number
from spatial.lookup import Answer, Item, Theme

INK, RULE = (29, 31, 39), (120, 122, 132)
_LINE_COLORS = {"red_line": (213, 0, 0), "building_line": (11, 87, 208), "corridor": (239, 108, 0)}
_LINE_DASHES = {"red_line": None, "building_line": (2.0, 1.0), "corridor": (0.8, 0.8)}
_MARGIN = 0.25
_POINT_SIDE_M = 60.0


def read_shape(geojson: Mapping[str, Any] | None) -> BaseGeometry:
    """Read GeoJSON; an empty shape where there is none."""
    return Polygon() if geojson is None else to_geometry(dict(geojson))


@dataclass(frozen=True)
class Frame:
    """Where the map lies on the page (mm) and what it shows (m).

    Attributes:
        scale: mm on paper per metre.
    """

    left: float
    top: float
    size: float
    west: float
    north: float
    scale: float

    @property
    def window(self) -> Polygon:
        """What is shown, in the plane."""
        side = self.size / self.scale
        return box(self.west, self.north - side, self.west + side, self.north)

    def place(self, points: Iterable[Sequence[float]]) -> list[tuple[float, float]]:
        """Give points of the plane as points of the page."""
        return [(self.left + (x - self.west) * self.scale, self.top + (self.north - y) * self.scale) for x, y in points]


def draw_map(pdf: FPDF, answer: Answer, left: float, top: float, size: float, lang: str) -> None:
    """Draw the map into a square of `size` mm; the shape of the parcel or point must be there."""
    assert answer.shape is not None
    parcel = read_shape(answer.shape)
    frame = _frame_around(parcel, left, top, size)
    for item in _zone_items(answer):
        _fill(pdf, frame, read_shape(item.shape), _rgb(item.zone.color if item.zone else None))
    for item in _line_items(answer):
        if item.shape is not None:
            with pdf.local_context(fill_opacity=0.35):
                _fill(pdf, frame, read_shape(item.shape), _LINE_COLORS[item.line.kind if item.line else "red_line"])
    _outline(pdf, frame, parcel, INK, 0.5)
    for item in _line_items(answer):
        if item.line and item.line.shape is not None:
            _stroke(pdf, frame, read_shape(item.line.shape), item.line.kind)
    if isinstance(parcel, Point):
        [(x, y)] = frame.place(parcel.coords)
        pdf.set_fill_color(*INK)
        pdf.circle(x, y, 1, style="F")
    pdf.set_draw_color(*RULE)
    pdf.set_line_width(0.2)
    pdf.rect(left, top, size, size)
    _scale_bar(pdf, frame, lang)


def _zone_items(answer: Answer) -> list[Item]:
    """Zones of the most detailed plan only: others lie under it."""
    items = next((theme.items for theme in answer.themes if theme.theme is Theme.ZONING), ())
    shown = [item for item in items if item.shape is not None]
    return [item for item in shown if item.plan.code == shown[0].plan.code]


def _line_items(answer: Answer) -> list[Item]:
    return [item for theme in answer.themes for item in theme.items if item.line is not None]


def _frame_around(parcel: BaseGeometry, left: float, top: float, size: float) -> Frame:
    west, south, east, north = parcel.bounds
    side = max(east - west, north - south) * (1 + 2 * _MARGIN) or _POINT_SIDE_M
    return Frame(left, top, size, (west + east - side) / 2, (south + north + side) / 2, size / side)


def _rgb(color: str | None) -> tuple[int, int, int]:
    color = color or "#D9D9D9"
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _polygons(geometry: BaseGeometry) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [geometry] if not geometry.is_empty else []
    return [part for part in getattr(geometry, "geoms", ()) if isinstance(part, Polygon)]


def _fill(pdf: FPDF, frame: Frame, geometry: BaseGeometry, color: tuple[int, int, int]) -> None:
    for polygon in _polygons(geometry):
        with pdf.new_path() as path:
            path.style.fill_color = "#{:02x}{:02x}{:02x}".format(*color)
            path.style.stroke_color = None
            path.style.paint_rule = PathPaintRule.FILL_EVENODD
            for ring in (polygon.exterior, *polygon.interiors):
                _trace(path, frame.place(ring.coords), closed=True)


def _outline(pdf: FPDF, frame: Frame, geometry: BaseGeometry, color: tuple[int, int, int], width: float) -> None:
    pdf.set_draw_color(*color)
    pdf.set_line_width(width)
    for polygon in _polygons(geometry):
        for ring in (polygon.exterior, *polygon.interiors):
            pdf.polyline(frame.place(ring.coords), polygon=True)


def _stroke(pdf: FPDF, frame: Frame, geometry: BaseGeometry, kind: str) -> None:
    shown = geometry.intersection(frame.window)
    parts = shown.geoms if isinstance(shown, MultiLineString) else [shown]
    pdf.set_draw_color(*_LINE_COLORS[kind])
    pdf.set_line_width(0.6)
    dash = _LINE_DASHES[kind]
    pdf.set_dash_pattern(*(dash or (0, 0)))
    for part in parts:
        if isinstance(part, LineString) and not part.is_empty:
            pdf.polyline(frame.place(part.coords))
    pdf.set_dash_pattern()


def _trace(path: Any, points: Sequence[tuple[float, float]], *, closed: bool) -> None:
    path.move_to(*points[0])
    for point in points[1:]:
        path.line_to(*point)
    if closed:
        path.close()


def _scale_bar(pdf: FPDF, frame: Frame, lang: str) -> None:
    length = next(step for step in _round_lengths() if step * frame.scale >= frame.size / 5)
    x, y, width = frame.left + 3, frame.top + frame.size - 3, length * frame.scale
    pdf.set_draw_color(*INK)
    pdf.set_line_width(0.4)
    pdf.line(x, y, x + width, y)
    pdf.set_font("text", size=6.5)
    pdf.set_text_color(*INK)
    pdf.text(x, y - 1, f"{write_number(length, lang)} m")
    tip = (frame.left + frame.size - 5, frame.top + 4)
    pdf.polygon([tip, (tip[0] - 1.5, tip[1] + 5), (tip[0] + 1.5, tip[1] + 5)], style="F")
    pdf.text(tip[0] - 1, tip[1] + 8, "B" if lang == "vi" else "N")


def _round_lengths() -> Iterable[float]:
    size = 0.1
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10
