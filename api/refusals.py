"""Why a connection is refused or cut off, and what its client is told; `api.protocol` decides when."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from api import problems
from api.negotiation import Language


@dataclass(frozen=True)
class Refusal:
    """Why a connection ends: the limit it broke, and what its client is told where it can be told."""

    limit: str
    kind: problems.Kind | None = None

    def answer(self) -> bytes:
        """Write the whole HTTP answer, in both languages, since the client's may not be known yet."""
        assert self.kind is not None
        vi, en = Language.vi, Language.en
        body = {
            "type": f"/docs/problems#{self.kind.slug}",
            "title": self.kind.title[vi],
            "status": self.kind.status,
            "detail": f"{self.kind.advice[vi]} / {self.kind.title[en]}. {self.kind.advice[en]}",
        }
        content = json.dumps(body, ensure_ascii=False).encode()
        head = [
            f"HTTP/1.1 {self.kind.status} {HTTPStatus(self.kind.status).phrase}",
            f"content-type: {problems.MEDIA_TYPE}",
            f"content-length: {len(content)}",
            "content-language: vi, en",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "connection: close",
            *(["retry-after: 30"] if self.kind.status == HTTPStatus.SERVICE_UNAVAILABLE else []),
        ]
        return "\r\n".join([*head, "", ""]).encode() + content


HEAD_TOO_LARGE = Refusal("header_bytes", problems.HEAD_TOO_LARGE)
HEAD_TOO_SLOW = Refusal("header_seconds", problems.TOO_SLOW)
BODY_TOO_LARGE = Refusal("body_bytes", problems.BODY_TOO_LARGE)
BODY_TOO_SLOW = Refusal("body_seconds", problems.TOO_SLOW)
PIPELINED = Refusal("pipelined", problems.CROWDED)
FULL = Refusal("max_connections", problems.CROWDED)
CROWDED = Refusal("connections_per_address", problems.CROWDED)
MALFORMED = Refusal("malformed", problems.INVALID)
STALLED = Refusal("stall_seconds")
UNSENT = Refusal("unsent_mb")
