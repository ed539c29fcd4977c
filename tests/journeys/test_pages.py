"""A visitor walks through the running city in a real browser: a call becomes a payout, and every page on the way is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.visitors import FUND, LANGUAGES, PERSON, STORY, City, Language, Visitor, lived_in, open_city, settle, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_REPORTS = "#flow tbody tr:nth-child(2) td:nth-child(2)"


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("city")) as opened:
        yield opened


async def _fills_in(operator: Visitor, id_number: str) -> None:
    """The desk's form by keyboard alone, as far as a short call tells."""
    await operator.opens("/intake/desk")
    await operator.types("#narrative", STORY)
    for field in ("name", "phone", "id_number", "address"):
        await operator.types(f"#{field}", id_number if field == "id_number" else PERSON[field])
        if field == "id_number":
            await operator.tabs_to("#residence_code")
            for _ in range(4):
                await operator.page.keyboard.press("ArrowDown")
    await operator.presses("[name=needs][value=housing]")
    await operator.presses("[name=consent]")
    await operator.tabs_to("[name=contact_by]")
    await operator.page.keyboard.press("ArrowDown")
    await operator.page.keyboard.press("Control+Enter")


async def _mends(operator: Visitor) -> None:
    """What is wrong is named with its rule and has the focus; nothing that was typed is lost; one key leads to the field."""
    page = operator.page
    summary = page.locator("[data-errors]")
    await expect(summary).to_be_focused()
    await expect(summary).to_contain_text("身份证号码的最后一位与前 17 位对不上")
    await expect(page.locator("#id_number-error")).to_contain_text("身份证号码")
    for selector, kept in (("#narrative", STORY), ("#name", PERSON["name"]), ("#phone", PERSON["phone"]), ("#residence_code", "440106")):
        await expect(page.locator(selector)).to_have_value(kept)
    for chosen in ("[value=housing]", "[name=consent][value=yes]", "[name=contact_by][value=sms]"):
        await expect(page.locator(chosen)).to_be_checked()
    await operator.looks("desk-wrong", person=True)
    await operator.presses("[data-errors] a", "Enter")
    await expect(page.locator("#id_number")).to_be_focused()
    await operator.types("#id_number", PERSON["id_number"])
    await page.keyboard.press("Control+Enter")


async def _takes_the_call(operator: Visitor) -> str:
    """From the desk to the case with its clock and tasks; without a mouse."""
    operator.eyes.watch.allowed.append("422")
    page = operator.page
    await operator.is_now("operator")
    await _fills_in(operator, PERSON["id_number"][:-1] + "9")
    await _mends(operator)
    await page.wait_for_url("**saved=*")
    case = page.url.partition("saved=")[2]
    await expect(page.locator(f'tr[data-row] a[href$="{case}"]')).to_have_count(1)
    await operator.presses(".notice a", "Enter")
    await page.wait_for_url(f"**/intake/cases/{case}")
    await expect(page.locator("main")).to_contain_text("首次联系期限")
    await operator.presses("li form:has([value=first_contact]) button", "Enter")
    await expect(page.locator("[role=status]")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("欧***")
    await operator.looks("case", "rice_10kg")
    await operator.types("#reason", "回电")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text(PERSON["name"])
    assert "the person's name" in await operator.faults(), "the eyes would not notice a name"
    return case


async def _answers(charity: Visitor) -> None:
    """One offer is accepted with money, first without saying from where; the other is declined with a reason."""
    page = charity.page
    await charity.is_now("charity-gzcs")
    await charity.waits_for("/matching/inbox", "article + article")
    wish = page.locator("article", has_text="养老照护")
    gives = wish.locator("form", has=page.locator("[name=kind][value=cash]"))
    await wish.locator("summary", has_text="给予款项").click()
    await gives.locator("[name=yuan]").fill("2,400")
    await gives.locator("button").click()
    await expect(page.locator("[data-errors]")).to_contain_text("基金")
    await expect(gives.locator("[name=yuan]")).to_have_value("2,400")
    await charity.looks("inbox-wrong", "rain-2026", "rice_10kg")
    await page.locator("[data-errors] a").click()
    await expect(gives.locator("[name=fund_id]")).to_be_focused()
    await gives.locator("[name=fund_id]").fill(FUND)
    await gives.locator("button").click()
    await expect(page.locator("[role=status]")).to_contain_text("已接受")
    await expect(page.locator("main")).to_contain_text("2,400.00 元")
    story = await page.get_by_text("个案经过").get_attribute("href")
    assert (await page.request.get(f"{charity.city.at}{story}")).status == 200
    reach = wish.locator("button[value=reach]")
    await expect(page.locator("main")).not_to_contain_text(PERSON["phone"])
    charity.eyes.watch.allowed.append("409")
    for _ in range(20):  # intake hears of the acceptance in its own time
        await reach.click()
        if await wish.locator("[role=status]").count():
            break
    await expect(wish.locator("[role=status]")).to_contain_text(PERSON["phone"])
    await charity.looks("inbox-reached", "rain-2026", "rice_10kg", person=True)
    await page.goto(f"{charity.city.at}/matching/inbox")
    await expect(page.locator("main")).not_to_contain_text(PERSON["phone"])
    roof = page.locator("article", has_text="住房")
    await roof.locator("summary", has_text="谢绝").click()
    await roof.locator("[name=reason]").select_option("no_capacity")
    await roof.locator("button[value=decline]").click()
    await expect(page.locator("[role=status]")).to_contain_text("已谢绝")


async def _approve(payers: Visitor) -> str:
    """Two different people, and not the same one twice; then the bank pays."""
    page = payers.page
    payers.eyes.watch.allowed.append("409")
    await payers.is_now("finance")
    await payers.waits_for("/disbursement/desk", "tbody tr")
    await expect(page.locator("input[name=id]")).to_have_count(0)
    await payers.is_now("approver")
    await page.locator("input[name=id]").check()
    await page.locator("main button[type=submit]").click()
    await expect(page.locator("form[action='/disbursement/desk'] tbody")).to_contain_text("1 / 2")
    await page.locator("form[action='/disbursement/desk'] tbody a[href*='/payouts/']").click()
    await page.wait_for_url("**/payouts/*")
    payout = page.url.rpartition("/")[2]
    await page.locator("button[value=approve]").click()
    await expect(page.locator("[data-errors]")).to_contain_text("不同的人")
    await payers.looks("payout-refused")
    await payers.is_now("approver-2")
    await payers.opens(f"/disbursement/payouts/{payout}")
    await page.locator("button[value=approve]").click()
    await expect(page.locator("[role=status]")).to_be_visible()
    await payers.waits_for(f"/disbursement/payouts/{payout}", "h1 :text('已付款')")
    return payout


async def _follows(operator: Visitor, case: str, payout: str) -> None:
    """The case leads to its payout, whose receipt is confirmed, and to the story that four services tell."""
    page = operator.page
    await operator.is_now("operator")
    await operator.waits_for(f"/intake/cases/{case}", f'a[href="/disbursement/payouts/{payout}"]')
    await page.locator(f'a[href="/disbursement/payouts/{payout}"]').click()
    await page.locator("button[value=received]").click()
    await expect(page.locator("h1")).to_contain_text("已收到")
    await operator.waits_for(f"/notifications/cases/{case}", ":text('本人确认收到')")
    told = " ".join(await page.locator(".timeline-by").all_inner_texts())
    assert [service for service in ("受理", "匹配", "拨付", "通知") if service not in told] == []


@pytest.mark.timeout(120)
async def test_a_call_becomes_a_payout_under_everybodys_eyes(browser: Browser, city: City) -> None:
    async with visiting(browser, city) as anybody, visiting(browser, city) as staff:
        await anybody.opens("/")
        before = int(await anybody.page.locator(_REPORTS).inner_text())
        case = await _takes_the_call(staff)
        await expect(anybody.page.locator(_REPORTS)).to_have_text(str(before + 1), timeout=15_000)
        await _answers(staff)
        payout = await _approve(staff)
        await _follows(staff, case, payout)
        await anybody.opens("/disbursement/public")
        await expect(anybody.page.locator("main")).to_contain_text("2,400.00")
        await anybody.opens("/intake/progress")
        await anybody.page.fill("#case_id", case)
        await anybody.page.fill("#last_four", PERSON["id_number"][-4:])
        await anybody.page.keyboard.press("Enter")
        await expect(anybody.page.locator("main")).to_contain_text("2,400.00 元")
        await anybody.looks("progress-paid")
        await staff.is_now("ops")
        await expect(staff.page.locator("main")).to_contain_text("没有停放的消息")


async def _takes_half_a_call(operator: Visitor) -> str:
    """A mother in hospital: what it costs and whether she can pay is not told yet."""
    page = operator.page
    await operator.is_now("operator")
    await operator.opens("/intake/desk")
    await operator.types("#narrative", "妈妈得了尿毒症在住院")
    for field, told in (
        ("name", "欧阳春花"),
        ("phone", "13922233344"),
        ("account_bank", "工商银行"),
        ("account_number", "6222020000000000000"),
    ):
        await operator.types(f"#{field}", told)
    await operator.presses("#serious_illness")
    await operator.presses("[name=consent]")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**saved=*")
    return page.url.partition("saved=")[2]


async def _adds_what_is_missing(operator: Visitor, case: str) -> None:
    """The task leads to its form; a wrong sum is named and kept; what nobody knows is left out."""
    page = operator.page
    operator.eyes.watch.allowed.append("422")
    await operator.waits_for(f"/intake/cases/{case}", "#missing")
    await operator.looks("case-missing")
    await operator.presses("a[href='#missing']", "Enter")
    await operator.types("#fact_medical_self_paid_year_fen", "27800.505")
    await operator.presses("#fact_cannot_pay")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-errors]")).to_be_focused()
    await operator.looks("case-missing-wrong")
    await expect(page.locator("#fact_cannot_pay")).to_be_checked()
    await operator.presses("[data-errors] a", "Enter")
    await expect(page.locator("#fact_medical_self_paid_year_fen")).to_be_focused()
    await operator.types("#fact_medical_self_paid_year_fen", "27,800.50")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[role=status]")).to_contain_text("已保存")
    await operator.looks("case-added")


async def _gives_the_programmes_money(station: Visitor) -> None:
    """Neither government nor charity: only a consent that names social-work stations brings the case here."""
    page = station.page
    await station.is_now("charity-yuexiu-sws")
    await station.waits_for("/matching/inbox", "article")
    money = page.locator("article", has_text="医疗").locator("details", has=page.locator("[name=yuan]"))
    await money.locator("summary").click()
    await money.locator("[name=yuan]").fill("2,400")
    await money.locator("[name=fund_id]").fill(FUND)
    await money.locator("button[value=accept]").click()
    await expect(page.locator("[role=status]")).to_contain_text("已接受")


@pytest.mark.timeout(120)
async def test_what_a_call_left_out_is_added_and_paid_for_by_pages_alone(browser: Browser, city: City) -> None:
    async with visiting(browser, city) as staff, visiting(browser, city, "en") as colleague:
        case = await _takes_half_a_call(staff)
        await colleague.is_now("operator")
        await colleague.waits_for(f"/intake/cases/{case}", "#missing")
        await colleague.looks("case-missing")
        await _adds_what_is_missing(staff, case)
        await _gives_the_programmes_money(staff)
        payout = await _approve(staff)
        await staff.is_now("operator")
        await staff.waits_for(f"/intake/cases/{case}", f'a[href="/disbursement/payouts/{payout}"]')
        await expect(staff.page.locator("#missing")).to_have_count(0)
        await staff.page.locator("summary", has_text="撤回同意").click()
        await staff.looks("case-paid-consent")


@pytest.fixture(scope="module")
async def lived(city: City) -> tuple[str, str]:
    """A case and its payout, paid and confirmed; a second case whose payout and offer wait."""
    case, payout = await lived_in(city)
    await settle(city, case, payout)
    await lived_in(city)
    return case, payout


async def _public_pages(visitor: Visitor) -> None:
    for name, path, codes in (
        ("home", "/", ()), ("login", "/login", ("charity-", "demo")), ("progress", "/intake/progress", ()), ("apply", "/intake/apply", ()),
        ("public", "/disbursement/public", ()), ("programmes", "/matching/programmes", ()),
    ):  # fmt: skip
        await visitor.opens(path)
        if path == "/":
            await visitor.page.wait_for_selector("#flow")
        await visitor.looks(name, *codes)


async def _pages_of_work(visitor: Visitor, case: str, payout: str) -> None:
    for client, pages in {
        "operator": {"desk": "/intake/desk", "case-paid": f"/intake/cases/{case}", "assessment": f"/matching/cases/{case}",
                     "story-told": f"/notifications/cases/{case}"},
        "caseworker": {"visits": "/intake/visits", "directory": "/matching/directory"},
        "charity-tianhe-sws": {"inbox": "/matching/inbox"},
        "approver": {"payments": "/disbursement/desk", "payout": f"/disbursement/payouts/{payout}"},
        "finance": {"funds": "/disbursement/funds", "home-finance": "/"},
        "ops": {"ops": "/ops"},
    }.items():  # fmt: skip
        await visitor.is_now(client)
        for name, path in pages.items():
            await visitor.opens(path)
            await visitor.looks(name, "rain-2026", "rice_10kg")


async def _pages_that_answer(visitor: Visitor) -> None:
    """The desk's judgement of a call by somebody who is known already; a subscription with its secret; a page that may not be seen."""
    page = visitor.page
    await visitor.is_now("operator")
    await visitor.opens("/intake/desk")
    await page.fill("#narrative", "家里没钱交住院费" if visitor.language == "zh" else "in hospital and cannot pay")
    await page.fill("#phone", PERSON["phone"])
    await expect(page.locator("#judged mark").first).to_be_visible()
    await expect(page.locator("#judged a").first).to_be_visible()
    await visitor.looks("desk-judged", person=True)
    await page.locator("button[value=check]").click()
    await visitor.looks("desk-checked", person=True)
    visitor.eyes.watch.allowed.append("403")
    await visitor.opens("/ops")
    await visitor.looks("forbidden")
    await visitor.is_now("charity-tianhe-sws")
    await visitor.opens("/notifications/subscriptions")
    await page.fill("#url", "https://127.0.0.1:9/kapok")
    await page.locator("main form button").click()
    await visitor.looks("secret", "Standard", "Webhooks")
    await page.locator("main a.button").click()
    await visitor.looks("subscription")
    await visitor.opens("/notifications/subscriptions")
    await visitor.looks("subscriptions", "https", "POST", "matching.referral_", "matching.referral_*", "medical", "housing")


async def _imports(visitor: Visitor) -> None:
    """A file with one good row and one bad, in the encoding that spreadsheets of the country write."""
    page, words = visitor.page, ("CSV", "NDJSON", "gzip", "zip", "UTF-8", "UTF-16", "GBK")
    rows = (
        "工单编号,渠道,受理时间,姓名,诉求内容\nvisit-1,热线,2026-11-20 09:12,陈大文,没饭吃\nvisit-2,鸽子,2026-11-20 09:12,李小明,没饭吃\n"
    )
    await visitor.is_now("gov")
    await visitor.opens("/intake/import")
    await visitor.looks("import", *words)
    await page.set_input_files("#file", {"name": "cases.csv", "mimeType": "text/csv", "buffer": rows.encode("gbk")})
    await visitor.presses("button[value=import]", "Enter")
    await expect(page.locator("#done")).to_be_visible()
    await expect(page.locator("main tbody tr")).to_have_count(1)
    await expect(page.locator(".so-far li")).to_have_count(1)
    await visitor.looks("imported", *words, "mobile_gov", "data_signal", "ai_call")  # the codes that may stand there


async def _sees_everything(browser: Browser, city: City, lived: tuple[str, str], language: Language) -> None:
    async with visiting(browser, city, language) as visitor:
        await _public_pages(visitor)
        await _pages_of_work(visitor, *lived)
        await _pages_that_answer(visitor)
        await _imports(visitor)


async def test_every_page_speaks_plainly_fits_and_hides_the_person(browser: Browser, city: City, lived: tuple[str, str]) -> None:
    async with asyncio.TaskGroup() as visitors:
        for language in LANGUAGES:
            visitors.create_task(_sees_everything(browser, city, lived, language))


@pytest.mark.parametrize(("language", "other", "title"), [("zh", "English", "Help under way"), ("en", "中文", "广州正在发生的帮助")])
async def test_the_other_language_is_one_click_away_and_stays(
    browser: Browser, city: City, language: Language, other: str, title: str
) -> None:
    async with visiting(browser, city, language) as visitor:
        await visitor.opens("/")
        await visitor.page.get_by_text(other, exact=True).click()
        await expect(visitor.page.locator("h1")).to_contain_text(title)
        await visitor.page.reload()
        await expect(visitor.page.locator("h1")).to_contain_text(title)


async def test_no_signpost_leads_nowhere(browser: Browser, city: City) -> None:
    async with visiting(browser, city) as visitor:
        for client in ("operator", "caseworker", "gov", "charity-gzcs", "finance", "approver", "ops", "auditor", "admin"):
            await visitor.is_now(client)
            ways = await visitor.page.locator("nav.ways a").evaluate_all("all => all.map(a => a.href)")
            assert len(ways) > 2, client
            for way in ways:
                assert (await visitor.page.request.get(way)).status == 200, f"{client}: {way}"
