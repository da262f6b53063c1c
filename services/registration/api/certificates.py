"""Routes of certificates: families and navigators fetch one, and strangers verify it without a token."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from services.registration.answers.certificates import VerifiedView
from services.registration.certificate_numbers import CertificateNumbers
from services.registration.files import certificate, verified_page
from services.registration.reads import Reads
from shared.base.errors import BadInput, NotFound
from shared.base.side_thread import LIGHT, aside
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import admit
from shared.http.downloads import Picture, Printout, file_of, named
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.http.spoken import Spoken, fields
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Holder = Annotated[Principal, admit("navigator", "guardian", "pupil")]
"""Whose certificate it is, and who hands it over: operators have no use for it."""
Form = Annotated[Literal["pdf", "png"], Query(description="a page to be printed, or a picture")]
Number = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,200}$", description="The number of a certificate, as its QR code has it.")
]
ONE = "/certificates/{number}"
MOST_ADDRESS = 300
"""Characters of the address under which strangers verify: a QR code has no more room."""


def routes(reads: Reads, numbers: CertificateNumbers, clock: Clock, public_url: str) -> APIRouter:
    """Returns the routes of certificates; `public_url` is the address under which strangers reach them, if any."""
    router = router_of("registration")
    _add_file(router, reads, numbers, clock, public_url)
    _add_verification(router, reads, numbers)
    return router


def _add_file(router: APIRouter, reads: Reads, numbers: CertificateNumbers, clock: Clock, public_url: str) -> None:
    @router.get(
        "/participants/{participant}/certificate",
        response_class=Printout,
        responses=file_of(Printout, {404: ["not-found"], 409: ["not-recommended"]}, Picture),
    )
    async def fetch_certificate(
        who: Holder, participant: Id, season: SeasonCode, request: Request, language: Spoken, format: Form = "pdf"
    ) -> Response:
        """The certificate («билет») of a pupil's recommendation in force, with a QR code by which it is verified."""
        address = public_url or str(request.base_url)
        if len(address) > MOST_ADDRESS:
            raise BadInput("the host that was asked is no address to which a QR code can lead")
        page = address.rstrip("/") + f"{router.prefix}{ONE}/page"
        shown = await reads.certificates(who).certificate(participant, season, numbers, page)
        if format == "png":
            content = await aside(partial(certificate.png, shown, language), LIGHT, rests=True)
            return named(Picture, content, f"certificate-{season}.png")
        content = await aside(partial(certificate.pdf, shown, language, clock()), LIGHT, rests=True)
        return named(Printout, content, f"certificate-{season}.pdf")


def _add_verification(router: APIRouter, reads: Reads, numbers: CertificateNumbers) -> None:
    @router.get(ONE, responses=problems({404: ["not-found"], 429: ["quota-exceeded"]}))
    async def verify_certificate(number: Number, request: Request, response: Response) -> VerifiedView:
        """A certificate as its number says it, without a token: initials, and whether it still holds.

        Nothing is left of one after an erasure. Who asks is counted by address, as whoever has no valid token.
        """
        await request.app.state.limits.refuse(request.scope)
        response.headers["Cache-Control"] = "no-store"  # it may be withdrawn, or erased, at any time
        return await reads.verifications.verified(number, numbers)

    @router.get(f"{ONE}/page", include_in_schema=False)
    async def verification_page(number: Number, request: Request, language: Spoken) -> Response:
        """The same as a page in the reader's language: the QR code leads there."""
        await request.app.state.limits.refuse(request.scope)
        try:
            found, status = await reads.verifications.verified(number, numbers), 200
        except NotFound:
            found, status = None, 404
        headers = {**verified_page.HEADERS, **fields(language)}
        return Response(verified_page.page(found, language), status, headers, "text/html")
