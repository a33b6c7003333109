"""The report in a real browser, where there is one: Chromium, driven by Playwright."""

import shutil

import pytest

import report_records as records
from pellucid import report

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)

NAMES = [records.NASTY, "city", "hours", "children"]


@pytest.fixture(scope="module")
def chromium():
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["classes", "numbers", "arrays"])
def address(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    if request.param == "numbers":
        report.write(records.Recorded(records.model_of(1), records.numbers(NAMES, records.NASTY), NAMES), path)
    elif request.param == "classes":
        labels = [records.NASTY, "middle", "high"]
        report.write(records.Recorded(records.model_of(), records.classes(NAMES, labels), NAMES), path)
    else:
        report.write(records.model_of(), path)
    return path.as_uri()


def opened(chromium, address, **settings):
    """The page with all its tables open, and whatever it asked for or said."""
    page = chromium.new_page(**settings)
    heard = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.goto(address, wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return page, heard


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_nothing_is_asked_for_and_nothing_hangs_over(chromium, address, scheme, width):
    page, heard = opened(chromium, address, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert heard == [address], "the file itself, no message of the policy, no script that ran"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelectorAll('script, img, iframe').length") == 0
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(int(part) for part in ground[4:-1].split(",")) > 3 * 128
    assert light == (scheme == "light"), "the style sheet is the one that the policy names"
    page.close()


def test_it_is_complete_without_javascript(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    for picture in page.locator("svg").all():
        assert picture.bounding_box()["width"] > 200
    page.locator("summary").first.click()
    assert page.locator("details table").first.is_visible()
    context.close()


def test_everything_can_be_reached_by_keyboard(chromium, address):
    page, _ = opened(chromium, address)
    wanted = page.locator("a, summary, .scroll").count()
    reached = set()
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("[...document.querySelectorAll('a, summary, .scroll')].indexOf(document.activeElement)")
        )
    assert reached == set(range(wanted))
    page.close()


def test_it_prints_in_ink_on_white(chromium, address):
    page, _ = opened(chromium, address, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    ink, panel = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('svg rect')).fill]"
    )
    assert ink == "rgb(27, 31, 36)" and panel == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    page.close()
