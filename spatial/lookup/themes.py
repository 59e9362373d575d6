"""Judges the themes: which part of the place each plan, zone and line takes, and what that means. Pure: rows in, answers out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.layers import Text
from spatial.lookup import words
from spatial.lookup.coverage import Knowledge, conclude, knowledge_of
from spatial.lookup.measure import Measured, Whole, divide, finite, is_shown, is_within_inaccuracy
from spatial.lookup.model import Change, Document, Doubt, Item, Line, Plan, Relation, Remainder, State, Theme, ThemeAnswer, Zone

LINE_THEMES = (Theme.RED_LINE, Theme.BUILDING_LINE, Theme.CORRIDOR)


@dataclass(frozen=True)
class Findings:
    """What the statement `themes` found at a place.

    Attributes:
        row: its columns.
        whole: the parcel in the plane; None for a point.
        plans: by code, those in force or approved, or of which it is not known.
        unprovable: why nothing can be proven, in words; None where it can.
    """

    row: Mapping[str, Any]
    whole: Whole | None
    plans: Mapping[str, Plan]
    unprovable: Text | None = None

    def known(self, theme: Theme) -> Knowledge:
        """Give how far a theme is known."""
        return knowledge_of(theme, self.row, self.whole, self.unprovable)


def read_findings(row: Mapping[str, Any], *, is_beyond_horizon: bool) -> Findings:
    """Read the statement's row."""
    changed = {change["plan"] for change in row["changes"] or []}
    plans = {code: _read_plan(plan, code in changed) for code, plan in (row["plans"] or {}).items()}
    unprovable = words.ROWS_HIDDEN if row["rows_may_be_hidden"] else words.BEYOND_HORIZON if is_beyond_horizon else None
    return Findings(row, None if row["area_m2"] is None else Whole.parcel(row["area_m2"]), plans, unprovable)


def judge(findings: Findings) -> tuple[ThemeAnswer, ...]:
    """Answer every theme."""
    return (judge_zoning(findings), judge_plans(findings), *[judge_lines(theme, findings) for theme in LINE_THEMES])


# -- zoning -------------------------------------------------------------------------------------------------------------------


def judge_zoning(findings: Findings) -> ThemeAnswer:
    """Say which functions and limits hold on which parts, plan by plan."""
    knowledge = findings.known(Theme.ZONING)
    by_plan: dict[str, list[Mapping[str, Any]]] = {}
    for zone in findings.row["zones"] or []:
        by_plan.setdefault(zone["plan"], []).append(zone)
    items: list[Item] = []
    remainders: list[Remainder] = []
    for code in sorted(by_plan, key=lambda code: _order(findings.plans[code])):
        parts, remainder = _zone_items(findings, findings.plans[code], by_plan[code])
        items += sorted(parts, key=lambda item: -(item.area_m2 or 0.0))
        remainders += [remainder] if remainder else []
    state, reason = conclude(items, knowledge)
    overlaps = words.ZONES_OVERLAP if any(not is_within_inaccuracy(one.overlap_m2) for one in remainders) else None
    return ThemeAnswer(
        Theme.ZONING, state, words.joined(reason, overlaps), knowledge.share, tuple(items), remainders=tuple(remainders)
    )


def _zone_items(findings: Findings, plan: Plan, zones: Sequence[Mapping[str, Any]]) -> tuple[list[Item], Remainder | None]:
    if findings.whole is None:
        return [_zone_item(plan, zone, None) for zone in zones], None
    shown = [zone for zone in zones if is_shown(zone["area_m2"])]
    hidden_m2 = sum(zone["area_m2"] for zone in zones if not is_shown(zone["area_m2"]))
    covered_m2 = findings.row["zoned_m2"][plan.code] - hidden_m2
    divided = divide([zone["area_m2"] for zone in shown], covered_m2, findings.whole.exact_m2)
    items = [_zone_item(plan, zone, part) for zone, part in zip(shown, divided.parts, strict=True)]
    rest, common = divided.uncovered, divided.overlap
    return items, Remainder(plan.code, rest.area_m2, rest.share, common.area_m2, common.share) if items else None


def _zone_item(plan: Plan, zone: Mapping[str, Any], part: Measured | None) -> Item:
    name = zone["function_name"] or zone["function_raw"]
    return Item(
        plan=plan,
        state=_state_of(plan, zone["wide_m2"] if part else None),
        area_m2=part.area_m2 if part else None,
        share=part.share if part else None,
        zone=Zone(
            codes=tuple(zone["codes"]),
            names=tuple(zone["names"] or ()),
            function_code=zone["function_code"],
            function_name=Text(name, zone["function_name_en"] or name) if name else None,
            color=zone["color"],
        ),
        parameters={name: limit for name, value in zone["parameters"].items() if (limit := finite(value)) is not None},
        note=_note_of(plan),
        shape=zone["shape"],
    )


# -- plans --------------------------------------------------------------------------------------------------------------------


def judge_plans(findings: Findings) -> ThemeAnswer:
    """Say which plans the place lies in, in force or approved and still to come, and what was taken away of them here."""
    knowledge = findings.known(Theme.PLANS)
    items = [item for part in findings.row["plan_parts"] or [] if (item := _plan_item(findings, part))]
    items.sort(key=lambda item: _order(item.plan))
    state, reason = conclude(items, knowledge)
    upcoming = words.UPCOMING if any(item.plan.is_upcoming for item in items) else None
    changes = tuple(_read_change(change, findings.whole) for change in findings.row["changes"] or [])
    inside = [words.change(one) for one in changes if one.relation is not Relation.OUTSIDE]
    return ThemeAnswer(
        Theme.PLANS, state, words.joined(reason, upcoming, *inside), knowledge.share, tuple(items), changes=changes
    )


def _plan_item(findings: Findings, part: Mapping[str, Any]) -> Item | None:
    plan = findings.plans[part["plan"]]
    note = words.UPCOMING if plan.is_upcoming else _note_of(plan)
    if findings.whole is None:
        return Item(plan, _state_of(plan, None), None, None, note=note)
    if not is_shown(part["area_m2"]):
        return None
    shown = findings.whole.part(part["area_m2"]).measured
    return Item(plan, _state_of(plan, part["wide_m2"]), shown.area_m2, shown.share, note=note, shape=part["shape"])


def _read_change(change: Mapping[str, Any], whole: Whole | None) -> Change:
    area = share = None
    if not change["is_drawn"]:
        relation = Relation.UNKNOWN
    elif whole is None:
        relation = Relation.INSIDE if change["is_inside"] else Relation.OUTSIDE
    else:
        shown = whole.part(change["area_m2"]).measured
        area, share = shown.area_m2, shown.share
        if is_within_inaccuracy(change["inside_m2"]):
            relation = Relation.OUTSIDE
        else:
            relation = Relation.INSIDE if is_within_inaccuracy(change["outside_m2"]) else Relation.ACROSS
    return Change(
        change["plan"], change["kind"], change["effective_on"], change["decision_no"], change["other_plan"], relation, area, share
    )


# -- lines with a side --------------------------------------------------------------------------------------------------------


def judge_lines(theme: Theme, findings: Findings) -> ThemeAnswer:
    """Say which part lies on the restricted side of the lines of one kind."""
    knowledge = findings.known(theme)
    whole = _restricted(theme, findings)
    items = [_line_item(findings, line, knowledge, whole) for line in findings.row["lines"] or [] if line["kind"] == theme.value]
    items.sort(key=lambda item: (item.state is not State.AFFECTED, _order(item.plan), -(item.area_m2 or 0.0)))
    state, reason = conclude(items, knowledge)
    doubt = words.ON_RESTRICTED_SIDE if any(item.note == words.ON_RESTRICTED_SIDE for item in items) else None
    is_told = items and all(item.area_m2 is not None and item.state is not State.UNKNOWN for item in items)
    total = whole.measured if whole and is_told else None
    area, share = (total.area_m2, total.share) if total else (None, None)
    return ThemeAnswer(theme, state, words.joined(doubt, reason), knowledge.share, tuple(items), area, share)


def _restricted(theme: Theme, findings: Findings) -> Whole | None:
    """Give what all lines of a kind restrict together, each ground counted once; None for a point."""
    area: float = (findings.row["restricted_m2"] or {}).get(theme.value, 0.0)
    return findings.whole and findings.whole.part(area)


def _line_item(findings: Findings, line: Mapping[str, Any], knowledge: Knowledge, restricted: Whole | None) -> Item:
    plan = findings.plans[line["plan"]]
    state, note = _judge_line(findings, line, knowledge)
    is_measurable = note not in (words.LINE_ENDS_INSIDE, words.NO_WIDTH, words.ON_RESTRICTED_SIDE)
    part = restricted.part(line["area_m2"]).measured if restricted and is_measurable else None
    contact, distance = round(line["contact_m"], 2), round(line["distance_m"], 2)
    return Item(
        plan=plan,
        state=State.UNKNOWN if plan.doubt else state,
        area_m2=part.area_m2 if part else None,
        share=part.share if part else None,
        line=Line(line["kind"], line["name"], line["side"], line["width_m"], contact, distance, shape=line["line"]),
        parameters={} if line["width_m"] is None else {"width_m": line["width_m"]},
        note=_note_of(plan) or note,
        shape=line["shape"] if part else None,
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
    is_touched = findings.whole is not None and is_within_inaccuracy(line["wide_m2"])
    state = State.TOUCHED if is_touched else State.AFFECTED
    return state, words.INFERRED if line["is_inferred"] else words.TOUCHED if is_touched else None


# -- shared -------------------------------------------------------------------------------------------------------------------


def _state_of(plan: Plan, wide_m2: float | None) -> State:
    """Judge a part by what of it two surveys of one boundary cannot explain (m²); None for a point."""
    if plan.doubt:
        return State.UNKNOWN
    return State.AFFECTED if wide_m2 is None or not is_within_inaccuracy(wide_m2) else State.TOUCHED


def _note_of(plan: Plan) -> Text | None:
    """Say why it is not certain that the plan holds here."""
    if plan.doubt is None:
        return None
    return words.STATUS_UNKNOWN if plan.doubt is Doubt.STATUS_UNKNOWN else words.part_without_drawing(plan.doubt_decision)


def _order(plan: Plan) -> tuple[bool, int, str]:
    """The most detailed plan first; those still to come last."""
    return plan.is_upcoming, plan.rank, plan.code


def _read_plan(plan: Mapping[str, Any], is_changed: bool) -> Plan:
    name = plan["name"] or plan["code"]
    return Plan(
        code=plan["code"],
        name=Text(name, plan["name_en"] or name),
        level=plan["level"],
        rank=plan["rank"],
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
        doubt=Doubt(plan["doubt"]) if plan["doubt"] else None,
        doubt_decision=plan["doubt_decision"] or None,
        is_changed=is_changed,
        documents=tuple(Document(**document) for document in plan["documents"] or ()),
    )
