"""Asks a server whether it is well, over HTTP."""

import aiohttp


async def complaint(http: aiohttp.ClientSession, url: str) -> str:
    """Says why what answers there is not well; empty when it is."""
    try:
        async with http.get(url) as answer:
            return "" if answer.status == 200 else f"{url} says {answer.status} {(await answer.text())[:500]}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"{url} does not answer: {str(error) or type(error).__name__}"
