"""The one tree of errors. Each message says what is wrong, with which value, and what to do; HTTP maps them in one table."""

from typing import Any


class DothiError(Exception):
    """Anything that dothi refuses or cannot do; its text is a sentence for the person who asked.

    Args:
        message: the sentence in English, for the terminal, the log and readers who ask for English.
        vi: the same sentence in Vietnamese, where the error can reach a citizen; without it the English one is shown.
    """

    def __init__(self, message: str = "", *, vi: str | None = None) -> None:
        super().__init__(message)
        self.vi = vi


class InvalidInput(DothiError):
    """The request or the option is wrong as it stands; repeating it will not help."""


class UnknownParameter(InvalidInput):
    """A parameter that the resource does not have."""


class FilterSyntaxError(InvalidInput):
    """A CQL2 filter that does not parse or does not fit the layer."""


class Ambiguous(InvalidInput):
    """What was named fits several things.

    Args:
        message, vi: as in `DothiError`.
        candidates: what may have been meant, each with a `label` and what asks for exactly this one.
    """

    def __init__(self, message: str, *, vi: str, candidates: list[dict[str, Any]]) -> None:
        super().__init__(message, vi=vi)
        self.candidates = candidates


class NotFound(DothiError):
    """What was named does not exist (now, or at the time asked for)."""


class NotAcceptable(DothiError):
    """No representation of the kind asked for."""


class Forbidden(DothiError):
    """The role behind the request has no right to this."""


class Conflict(DothiError):
    """Somebody else is doing this now, or the state has moved on."""


class Unavailable(DothiError):
    """The database or another part does not answer; trying again later may help."""


class TooManyRequests(DothiError):
    """A client asks for more than its share.

    Args:
        message, vi: as in `DothiError`.
        seconds: when it may ask again.
    """

    def __init__(self, message: str, *, vi: str, seconds: int) -> None:
        super().__init__(message, vi=vi)
        self.seconds = seconds


class UnreadableFile(InvalidInput):
    """A file that cannot be understood: truncated, not what its name says, unsafe."""


class UnknownCrs(InvalidInput):
    """No coordinate system is given, and none fits."""


class SetupError(DothiError):
    """Something that the machine lacks; the message says exactly what to install or set."""
