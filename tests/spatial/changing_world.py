"""Communes made of cells that wander between them: what was reported of whom is then plain to see, without any shares or chains.

Each cell holds some people and covers as much ground as any other. An event moves cells; the edges that a register would keep of
it (shares of people and area) follow from the cells. A report of a commune on a day counts the people of its cells of that day.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert

from spatial import tables
from tests.spatial.rollup_world import box

Cells = frozenset[int]
FIRST_DAY = date(2012, 1, 1)
PROVINCE = "37"


@dataclass(frozen=True)
class Edge:
    """An edge of a register of changes."""

    kind: str
    before: str
    after: str
    on: date
    people_share: float | None
    area_share: float | None


@dataclass(frozen=True)
class Counted:
    """What was reported of a commune as it was on a day."""

    code: str
    day: date
    period: int
    method: str
    tells_day: bool


@dataclass
class Country:
    """The communes through time."""

    people: list[int]
    states: list[tuple[date, dict[str, Cells]]]
    edges: list[Edge] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)

    @property
    def today(self) -> dict[str, Cells]:
        """The communes of today."""
        return self.states[-1][1]

    def on(self, day: date) -> dict[str, Cells]:
        """Give the communes of a day: changes count from their day on."""
        return [state for since, state in self.states if since <= day][-1]

    def sum_of(self, cells: Cells) -> int:
        """Count the people of cells."""
        return sum(self.people[cell] for cell in cells)

    def reported_cells(self, period: int) -> Cells:
        """Give the cells of whom somebody reported for a period: nobody is there twice."""
        return frozenset().union(*[self.on(one.day)[one.code] for one in self.counted if one.period == period])

    def is_plain(self, period: int) -> bool:
        """Tell whether shares can say who went where: no unit that was divided later was reported in part only."""
        reported = self.reported_cells(period)
        divided = [
            state[code]
            for (_, state), (_, later) in pairwise(self.states)
            for code in state
            if not _stays_together(state[code], later)
        ]
        return all(not cells & reported or cells <= reported for cells in divided)

    def unit_meant(self, code: str, period: int) -> Cells | None:
        """Give the ground of a code for a period without a day: at the end of the year, else when it last was."""
        end = date(period, 12, 31)
        alive = [state[code] for since, state in self.states if since <= end and code in state]
        return alive[-1] if alive else None


def _stays_together(cells: Cells, later: dict[str, Cells]) -> bool:
    return any(cells <= other for other in later.values())


@st.composite
def countries(draw: st.DrawFn, *, whole_story: bool = True) -> Country:
    """Draw a country with its changes and reports.

    Args:
        draw: hypothesis.
        whole_story: whether every change tells its shares; else some do not, and reports are of the beginning of a year.
    """
    cells = draw(st.integers(3, 12))
    codes = [f"37{number:03}" for number in range(1, 30)]
    first = {codes[i]: part for i, part in enumerate(_partition(draw, list(range(cells))))}
    country = Country([draw(st.integers(0, 60)) for _ in range(cells)], [(FIRST_DAY, first)])
    days = sorted({date(2013, 1, 1) + timedelta(draw(st.integers(0, 5000))) for _ in range(draw(st.integers(1, 5)))})
    for day in days:
        _change(draw, country, codes, day, whole_story)
    _report(draw, country, whole_story)
    return country


def _partition(draw: st.DrawFn, cells: list[int]) -> list[Cells]:
    owners = [draw(st.integers(0, 3)) for _ in cells]
    return [frozenset(cell for cell, owner in zip(cells, owners, strict=True) if owner == one) for one in sorted(set(owners))]


def _change(draw: st.DrawFn, country: Country, codes: list[str], day: date, whole_story: bool) -> None:
    before = country.today
    kind = draw(st.sampled_from(["merge", "split", "transfer", "rename"]))
    after = dict(before)
    free = [code for code in codes if code not in before]
    actor = draw(st.sampled_from(sorted(before)))
    others = sorted(set(before) - {actor})
    if kind == "merge" and others:
        joined = draw(st.sets(st.sampled_from(others), min_size=1)) | {actor}
        target = draw(st.sampled_from([*sorted(joined), draw(st.sampled_from(free))]))
        for code in joined:
            del after[code]
        after[target] = frozenset().union(*[before[code] for code in joined])
    elif kind == "split" and len(before[actor]) > 1:
        away = draw(st.sets(st.sampled_from(sorted(before[actor])), min_size=1, max_size=len(before[actor]) - 1))
        names = [actor, free[0]] if draw(st.booleans()) else [free[1], free[0]]
        del after[actor]
        after[names[0]], after[names[1]] = before[actor] - away, frozenset(away)
    elif kind == "transfer" and others and len(before[actor]) > 1:
        away = draw(st.sets(st.sampled_from(sorted(before[actor])), min_size=1, max_size=len(before[actor]) - 1))
        receiver = draw(st.sampled_from(others))
        after[actor], after[receiver] = before[actor] - away, before[receiver] | away
    else:
        kind = "rename"
        if draw(st.booleans()) and others:
            other = draw(st.sampled_from(others))
            after[actor], after[other] = before[other], before[actor]
        else:
            after[draw(st.sampled_from(free))] = after.pop(actor)
    country.edges += _edges(draw, country, before, after, kind, day, whole_story)
    country.states.append((day, after))


def _edges(
    draw: st.DrawFn, country: Country, before: dict[str, Cells], after: dict[str, Cells], kind: str, day: date, whole_story: bool
) -> list[Edge]:
    touched = {code for code in before if before[code] != after.get(code)}
    listed = []
    for source in sorted(touched):
        targets = sorted(target for target in after if before[source] & after[target])
        everybody = country.sum_of(before[source])
        tells = whole_story or draw(st.booleans())
        for target in targets:
            moved = before[source] & after[target]
            people = country.sum_of(moved) / everybody if everybody and tells else None
            area = len(moved) / len(before[source]) if tells else None
            listed.append(Edge(kind, source, target, day, people, area))
    # registers often leave out what goes without saying: that a unit which others joined, or which gave a part away, is itself
    silent = {
        edge.before
        for edge in listed
        if edge.before == edge.after
        and (kind == "transfer" or (kind == "merge" and edge.area_share == 1))
        and draw(st.booleans())
    }
    return [edge for edge in listed if not (edge.before == edge.after and edge.before in silent)]


def _report(draw: st.DrawFn, country: Country, whole_story: bool) -> None:
    for period in sorted({draw(st.integers(2013, 2025)) for _ in range(draw(st.integers(1, 3)))}):
        places = {draw(st.integers(0, 364)) for _ in range(draw(st.integers(1, 3)))} if whole_story else {0}
        days = [date(period, 1, 1) + timedelta(place) for place in sorted(places)]
        used: set[tuple[str, str]] = set()
        for method, day in zip(("register", "census", "estimate"), days, strict=False):
            for code, cells in sorted(country.on(day).items()):
                if (code, method) in used or not draw(st.booleans()):
                    continue
                if any(
                    one.code == code and one.period == period and _same_life(country, code, one.day, day)
                    for one in country.counted
                ):
                    continue  # one figure for a unit and year
                used.add((code, method))
                plain = country.unit_meant(code, period) == cells and _same_life(
                    country, code, day, _meant_on(country, code, period)
                )
                country.counted.append(Counted(code, day, period, method, tells_day=not plain or draw(st.booleans())))


def _meant_on(country: Country, code: str, period: int) -> date:
    end = date(period, 12, 31)
    if code in country.on(end):
        return end
    ends = [since for (_, state), (since, later) in pairwise(country.states)
            if code in state and code not in later and since <= end]  # fmt: skip
    return ends[-1] - timedelta(days=1)


def _same_life(country: Country, code: str, one: date, other: date) -> bool:
    """Tell whether no change touched the code between two days."""
    first, last = sorted((one, other))
    return not any(first < edge.on <= last and code in (edge.before, edge.after) for edge in country.edges)


def store(connection: Connection, country: Country) -> None:
    """Put the register, its changes and the reports into the database: as counts of people, and an eighth of it as a figure."""
    for number, (since, state) in enumerate(country.states):
        until = country.states[number + 1][0] if number + 1 < len(country.states) else None
        for code, cells in state.items():
            before = country.states[number - 1][1].get(code) if number else None
            if before == cells:
                continue
            ends = next((day for day, later in country.states[number + 1 :] if later.get(code) != cells), None)
            _insert(connection, tables.Unit, code=code, level="commune", kind="Xã", name=f"Xã {code}", parent_code=PROVINCE,
                    province_code=PROVINCE, commune_code=code if ends is None else None, valid_from=since, valid_to=ends,
                    area_official_km2=float(len(cells)), geom=box(105 + int(code[2:]) * 0.01, 20, 0.01))  # fmt: skip
        assert until is None or until > since
    for edge in country.edges:
        _insert(connection, tables.UnitChange, level="commune", kind=edge.kind, from_code=edge.before, to_code=edge.after,
                changed_on=edge.on, population_share=edge.people_share, area_share=edge.area_share)  # fmt: skip
    for one in country.counted:
        people = country.sum_of(country.on(one.day)[one.code])
        unit_on = one.day if one.tells_day else None
        _insert(connection, tables.UnitCount, level="commune", unit_code=one.code, year=one.period, people=people,
                method=one.method, unit_on=unit_on)  # fmt: skip


def _insert(connection: Connection, model: Any, **values: Any) -> None:
    connection.execute(insert(model).values(**values))


def observe(connection: Connection, country: Country) -> None:
    """Put the reports in as an observed figure, too: an eighth of the people, which needs three decimals."""
    seen: set[tuple[str, int]] = set()
    for one in country.counted:
        if (one.code, one.period) in seen:
            continue
        seen.add((one.code, one.period))
        _insert(connection, tables.Observation, indicator_code="solid_waste_t", level="commune", unit_code=one.code,
                period=str(one.period), value=country.sum_of(country.on(one.day)[one.code]) / 8,
                unit_on=one.day if one.tells_day else None, approved_by="UBND", approved_at=func.now())  # fmt: skip
