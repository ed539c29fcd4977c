"""A page that grows while something is done: each step as it comes, the end once, and whoever leaves ends what was done for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import cast

from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.web.frame import Page

SHOWN = HTMLResponse("<main><ol><!--so far--></ol></main>")


def page() -> Page:
    return Page(Request({"type": "http", "headers": []}), None)


async def test_each_step_is_told_as_it_comes_and_then_the_end() -> None:
    async def steps() -> AsyncGenerator[tuple[int, str]]:
        yield 40, "a < b"
        yield 140, "c"

    told = [piece async for piece in page().growing(SHOWN, steps(), lambda: "<p>end</p>").body_iterator]
    assert told == [
        "<main><ol>", '<li><progress max="100" value="40"></progress> a &lt; b</li>\n', '<li><progress max="100" value="100"></progress> c</li>\n',
        "</ol><p>end</p></main>",
    ]  # fmt: skip


async def test_whoever_leaves_ends_what_was_done_for_them_at_once() -> None:
    ended: list[bool] = []

    async def steps() -> AsyncGenerator[tuple[int, str]]:
        try:
            while True:
                yield 1, "on"
        finally:
            ended.append(True)

    body = cast("AsyncGenerator[str]", page().growing(SHOWN, steps(), str).body_iterator)
    assert [await anext(body) for _ in range(2)][1].startswith("<li>")
    await body.aclose()
    assert ended == [True]
