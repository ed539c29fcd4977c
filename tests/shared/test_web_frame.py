"""The frame's manners over HTTP: who may see a page, which forms are taken, and what the browser is told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.web.session import local_path
from tests.shared.frame_app import small_app

HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=small_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kapok.test", headers=HTML) as client:
        yield client


async def _token(browser: httpx.AsyncClient, path: str = "/login") -> str:
    found = re.search(r'name="form_token" value="(\w+)"', (await browser.get(path)).text)
    assert found is not None
    return found[1]


async def _log_in(browser: httpx.AsyncClient, client: str, following: str = "") -> httpx.Response:
    return await browser.post("/login", data={"form_token": await _token(browser), "demo": client, "next": following})


async def test_who_is_not_logged_in_is_sent_to_the_log_in_and_back(browser: httpx.AsyncClient) -> None:
    sent = await browser.get("/intake/desk?q=1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fintake%2Fdesk%3Fq%3D1")
    back = await _log_in(browser, "operator", "/intake/desk?q=1")
    assert (back.status_code, back.headers["location"]) == (303, "/intake/desk?q=1")
    assert (await browser.get("/intake/desk?q=1")).status_code == 200


async def test_a_log_in_without_a_wish_leads_to_the_first_page_of_the_role(browser: httpx.AsyncClient) -> None:
    assert (await _log_in(browser, "finance")).headers["location"] == "/disbursement/desk"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: httpx.AsyncClient) -> None:
    cookie = (await _log_in(browser, "ops")).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie


async def test_over_https_the_session_cookie_is_secure() -> None:
    transport = httpx.ASGITransport(app=small_app())
    async with httpx.AsyncClient(transport=transport, base_url="https://kapok.test", headers=HTML) as browser:
        assert "Secure" in (await _log_in(browser, "ops")).headers["set-cookie"]


async def test_who_lacks_the_role_gets_a_plain_page(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "operator")
    refused = await browser.get("/ops")
    assert (refused.status_code, refused.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "您没有权限做这件事" in refused.text


async def test_a_wrong_secret_is_said_and_the_name_is_kept(browser: httpx.AsyncClient) -> None:
    data = {"form_token": await _token(browser), "client_id": "operator", "client_secret": "wrong"}
    answer = await browser.post("/login", data=data)
    assert answer.status_code == 403
    assert 'href="#client_id"' in answer.text
    assert 'value="operator"' in answer.text
    assert "wrong" not in answer.headers.get("set-cookie", "")


async def test_outside_the_demo_no_demo_client_is_let_in() -> None:
    transport = httpx.ASGITransport(app=small_app(demo=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://kapok.test", headers=HTML) as browser:
        assert 'name="demo"' not in (await browser.get("/login")).text
        assert (await _log_in(browser, "ops")).status_code == 403


async def test_a_form_from_elsewhere_is_refused(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "operator")
    for token in ("", "0" * 64):
        refused = await browser.post("/intake/desk", data={"form_token": token, "name": "x"})
        assert refused.status_code == 403
        assert "表单没有被接受" in refused.text


async def test_a_form_of_another_person_is_refused(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "operator")
    token = await _token(browser, "/intake/desk")
    other = {"form_token": await _token(browser), "client_id": "operator-2", "client_secret": "demo"}
    assert (await browser.post("/login", data=other)).status_code == 303
    assert (await browser.post("/intake/desk", data={"form_token": token})).status_code == 403


async def test_a_form_of_ours_is_read(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "operator")
    data = {"form_token": await _token(browser, "/intake/desk"), "name": "x", "needs": ["a", "b"]}
    told = (await browser.post("/intake/desk", data=data)).json()
    assert told == {"form": {"name": "x", "needs": "b"}, "needs": ["a", "b"]}


async def test_a_form_sent_after_the_session_says_how_to_save_it(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "operator")
    data = {"form_token": await _token(browser, "/intake/desk"), "name": "x"}
    browser.cookies.delete("kapok_session")
    late = await browser.post("/intake/desk", data=data)
    assert late.status_code == 401
    assert "没有丢失" in late.text
    await _log_in(browser, "operator")
    assert (await browser.post("/intake/desk", data=data)).status_code == 200


async def test_log_out_forgets(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "ops")
    assert (await browser.post("/logout", data={"form_token": await _token(browser, "/help")})).status_code == 303
    assert (await browser.get("/ops")).status_code == 303


async def test_a_page_lets_nothing_in_and_is_kept_nowhere(browser: httpx.AsyncClient) -> None:
    headers = (await browser.get("/")).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert (headers["cache-control"], headers["x-content-type-options"], headers["referrer-policy"]) == (
        "no-store",
        "nosniff",
        "same-origin",
    )


async def test_files_of_the_frame_are_kept_by_their_mark(browser: httpx.AsyncClient) -> None:
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', (await browser.get("/")).text)
    assert len(found) >= 4
    for address in found:
        file = await browser.get(address)
        assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


async def test_the_chosen_language_stays_and_the_way_back_is_ours(browser: httpx.AsyncClient) -> None:
    changed = await browser.get("/language/en?back=%2Fhelp%3Fa%3D1")
    assert changed.headers["location"] == "/help?a=1"
    assert '<html lang="en">' in (await browser.get("/help")).text
    assert (await browser.get("/language/en?back=//evil.example")).headers["location"] == "/"
    assert (await browser.get("/language/xx")).status_code == 404


async def test_what_stands_fixed_in_a_template_follows_the_language_of_each_reader(browser: httpx.AsyncClient) -> None:
    assert "2026年11月23日" in (await browser.get("/gallery")).text
    english = (await browser.get("/gallery", headers={"accept-language": "en-GB"})).text
    assert "23 November 2026" in english
    assert "2026年" not in english


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\nb", "", None])
def test_a_path_that_leads_elsewhere_is_not_followed(path: str | None) -> None:
    assert local_path(path) == "/"


async def test_browsers_read_refusals_in_words_and_clients_as_problems(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/intake/oven")
    assert (page.status_code, page.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert "The oven is cold." in page.text
    problem = await browser.get("/intake/oven", headers={"accept": "application/json"})
    assert problem.headers["content-type"] == "application/problem+json"
    assert "系统出了问题" in (await browser.get("/intake/broken")).text


async def test_ops_see_what_waits_and_auditors_may_not_touch_it(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "auditor")
    seen = (await browser.get("/ops")).text
    assert "Malformed: facts.age" in seen
    assert "/redrive" not in seen
    await _log_in(browser, "ops")
    assert "/ops/parked/matching-1/redrive" in (await browser.get("/ops")).text
    token = await _token(browser, "/ops")
    failed = await browser.post("/ops/parked/matching-1/redrive", data={"form_token": token})
    assert failed.status_code == 409
    assert "继续停放" in failed.text


async def test_ops_set_a_message_aside_with_a_reason_and_a_wrong_one_comes_back_at_its_field(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "auditor")
    assert "/set-aside" not in (await browser.get("/ops")).text
    await _log_in(browser, "ops")
    where, said = "/ops/parked/matching-1/set-aside", browser._transport.app.state.ops  # type: ignore[attr-defined]
    assert f'action="{where}"' in (await browser.get("/ops")).text
    assert (await browser.post(where, data={"why": "no form of ours"})).status_code == 403
    token = await _token(browser, "/ops")
    for wrong in (" <x ", "x" * 501, "a\0b" * 9):
        told = await browser.post(where, data={"form_token": token, "why": wrong})
        assert told.status_code == 422
        assert '<a href="#why-matching-1">' in told.text
        assert "<details open>" in told.text
        assert 'aria-describedby="why-matching-1-hint why-matching-1-error" aria-invalid="true"' in told.text
    assert "&lt;x" in (await browser.post(where, data={"form_token": token, "why": " <x "})).text
    assert said.why == ""
    done = await browser.post(where, data={"form_token": token, "why": " nobody knows version 9 "})
    assert (done.status_code, done.headers["location"], said.why) == (303, "/ops?said=set_aside_done&count=1", "nobody knows version 9")
    assert "这条消息不再处理" in (await browser.get(done.headers["location"])).text


async def test_ops_see_deadlines_and_calls_that_fail(browser: httpx.AsyncClient) -> None:
    await _log_in(browser, "auditor")
    seen = (await browser.get("/ops")).text
    assert re.findall(r"失败 \d+ 次", seen) == ["失败 3 次"]
    assert "ReadTimeout" in seen
