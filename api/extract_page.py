"""Draws the extract: what was asked, the map, each theme with its parts. The same answer gives the same bytes."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from api.extract_map import INK, RULE, draw_map
from api.extract_words import HEADINGS, LEVELS, LIMITS, STATES, STATUSES, TITLE, write_number
from api.lookup import MOST_ITEMS
from api.negotiation import Language
from spatial.layers import Text
from spatial.lookup import Answer, Item, Parcel, Plan, Relation, State, ThemeAnswer, words

FONTS = Path(__file__).parent / "fonts"
_MARGIN = 16.0
_MAP_SIZE = 62.0
_STATE_COLORS = {
    State.AFFECTED: (154, 52, 18),
    State.TOUCHED: (122, 88, 0),
    State.NOT_AFFECTED: (27, 101, 65),
    State.UNKNOWN: (75, 78, 90),
}


def draw_extract(answer: Answer, language: Language, address: str) -> bytes:
    """Give the PDF.

    Args:
        answer: with shapes.
        language: of all words.
        address: where the same question is answered, printed at the end.
    """
    page = _Page(answer, language.value)
    page.add_page()
    page.write_head()
    for theme in answer.themes:
        page.write_theme(theme)
    page.write_tail(address)
    return bytes(page.output())


def _release_file(font: Any, path: Path) -> None:
    """Let the font read from memory: fpdf2 keeps its file open until the garbage collector finds it."""
    reader = font.ttfont.reader
    reader.file.close()
    reader.file = BytesIO(path.read_bytes())


class _Page(FPDF):
    """An A4 document in one language."""

    def __init__(self, answer: Answer, lang: str) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self.answer, self.lang = answer, lang
        for style, file in (("", "BeVietnamPro-Regular.ttf"), ("B", "BeVietnamPro-SemiBold.ttf")):
            self.add_font("text", style, FONTS / file)
            _release_file(self.fonts[f"text{style}"], FONTS / file)
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=24)
        self.set_title(self.say(TITLE))
        self.set_lang(lang)
        # no clock: the document says what it depends on, and asked again gives the same bytes
        self.set_creation_date(datetime.combine(answer.question.as_of, time(), UTC))

    def say(self, text: Text) -> str:
        """Give a text in the document's language."""
        return text.in_language(self.lang)

    def head(self, name: str) -> str:
        """Give a heading in the document's language."""
        return self.say(HEADINGS[name])

    def number(self, value: float, decimals: int | None = None) -> str:
        """Write a number in the document's language."""
        return write_number(value, self.lang, decimals)

    def paragraph(self, text: str, size: float = 9, style: str = "", color: tuple[int, int, int] = INK, width: float = 0) -> None:
        """Write a paragraph and go on below it."""
        self.set_font("text", style, size)
        self.set_text_color(*color)
        self.multi_cell(width, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Say on every page what the document is worth."""
        self.set_y(-20)
        self.paragraph(self.say(words.DISCLAIMER), 7, color=RULE)
        self.paragraph(f"{self.head('page')} {self.page_no()}/{{nb}}", 7, color=RULE)

    # -- head -----------------------------------------------------------------------------------------------------------------

    def write_head(self) -> None:
        """Write the title, the facts of the place, and beside them the map."""
        self.paragraph(self.say(TITLE), 16, "B")
        for notice in self.answer.notices:
            self.paragraph(self.say(notice), 9, "B", _STATE_COLORS[State.AFFECTED])
        self.ln(2)
        top, has_map = self.get_y(), self.answer.shape is not None
        width = self.epw - _MAP_SIZE - 6 if has_map else self.epw
        for name, value in (*self._subject(), *self._time()):
            self.paragraph(name, 7.5, color=RULE, width=width)
            self.paragraph(value, 9.5, "B" if name == self.head("parcel") else "", width=width)
        if has_map:
            draw_map(self, self.answer, self.w - _MARGIN - _MAP_SIZE, top, _MAP_SIZE, self.lang)
            self.set_y(max(self.get_y(), top + _MAP_SIZE + 2))
        self.ln(2)

    def _subject(self) -> Iterable[tuple[str, str]]:
        subject = self.answer.subject
        if subject.address:
            yield self.head("address"), subject.address
        if subject.parcel:
            yield from self._parcel(subject.parcel)
            return
        if subject.lon is not None and subject.lat is not None:
            yield self.head("point"), f"{subject.lon:.6f}, {subject.lat:.6f}"
        yield self.head("parcel"), self.head("no_parcel")
        if subject.commune and subject.commune.name:
            yield self.head("commune"), self.say(subject.commune.name)

    def _parcel(self, parcel: Parcel) -> Iterable[tuple[str, str]]:
        commune = self.say(parcel.commune.name) if parcel.commune.name else parcel.commune.code
        yield self.head("parcel"), parcel.code
        yield (
            f"{self.head('number')} · {self.head('sheet')} · {self.head('commune')}",
            f"{parcel.parcel_no} · {parcel.map_sheet} · {commune}",
        )
        yield self.head("area"), self._size(parcel.area_m2)
        if parcel.area_official_m2 is not None:
            yield self.head("area_official"), f"{self.number(parcel.area_official_m2)} m²"
        uses = [" ".join(filter(None, (use.code, self.say(use.name) if use.name else use.text))) for use in parcel.land_use]
        if uses:
            yield self.head("land_use"), "; ".join(uses)

    def _time(self) -> Iterable[tuple[str, str]]:
        question = self.answer.question
        day = question.as_of
        yield self.head("as_of"), f"{day:%d/%m/%Y}" if self.lang == "vi" else day.isoformat()
        if question.known_at:
            yield self.head("known_at"), f"{question.known_at:%Y-%m-%d %H:%M:%S} UTC"
        yield self.head("version"), str(self.answer.data_version)
        yield self.head("plane"), f"VN-2000, EPSG:{self.answer.plane_srid}"

    # -- themes ---------------------------------------------------------------------------------------------------------------

    def write_theme(self, theme: ThemeAnswer) -> None:
        """Write a theme: its state as a word on a bar, the reason, a table of its parts."""
        if self.will_page_break(30):
            self.add_page()
        self.set_fill_color(*_STATE_COLORS[theme.state])
        self.set_font("text", "B", 10)
        self.set_text_color(255, 255, 255)
        self.cell(self.epw * 0.66, 7, f"  {self.say(words.TITLES[theme.theme])}", fill=True)
        self.cell(0, 7, f"{self.say(STATES[theme.state])}  ", fill=True, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)
        if theme.reason:
            self.paragraph(self.say(theme.reason), 8.5, color=_STATE_COLORS[theme.state])
        for change in theme.changes:
            if change.relation is Relation.OUTSIDE:  # of the others the reason tells
                self.paragraph(self.say(words.change(change)), 8.5)
        if theme.items:
            self._write_items(theme)
        if theme.area_m2 is not None and len(theme.items) > 1:
            self.paragraph(f"{self.head('together')}: {self._size(theme.area_m2)} ({self._share(theme.share)})", 8.5, "B")
        self.ln(3)

    def _write_items(self, theme: ThemeAnswer) -> None:
        self.set_font("text", "", 8)
        self.set_text_color(*INK)
        self.set_draw_color(*RULE)
        self.set_line_width(0.15)
        self.set_fill_color(255, 255, 255)
        heading = FontFace(emphasis="BOLD", size_pt=7.5, color=INK)
        with self.table(
            col_widths=(30, 12, 9, 24, 33), headings_style=heading, borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=4.2, text_align=("LEFT", "RIGHT", "RIGHT", "LEFT", "LEFT"), padding=(0.6, 0.8), v_align="TOP",
        ) as table:  # fmt: skip
            table.row([self.head(name) for name in ("part", "size", "share", "limits", "plan")])
            for item in theme.items[:MOST_ITEMS]:
                table.row(self._item_row(item))
            if left_out := theme.items[MOST_ITEMS:]:
                table.row([f"{self.head('omitted')}: {len(left_out)}", "", "", "", ""])
            for rest in theme.remainders:
                if rest.uncovered_m2 > 0:
                    cells = [self.head("uncovered"), self._size(rest.uncovered_m2), self._share(rest.uncovered_share)]
                    table.row([*cells, "", rest.plan_code])
                if rest.overlap_m2 > 0:
                    cells = [self.head("overlap"), self._size(rest.overlap_m2), self._share(rest.overlap_share)]
                    table.row([*cells, "", rest.plan_code])

    def _item_row(self, item: Item) -> list[str]:
        content = [self._name(item)]
        if item.state is not State.AFFECTED:
            content.append(self.say(STATES[item.state]))
        if item.note:
            content.append(self.say(item.note))
        limits = [
            f"{self.say(name)}: {self.number(item.parameters[key])}{unit}"
            for key, (name, unit) in LIMITS.items()
            if key in item.parameters
        ]
        return ["\n".join(content), self._size(item.area_m2), self._share(item.share), "\n".join(limits), self._plan(item.plan)]

    def _name(self, item: Item) -> str:
        if item.zone:
            name = self.say(item.zone.function_name) if item.zone.function_name else ", ".join(item.zone.names)
            code = item.zone.function_code or ""
            return f"{name} ({code})" if name and code else name or code
        if item.line:
            return item.line.name or "–"
        return self.say(item.plan.name)

    def _plan(self, plan: Plan) -> str:
        level = LEVELS.get(plan.level or "")
        status = STATUSES.get(plan.status or "")
        decision = " ".join(filter(None, (plan.decision_no, f"({plan.decision_date})" if plan.decision_date else "")))
        lines = [self.say(plan.name), *[self.say(word) for word in (level, status) if word], decision, plan.authority or ""]
        return "\n".join(line for line in lines if line)

    def _size(self, area_m2: float | None) -> str:
        return "–" if area_m2 is None else f"{self.number(area_m2, 2)} m²"

    def _share(self, share: float | None) -> str:
        return "–" if share is None else f"{self.number(share * 100, 1)} %"

    # -- tail -----------------------------------------------------------------------------------------------------------------

    def write_tail(self, address: str) -> None:
        """Write the documents, how it was measured, and where to ask again."""
        plans = {item.plan.code: item.plan for theme in self.answer.themes for item in theme.items}
        documents = [(plan, document) for plan in plans.values() for document in plan.documents]
        if documents:
            self.paragraph(self.head("documents"), 10, "B")
            for plan, document in documents:
                parts = (plan.code, document.title, document.number, document.date)
                self.paragraph(" · ".join(filter(None, parts)), 8)
            self.ln(2)
        if self.answer.subject.parcel is not None:
            self.paragraph(self.say(words.TOLERANCE_RULE), 8, color=RULE)
        self.paragraph(f"{self.head('source')}: {address}", 7.5, color=RULE)
