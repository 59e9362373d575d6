"""Judges the themes: which part of the place each plan, zone and line takes, and what that means. Pure: rows in, answers out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.layers import Text
from spatial.lookup import words
from spatial.lookup.coverage import Knowledge, conclude, knowledge_of
from spatial.lookup.measure import round_area, round_share, share_out
from spatial.lookup.model import Document, Item, Line, Plan, Remainder, State, Theme, ThemeAnswer, Zone

_PRECEDENCE = {"detailed": 0, "detailed_short": 1, "zoning": 2, "general": 3}
_LEAST_SHOWN_M2 = 0.005
LINE_THEMES = (Theme.RED_LINE, Theme.BUILDING_LINE, Theme.CORRIDOR)


@dataclass(frozen=True)
class Findings:
    """What the statement `themes` found at a place.

    Attributes:
        row: its columns.
        total_m2: area of the parcel in the plane; None for a point.
        tolerance: m²; None for a point.
        plans: by code, those in force or approved.
    """

    row: Mapping[str, Any]
    total_m2: float | None
    tolerance: float | None
    plans: Mapping[str, Plan]


def read_findings(row: Mapping[str, Any], tolerance: float | None) -> Findings:
    """Read the statement's row."""
    plans = {code: _read_plan(plan) for code, plan in (row["plans"] or {}).items()}
    return Findings(row, row["area_m2"], tolerance, plans)


def judge(findings: Findings) -> tuple[ThemeAnswer, ...]:
    """Answer every theme; the corridor only where something is known of it."""
    if findings.row["is_unpublished"]:
        return unpublished()
    answers = [judge_zoning(findings), judge_plans(findings)]
    for theme in LINE_THEMES:
        answer = judge_lines(theme, findings)
        if theme is not Theme.CORRIDOR or answer.items or answer.known_share > 0:
            answers.append(answer)
    return tuple(answers)


def unpublished() -> tuple[ThemeAnswer, ...]:
    """Answer for land that must not be shown."""
    return tuple(
        ThemeAnswer(theme, State.UNKNOWN, words.NOT_PUBLISHED, known_share=0.0) for theme in Theme if theme is not Theme.CORRIDOR
    )


# -- zoning -------------------------------------------------------------------------------------------------------------------


def judge_zoning(findings: Findings) -> ThemeAnswer:
    """Say which functions and limits hold on which parts, plan by plan."""
    knowledge = knowledge_of(Theme.ZONING, findings.row, findings.tolerance)
    by_plan: dict[str, list[Mapping[str, Any]]] = {}
    for zone in findings.row["zones"] or []:
        by_plan.setdefault(zone["plan"], []).append(zone)
    items: list[Item] = []
    remainders: list[Remainder] = []
    for code in sorted(by_plan, key=lambda code: _rank(findings.plans[code])):
        parts, remainder = _zone_items(findings, findings.plans[code], by_plan[code])
        items += sorted(parts, key=lambda item: -(item.area_m2 or 0.0))
        remainders += [remainder] if remainder else []
    state, reason = conclude(items, knowledge)
    overlaps = words.ZONES_OVERLAP if any(one.overlap_m2 > (findings.tolerance or 0.0) for one in remainders) else None
    return ThemeAnswer(
        Theme.ZONING, state, words.joined(reason, overlaps), knowledge.share, tuple(items), remainders=tuple(remainders)
    )


def _zone_items(findings: Findings, plan: Plan, zones: Sequence[Mapping[str, Any]]) -> tuple[list[Item], Remainder | None]:
    if findings.total_m2 is None:
        return [_zone_item(plan, zone, State.AFFECTED, None, None) for zone in zones], None
    areas, shares, remainder = _measure(findings.total_m2, plan.code, zones, findings.row["zoned_m2"][plan.code])
    items = [
        _zone_item(plan, zone, _state_of(zone["area_m2"], findings), area, share)
        for zone, area, share in zip(zones, areas, shares, strict=True)
        if zone["area_m2"] >= _LEAST_SHOWN_M2  # two surfaces that share an edge do not concern each other
    ]
    return items, remainder if items else None


def _measure(
    total: float, plan_code: str, zones: Sequence[Mapping[str, Any]], zoned_m2: float
) -> tuple[list[float], list[float], Remainder]:
    """Round areas and shares so that parts + uncovered - overlap = the parcel, exactly."""
    parts = [zone["area_m2"] for zone in zones]
    uncovered, overlap = max(total - zoned_m2, 0.0), sum(parts) - zoned_m2
    if overlap < _LEAST_SHOWN_M2:
        areas, shares = share_out([*parts, uncovered], total)
        return areas[:-1], shares[:-1], Remainder(plan_code, areas[-1], shares[-1], 0.0, 0.0)
    areas, shares = [round_area(part) for part in parts], [round_share(part / total) for part in parts]
    left, left_share = round_area(uncovered), round_share(uncovered / total)
    return (
        areas,
        shares,
        Remainder(
            plan_code,
            left,
            left_share,
            round_area(sum(areas) + left - round_area(total)),
            round_share(sum(shares) + left_share - 1),
        ),
    )


def _zone_item(plan: Plan, zone: Mapping[str, Any], state: State, area: float | None, share: float | None) -> Item:
    name = zone["function_name"] or zone["function_raw"]
    return Item(
        plan=plan,
        state=state,
        area_m2=area,
        share=share,
        zone=Zone(
            codes=tuple(zone["codes"]),
            names=tuple(zone["names"] or ()),
            function_code=zone["function_code"],
            function_name=Text(name, zone["function_name_en"] or name) if name else None,
            color=zone["color"],
        ),
        parameters={name: value for name, value in zone["parameters"].items() if value is not None},
        shape=zone["shape"],
    )


# -- plans --------------------------------------------------------------------------------------------------------------------


def judge_plans(findings: Findings) -> ThemeAnswer:
    """Say which plans the place lies in, in force or approved and still to come."""
    knowledge = knowledge_of(Theme.PLANS, findings.row, findings.tolerance)
    items = [item for part in findings.row["plan_parts"] or [] if (item := _plan_item(findings, part))]
    items.sort(key=lambda item: _rank(item.plan))
    state, reason = conclude(items, knowledge)
    upcoming = words.UPCOMING if any(item.plan.is_upcoming for item in items) else None
    return ThemeAnswer(Theme.PLANS, state, words.joined(reason, upcoming), knowledge.share, tuple(items))


def _plan_item(findings: Findings, part: Mapping[str, Any]) -> Item | None:
    plan = findings.plans[part["plan"]]
    note = words.UPCOMING if plan.is_upcoming else None
    if findings.total_m2 is None:
        return Item(plan, State.AFFECTED, None, None, note=note)
    if part["area_m2"] < _LEAST_SHOWN_M2:
        return None
    area, share = round_area(part["area_m2"]), min(round_share(part["area_m2"] / findings.total_m2), 1.0)
    return Item(plan, _state_of(part["area_m2"], findings), area, share, note=note, shape=part["shape"])


# -- lines with a side --------------------------------------------------------------------------------------------------------


def judge_lines(theme: Theme, findings: Findings) -> ThemeAnswer:
    """Say which part lies on the restricted side of the lines of one kind."""
    knowledge = knowledge_of(theme, findings.row, findings.tolerance)
    items = [_line_item(findings, line, knowledge) for line in findings.row["lines"] or [] if line["kind"] == theme.value]
    items.sort(key=lambda item: (item.state is not State.AFFECTED, _rank(item.plan), -(item.area_m2 or 0.0)))
    state, reason = conclude(items, knowledge)
    doubt = words.ON_RESTRICTED_SIDE if any(item.state is State.UNKNOWN for item in items) else None
    area, share = _restricted(theme, findings, items)
    return ThemeAnswer(theme, state, words.joined(doubt, reason), knowledge.share, tuple(items), area, share)


def _line_item(findings: Findings, line: Mapping[str, Any], knowledge: Knowledge) -> Item:
    state, note = _judge_line(findings, line, knowledge)
    measurable = (
        findings.total_m2 is not None and state is not State.UNKNOWN and note not in (words.LINE_ENDS_INSIDE, words.NO_WIDTH)
    )
    facts = {"width_m": line["width_m"], "contact_m": round(line["contact_m"], 2), "distance_m": round(line["distance_m"], 2)}
    return Item(
        plan=findings.plans[line["plan"]],
        state=state,
        area_m2=round_area(line["area_m2"]) if measurable else None,
        share=min(round_share(line["area_m2"] / (findings.total_m2 or 1.0)), 1.0) if measurable else None,
        line=Line(
            line["kind"], line["name"], line["side"], line["width_m"], facts["contact_m"], facts["distance_m"], shape=line["line"]
        ),
        parameters={} if line["width_m"] is None else {"width_m": line["width_m"]},
        note=note,
        shape=line["shape"] if measurable else None,
    )


def _judge_line(findings: Findings, line: Mapping[str, Any], knowledge: Knowledge) -> tuple[State, Text | None]:
    if line["ends_inside"]:
        return State.AFFECTED, words.LINE_ENDS_INSIDE
    if line["side"] == "both" and not line["width_m"]:
        return State.AFFECTED, words.NO_WIDTH
    if not line["is_restricting"]:
        return State.TOUCHED, words.TOUCHED
    if line["is_inferred"] and not knowledge.is_complete:
        return State.UNKNOWN, words.ON_RESTRICTED_SIDE
    state = State.AFFECTED if findings.total_m2 is None else _state_of(line["area_m2"], findings)
    return state, words.INFERRED if line["is_inferred"] else words.TOUCHED if state is State.TOUCHED else None


def _restricted(theme: Theme, findings: Findings, items: Sequence[Item]) -> tuple[float | None, float | None]:
    """Give what all lines of a kind restrict together, each ground counted once."""
    if findings.total_m2 is None or not items or any(item.area_m2 is None for item in items):
        return None, None
    area = (findings.row["restricted_m2"] or {}).get(theme.value, 0.0)
    return round_area(area), min(round_share(area / findings.total_m2), 1.0)


# -- shared -------------------------------------------------------------------------------------------------------------------


def _state_of(area_m2: float, findings: Findings) -> State:
    assert findings.tolerance is not None
    return State.AFFECTED if area_m2 > findings.tolerance else State.TOUCHED


def _rank(plan: Plan) -> tuple[bool, int, str]:
    """The most detailed plan first; those still to come last."""
    return plan.is_upcoming, _PRECEDENCE.get(plan.level or "", 4), plan.code


def _read_plan(plan: Mapping[str, Any]) -> Plan:
    name = plan["name"] or plan["code"]
    return Plan(
        code=plan["code"],
        name=Text(name, plan["name_en"] or name),
        level=plan["level"],
        kind=plan["kind"],
        adjustment=plan["adjustment"],
        status=plan["status"],
        decision_no=plan["decision_no"],
        decision_date=plan["decision_date"],
        authority=plan["authority"],
        valid_from=plan["valid_from"],
        valid_to=plan["valid_to"],
        is_upcoming=plan["is_upcoming"],
        is_missing=plan["is_missing"],
        is_sample=bool(plan["is_sample"]),
        is_cut=plan["is_cut"],
        documents=tuple(Document(**document) for document in plan["documents"] or ()),
    )
