"""The page on which a stranger verifies a certificate: plain HTML without a script. Pure."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from html import escape

from services.registration.answers.certificates import VerifiedView
from services.registration.texts.certificates import WORDS
from shared.base.languages import Language

STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#192b4d;"
    "background:#fff}h1{font-size:1.3rem}p.state{font-size:1.5rem;font-weight:600}dt{color:#4a5876}dd{margin:0 0 .7rem}"
)
_DIGEST = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


def page(found: VerifiedView | None, language: Language) -> str:
    """Returns the page of a certificate, or of a number that none has."""
    words = WORDS[language]
    state = words.unknown if found is None else words.states[found.state]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(words.page)}</title><style>{STYLE}</style></head><body><main><h1>{escape(words.page)}</h1>"
        f'<p class="state">{escape(state)}</p>{"" if found is None else _told(found, language)}</main></body></html>'
    )


def _told(found: VerifiedView, language: Language) -> str:
    words = WORDS[language]
    season = words.season.format(season=found.season_name or found.season)
    dated = words.dated.format(day=f"{found.issued_at:%d.%m.%Y}", revision=found.revision)
    advised = "".join(f"<dd>{escape(name)}</dd>" for name in found.competencies)
    return (
        f"<dl><dt>{escape(words.initials)}</dt><dd>{escape(found.initials)}</dd></dl>"
        f"<p>{escape(season)}</p><p>{escape(dated)}</p>"
        + (f"<dl><dt>{escape(words.advised)}</dt>{advised}</dl>" if advised else "")
    )
