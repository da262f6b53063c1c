"""Reads of the templates of consents, open to everyone who has a token."""

from services.registration.answers.templates import TemplatePage, TemplateTextView, TemplateView
from services.registration.collections import CONSENT_TEMPLATES
from services.registration.domain.templates import Template
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.storage.mongo import Mongo

TEMPLATES = Listing("consent-templates", {"_id": str})


class TemplateReads:
    """The templates of all regions."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[CONSENT_TEMPLATES]

    async def page(self, season: str | None, region: str | None, paging: Paging) -> TemplatePage:
        """A page of the templates, of a season or a region where one is named."""
        asked = {"season": season, "region": region}
        query = {name: code for name, code in asked.items() if code is not None}
        rows, onward = await TEMPLATES.page(self._rows, query, paging, asked)
        return TemplatePage(items=[TemplateView.of(Template.of(row)) for row in rows], next=onward)

    async def one(self, season: str, region: str, version: str) -> TemplateTextView:
        """One template with its text; raises NotFound."""
        row = await self._rows.find_one({"season": season, "region": region, "version": version})
        if row is None:
            raise NotFound("no such template")
        return TemplateTextView.whole(Template.of(row))
