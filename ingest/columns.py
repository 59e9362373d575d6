"""Columns of a file to columns of a layer, by the alias table; personal ones are parted before anything else sees them."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field

from ingest.issues import Issue, IssueCode
from spatial.errors import InvalidInput, UnreadableFile

OTHER_PERSONAL = "other"
_DBF_NAME_LENGTH = 10
_EVERY_EXPORT = frozenset({"id", "code", "province_code", "commune_code", "valid_from", "valid_to"})
"""Columns that every file has that `dothi export` wrote, and no other program's."""

Aliases = dict[str, tuple[str, ...]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LayerAliases(_Strict):
    """The alias lists of one layer: target column -> names, first listed first taken; `computed` are not taken at all."""

    required: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    columns: Aliases = Field(default_factory=dict)
    personal: Aliases = Field(default_factory=dict)


class Profile(_Strict):
    """What differs for files of one provenance."""

    title: str
    layers: dict[str, LayerAliases]


class AliasTable(_Strict):
    """The whole of `aliases.yaml`."""

    every_layer: Aliases
    personal_in_every_layer: Aliases
    layers: dict[str, LayerAliases]
    profiles: dict[str, Profile] = Field(default_factory=dict)


@dataclass(frozen=True)
class ColumnPlan:
    """Where each column of a file goes. Every column of the file is in exactly one of the first four.

    Attributes:
        public: target column of the layer's table -> column of the file.
        personal: column of the file -> target in `private` ("owner_name", ..., or "other").
        unmapped: columns that no alias knows or that another column of the same meaning outranks. What they hold is
            not known to be free of personal data: they are kept apart, never published.
        computed: columns of the file whose values the loader gives itself.
        is_own_export: whether dothi wrote the file: it has the columns that every export has.
        missing: required targets that no column serves.
        issues: what to tell.
    """

    public: dict[str, str]
    personal: dict[str, str]
    unmapped: tuple[str, ...]
    computed: tuple[str, ...]
    is_own_export: bool
    missing: tuple[str, ...]
    issues: tuple[Issue, ...]


@cache
def alias_table() -> AliasTable:
    """Read and check the alias table."""
    text = resources.files("ingest").joinpath("aliases.yaml").read_text(encoding="utf-8")
    return AliasTable.model_validate(yaml.safe_load(text))


def fold_name(name: str) -> str:
    """Fold a column name for comparison: no diacritics, capitals, only letters and digits."""
    decomposed = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D").replace("Ð", "D"))
    return "".join(char for char in decomposed if char.isascii() and char.isalnum()).upper()


def map_columns(layer: str, names: Sequence[str], *, table_columns: Iterable[str] = (), profile: str | None = None) -> ColumnPlan:
    """Decide where each column of a file goes.

    Args:
        layer: public name of the layer.
        names: the columns of the file.
        table_columns: columns of the layer's table that a file may fill under their own names.
        profile: name of a profile in the alias table, or None.

    Raises:
        InvalidInput: no such profile.
    """
    meanings = _meanings(layer, tuple(table_columns), profile)
    served: dict[str, list[tuple[int, str]]] = {}
    personal: dict[str, str] = {}
    known: set[str] = set()
    issues: list[Issue] = []
    for name in names:
        meaning = _find_meaning(name, meanings)
        if meaning is None:
            continue
        known.add(name)
        if meaning.truncated:
            issues.append(Issue(IssueCode.COLUMN_TRUNCATED, column=name, detail=meaning.target))
        if meaning.personal:
            personal[name] = meaning.target
        else:
            served.setdefault(meaning.target, []).append((meaning.rank, name))
    is_own = set(names) >= _EVERY_EXPORT
    public = {target: min(candidates)[1] for target, candidates in served.items()}
    computed = _take_computed(layer, public, is_own=is_own)
    unmapped = tuple(name for name in names if name not in personal and name not in (*public.values(), *computed))
    issues += [Issue(IssueCode.COLUMN_COMPUTED, column=name) for name in computed]
    issues += [Issue(IssueCode.COLUMN_PERSONAL, column=name, detail=target) for name, target in personal.items()]
    issues += [Issue(IssueCode.COLUMN_SHADOWED if name in known else IssueCode.COLUMN_UNMAPPED, column=name) for name in unmapped]
    missing = tuple(target for target in required_columns(layer) if target not in public)
    return ColumnPlan(public, personal, unmapped, computed, is_own, missing, tuple(issues))


def _take_computed(layer: str, public: dict[str, str], *, is_own: bool) -> tuple[str, ...]:
    """Take out of the plan what the loader gives itself; of its own export it knows the ids, and believes the codes."""
    aliases = alias_table().layers.get(layer, LayerAliases())
    taken = [public.pop(target) for target in aliases.computed if target in public and not (is_own and target == "code")]
    return (*taken, "id") if is_own else tuple(taken)


def required_columns(layer: str) -> tuple[str, ...]:
    """Give the targets without which a file of the layer makes no sense."""
    aliases = alias_table().layers.get(layer)
    return aliases.required if aliases else ()


def require_columns(plan: ColumnPlan, file_name: str, layer: str) -> None:
    """Refuse a file that lacks a required column.

    Raises:
        UnreadableFile: says which, and under which names it is looked for.
    """
    if not plan.missing:
        return
    columns = alias_table().every_layer | alias_table().layers[layer].columns
    looked_for = "; ".join(f"{target}: {', '.join(columns[target])}" for target in plan.missing)
    raise UnreadableFile(
        f"'{file_name}' is no file of {layer}: it lacks {' and '.join(plan.missing)}. Names looked for: {looked_for}. "
        "If the column has another name, add it to ingest/aliases.yaml."
    )


@dataclass(frozen=True)
class _Meaning:
    """What one alias says: its target, its place in the list, and how it was met."""

    alias: str
    target: str
    rank: int
    personal: bool
    truncated: bool = False


@cache
def _meanings(layer: str, table_columns: tuple[str, ...], profile: str | None) -> dict[str, _Meaning]:
    """Give folded alias -> meaning. What comes first wins: profile, layer, personal, every layer, own names."""
    found: dict[str, _Meaning] = {}
    for aliases, is_personal in _alias_lists(layer, table_columns, profile):
        for target, names in aliases.items():
            for rank, alias in enumerate(names):
                folded = fold_name(alias)
                found.setdefault(folded, _Meaning(folded, target, rank, is_personal))
    return found


def _alias_lists(
    layer: str, table_columns: tuple[str, ...], profile: str | None
) -> Iterator[tuple[Mapping[str, Sequence[str]], bool]]:
    table = alias_table()
    if profile is not None:
        if profile not in table.profiles:
            raise InvalidInput(f"There is no profile '{profile}'. Profiles: {', '.join(table.profiles)}.")
        special = table.profiles[profile].layers.get(layer, LayerAliases())
        yield special.columns, False
        yield special.personal, True
    own = table.layers.get(layer, LayerAliases())
    yield own.columns, False
    yield own.personal, True
    yield table.personal_in_every_layer, True
    fillable = set(table_columns)
    yield {target: names for target, names in table.every_layer.items() if not fillable or target in fillable}, False
    yield {name: (name,) for name in table_columns}, False


def _find_meaning(name: str, meanings: Mapping[str, _Meaning]) -> _Meaning | None:
    folded = fold_name(name)
    if folded in meanings:
        return meanings[folded]
    if len(name.encode()) != _DBF_NAME_LENGTH:
        return None
    longer = [meaning for alias, meaning in meanings.items() if alias.startswith(folded)]
    if not longer:
        return None
    nearest = min(longer, key=lambda meaning: len(meaning.alias))
    return _Meaning(nearest.alias, nearest.target, nearest.rank, nearest.personal, truncated=True)
