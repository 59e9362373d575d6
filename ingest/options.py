"""What a person may ask of a load: the options of `dothi load`, checked and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any


class CompleteFor(StrEnum):
    """Of what the file is the complete list: rows there that the file lacks end."""

    SHEET = "sheet"
    COMMUNE = "commune"


@dataclass(frozen=True)
class LoadOptions:
    """The options of one load.

    Attributes:
        valid_from: the legal date from which the file's rows are in force; None: corrections of what is in force today.
        complete_for: of what the file is complete; None: rows that it lacks stay as they are.
        srid: EPSG code of the file's coordinates, where a person knows better than the file.
        commune: code of the commune of all rows, where the file names none.
        profile: name of a profile of the alias table.
        source: code of a row of `ingest.source`.
        values: column -> text, for columns of the layer that the file does not have.
        file_layer: which layer of a file with several.
        dry_run: do everything, report, and take it back.
        below: the folder from which the books name the files; None: each by its own name.
    """

    valid_from: date | None = None
    complete_for: CompleteFor | None = None
    srid: int | None = None
    commune: str | None = None
    profile: str | None = None
    source: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    file_layer: str | None = None
    dry_run: bool = False
    below: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the options that were set, for the batch's row."""
        given: dict[str, Any] = {
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "complete_for": self.complete_for,
            "srid": self.srid,
            "commune": self.commune,
            "profile": self.profile,
            "values": dict(self.values) or None,
            "file_layer": self.file_layer,
        }
        return {name: value for name, value in given.items() if value is not None}
