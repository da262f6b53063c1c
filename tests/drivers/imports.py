"""Files that a test sends to registration, and what becomes of them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.tables.files import MEDIA_TYPES
from tests.drivers.consumers import eventually
from tests.drivers.registration import NAVIGATOR, Registration
from tests.drivers.service import Grants

CSV, XLSX = MEDIA_TYPES
TITLES = ["Ключ", "ФИО", "Дата рождения", "Класс"]
OVER = {"done", "refused", "broken-off"}


@dataclass(frozen=True)
class Sender:
    """Somebody who sends files to a service."""

    running: Registration
    grants: Grants = (NAVIGATOR,)
    subject: str = "staff"

    async def send(self, file: bytes, media_type: str = CSV, **query: str) -> tuple[int, dict[str, Any]]:
        """Status and document of the answer to a file of the season 2020."""
        asked = {"season": "2020", "occurred_at": "2020-09-14T10:00:00+03:00", **query}
        headers = {**self.running.bearer(self.subject, self.grants), "Content-Type": media_type}
        url = f"{self.running.base}/registration/imports"
        async with self.running.http.post(url, params=asked, data=io.BytesIO(file), headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def over(self, file: bytes, media_type: str = CSV, **query: str) -> dict[str, Any]:
        """An import once it is over."""
        status, sent = await self.send(file, media_type, **query)
        assert status == 202, sent
        return await self.ended(sent["id"])

    async def ended(self, id: str, seconds: float = 60.0) -> dict[str, Any]:
        """An import that was sent, once it is over."""
        found: list[dict[str, Any]] = []

        async def over() -> bool:
            _, told = await self.show(id)
            found[:] = [told]
            return told["state"] in OVER

        await eventually(over, seconds)
        return found[0]

    async def show(self, id: str) -> tuple[int, dict[str, Any]]:
        """Status and document of what is told of an import."""
        return await self.running.call("GET", f"/imports/{id}", grants=self.grants, subject=self.subject)

    async def refused(self, id: str, languages: str = "") -> Sequence[str]:
        """The lines of the file of those that were refused, in one of the reader's languages."""
        url = f"{self.running.base}/registration/imports/{id}/refused"
        headers = {**self.running.bearer(self.subject, self.grants), "Accept-Language": languages}
        async with self.running.http.get(url, headers=headers) as answer:
            text = (await answer.read()).decode("utf-8-sig")
            assert answer.status == 200, text
            return text.split("\r\n")[:-1]


def counted(told: Mapping[str, Any]) -> tuple[int, ...]:
    """Lines, created, known, corrected, moved and refused of what is told of an import."""
    return tuple(told[name] for name in ("lines", "created", "known", "corrected", "moved", "refused"))
