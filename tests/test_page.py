"""The HTML pages: their packing, their errors, and how they behave in a real browser."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import eda_router.report
from eda_router.cli import main
from eda_router.design import Design, Routes
from eda_router.errors import InputError
from eda_router.formats import ispd98, route_file
from eda_router.formats.guide import Guide, guide_of
from eda_router.layered_routes import LayeredRoutes
from eda_router.report import thinning
from eda_router.report.nets import overflowed_edges
from eda_router.report.packing import pack, pack_numbers
from eda_router.report.page import format_page, write_page
from eda_router.report.peers import known_circuit
from eda_router.report.run import Run, load_summary, parse_summary
from eda_router.report.wires import LayerWires, guide_wires
from eda_router.routing.layers import assign_layers
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.result import RouteSource
from tests.generators import spines
from tests.layered import layered_design, random_trees
from tests.pictured import CASES, crowded, one_net, relaxed, scattered
from tests.unroutable import narrow_row, write_files

MEGABYTES = 2**20


def unpack_numbers(data: bytes) -> list[int]:
    """LEB128, zigzag and differences undone, the plain way."""
    numbers: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            step = -(value + 1) // 2 if value % 2 else value // 2
            numbers.append((numbers[-1] if numbers else 0) + step)
            value = shift = 0
    return numbers


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_packed_numbers_come_back(numbers: list[int]) -> None:
    assert unpack_numbers(pack_numbers(np.array(numbers, np.int64))) == numbers


def test_the_directory_tells_where_everything_lies() -> None:
    arrays = {"a": np.array([3, -500, 7]), "none": np.array([], np.int32)}
    directory, text = pack(arrays, {"names": "ä\nb"})
    data = zlib.decompress(base64.b64decode(text))
    assert directory == [
        ("a", "numbers", 3, 5),
        ("none", "numbers", 0, 0),
        ("names", "text", 3, 4),
    ]
    assert unpack_numbers(data[:5]) == [3, -500, 7]
    assert data[5:].decode() == "ä\nb"


def test_peers_are_named_only_where_the_statistics_agree(
    ispd98_path: Callable[[str], Path],
) -> None:
    design = ispd98.read(ispd98_path("ibm01"))
    known = known_circuit(design)
    assert known is not None
    assert (known.name, known.steiner) == ("ibm01", 60142)
    best = next(peer for peer in known.peers if peer.measured)
    assert (best.name, best.wirelength) == ("NCTU-GR 2.0, strongest wirelength setting", 62133)
    assert "NCTU-GR" in format_page(design, [Run("r", spines(design))])
    namesake = scattered(64, 64, 50, 12, name="ibm01")
    assert known_circuit(namesake) is None
    assert "NCTU-GR" not in format_page(namesake, [Run("r", spines(namesake))])


def test_the_page_asks_nothing_of_a_network() -> None:
    page = format_page(*_one_run(relaxed()))
    outside = page.split("<script>", 1)[0]
    assert "http:" not in outside.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in outside
    assert "default-src 'none'" in page
    assert page == format_page(*_one_run(relaxed()))


def test_the_chart_library_is_the_one_that_the_notes_name() -> None:
    assets = Path(eda_router.report.__file__).parent / "assets"
    (named,) = re.findall(r"sha256 ([0-9a-f]{64})", (assets / "README.md").read_text())
    assert hashlib.sha256((assets / "echarts.min.js").read_bytes()).hexdigest() == named
    licences = {path.name for path in (assets / "licenses").iterdir()}
    assert licences == {"ECHARTS-LICENSE", "ECHARTS-NOTICE", "D3-LICENSE"}


def test_names_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>"
    design = Design.from_pins("<b>&", 3, 3, 1, 1, [(evil, 0, [(0, 0), (1, 0)])])
    page = format_page(design, [Run(evil, spines(design)), Run("b", spines(design))], "<i>")
    assert evil not in page
    assert "<i>" not in page.replace("<i>&lt;", "")
    assert "&lt;i&gt;" in page


def _one_run(case: tuple[Design, Routes]) -> tuple[Design, list[Run]]:
    design, routes = case
    return design, [Run("run", routes)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A design, its routes and the summary of its run, as files."""
    design, routes = one_net()
    bench, route, summary = (tmp_path / name for name in ("one.modified", "r.route", "r.json"))
    ispd98.write(design, bench)
    route_file.write(design, routes, route)
    summary.write_text(json.dumps(_summary(design, routes)))
    return bench, route, summary


def _sources(design: Design) -> NDArray[np.int64]:
    """Where the nets have their wire from, four sources by turns."""
    turns = [RouteSource.DRAWN, RouteSource.SAMPLED, RouteSource.JOINED, RouteSource.MAZE]
    by_turns = np.resize(np.array(turns), design.num_nets)
    return np.where(design.pin_counts > 1, by_turns, RouteSource.TRIVIAL)


def _exits(design: Design) -> NDArray[np.int64]:
    """1, 2 or 3, for exits of 8, 16 or 32 tiles, by turns where the model drew; else 0."""
    drew = np.isin(_sources(design), (RouteSource.DRAWN, RouteSource.SAMPLED))
    return np.where(drew, 1 + np.arange(design.num_nets) % 3, 0)


def _summary(design: Design, routes: Routes) -> dict[str, Any]:
    sources, exits = _sources(design), _exits(design)
    return {
        "design": {"nets": design.num_nets},
        "result": {"wirelength": routes.wirelength},
        "stages": {source.name.lower(): int(np.sum(sources == source)) for source in RouteSource},
        "phases": {
            "import": {"wall": 0.5, "cpu": 0.4},
            "write": {"wall": 0.1, "cpu": 0.1},
            "network": {"wall": 1.5, "cpu": 2.5},
        },
        "process": {"wall": 2.5, "cpu": 3.5, "peak_mb": 321.0},
        "passes": [
            {"name": "first", "overflow": 9, "wirelength": routes.wirelength + 5},
            {"name": "negotiate 1", "overflow": 0, "wirelength": routes.wirelength},
        ],
        "net_stages": "".join(map(str, sources.tolist())),
        "config": {"effort": "high", "seed": 1},
        "details": {"net_exits": "".join(map(str, exits.tolist()))},
    }


def test_report_writes_a_page(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    bench, route, summary = map(str, files)
    out = tmp_path / "page.html"
    assert main(["report", bench, route, "-o", str(out)]) == 0
    bare = out.read_text()
    assert main(["report", bench, route, "--summary", summary, "-o", str(out)]) == 0
    full = out.read_text()
    for text in ('data-chart="time"', 'data-chart="stages"', "321 MB", "config.effort"):
        assert text in full
        assert text not in bare


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "r.json:1: no JSON"),
        ("[]", "r.json: no summary of a run"),
        ('{"design": {"nets": 1}}', "r.json: no summary of a run"),
        (None, "r.json: tells of another run: wirelength 5, expected 6 as routed"),
        (b"\xff\xfe", "r.json: is no text"),
    ],
)
def test_a_summary_that_does_not_fit_is_refused(
    content: str | bytes | None,
    expected: str,
    files: tuple[Path, Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench, route, summary = files
    if content is None:
        told = json.loads(summary.read_text())
        told["result"]["wirelength"] = 5
        content = json.dumps(told)
    summary.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = bench.parent / "page.html"
    out.write_text("old")
    status = main(["report", str(bench), str(route), "--summary", str(summary), "-o", str(out)])
    assert status == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert out.read_text() == "old"


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to every value inside a tree of dicts and lists."""
    yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, inner in list(items) + (list(enumerate(value)) if isinstance(value, list) else []):
        yield from _places(inner, (*path, key))


@given(st.data())
def test_a_damaged_summary_is_shown_or_refused_never_a_traceback(data: st.DataObject) -> None:
    design, routes = one_net()
    summary = {**_summary(design, routes), "details": {
        "net_exits": "1",
        "model": {"kept": 1, "kept_share": 0.5, "routed_share": 0.7},
        "exits": {"8": {"nets": 3, "ink": None}},
    }}  # fmt: skip
    path = data.draw(st.sampled_from([place for place in _places(summary) if place]))
    junk = [None, [], {}, "x", -1, 2.5, True, [1], {"x": 1}, "9", "٣"]
    inner: Any = summary
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = data.draw(st.sampled_from(junk))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.json"
        file.write_text(json.dumps(summary))
        with contextlib.suppress(InputError):
            format_page(design, [Run("run", routes, load_summary(file, design, routes.wirelength))])


# In the browser ---------------------------------------------------------------------------------


class Browser:
    """A headless Chromium with a page of ours in it."""

    def __init__(self, driver: Any):
        self.driver = driver

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a page from disk and wait until it says that it is ready."""
        self.driver.get("about:blank")
        self.driver.get(path.as_uri() + fragment)
        self.wait("document.documentElement.dataset.ready === 'true'")

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a JavaScript expression."""
        return self.driver.execute_script(f"return {script}", *arguments)

    def wait(self, condition: str, seconds: float = 20) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < end, f"never true: {condition}; {self.log()}"
            time.sleep(0.02)

    def log(self) -> list[str]:
        """What the page wrote to its console, errors above all, since last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def find(self, selector: str) -> Any:
        """The first element that fits."""
        return self.driver.find_element("css selector", selector)

    def press(self, selector: str, *keys: str) -> None:
        """Send keys to an element."""
        self.find(selector).send_keys(*keys)

    def rows(self) -> list[list[str]]:
        """Cells of the table's rows in sight, from the top."""
        cells: list[list[str]] = self.run(
            "[...document.querySelectorAll('.row:not([hidden])')]"
            ".sort((a, b) => a.dataset.place - b.dataset.place)"
            ".map((row) => [...row.children].map((cell) => cell.textContent))"
        )
        return cells

    def resize(self, width: int, height: int, mobile: bool = False, theme: str = "light") -> None:
        """Emulate a screen and a preferred theme."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": theme}]},
        )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    service = shutil.which("chromedriver")
    if chromium is None or service is None:
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for option in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "disable-dev-shm-usage",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(service))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture
def desk(browser: Browser) -> Browser:
    """The browser with a desktop's screen, light."""
    browser.resize(1440, 1000)
    return browser


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_every_sort_of_data_opens_without_complaint(
    case: Callable[[], tuple[Design, Routes]], desk: Browser, tmp_path: Path
) -> None:
    design, routes = case()
    page = tmp_path / "page.html"
    write_page(
        page, design, [Run("run", routes, parse_summary(_summary(design, routes), design.num_nets))]
    )
    desk.open(page)
    for kind in ("horizontal", "vertical", "pins", "both"):
        desk.run(f"document.querySelector('input[value={kind}]').click()")
    for theme in ("dark", "light"):
        desk.resize(1440, 1000, theme=theme)
    assert desk.find("#count").text == f"{design.num_nets} nets"
    assert len(desk.rows()) == min(design.num_nets, len(desk.rows()))
    assert desk.log() == []


def test_the_page_recounts_what_python_counts(desk: Browser, tmp_path: Path) -> None:
    design, routes = crowded()
    page = tmp_path / "page.html"
    write_page(page, design, [Run("run", routes)])
    desk.open(page)
    demand = CapacityLedger.of(design, routes).demand.reshape(-1)
    model = "window.edaroute.model"
    assert desk.run(f"[...{model}.runs[0].demand]") == demand.tolist()
    assert desk.run(f"[...{model}.runs[0].over]") == overflowed_edges(design, routes).tolist()
    assert desk.run(f"[...{model}.capacity]") == design.capacity.reshape(-1).tolist()
    assert desk.run(f"[...{model}.pins]") == design.pins.tolist()
    assert desk.run(f"{model}.names") == list(design.net_names)


@pytest.fixture
def crowd(desk: Browser, tmp_path: Path) -> Browser:
    """The page of three hundred nets that overflow, open."""
    design, routes = crowded()
    write_page(
        tmp_path / "page.html",
        design,
        [Run("run", routes, parse_summary(_summary(design, routes), design.num_nets))],
    )
    desk.open(tmp_path / "page.html")
    return desk


def test_search_by_name_and_by_conditions(crowd: Browser) -> None:
    design, routes = crowded()
    pins, lengths = design.pin_counts, routes.lengths
    for query, count in (
        ("net29", sum("net29" in name for name in design.net_names)),
        ("NET29 pins>3", sum("net29" in n and pins[i] > 3 for i, n in enumerate(design.net_names))),
        ("pins>=3 length<10", int(np.sum((pins >= 3) & (lengths < 10)))),
        ("stage:maze", int(np.sum(_sources(design) == RouteSource.MAZE))),
        ("exit=32", int(np.sum(_exits(design) == 3))),
        ("no such net", 0),
    ):
        crowd.run("document.getElementById('search').value = ''")
        crowd.press("#search", query)
        assert crowd.find("#count").text == f"{count} of 300 nets"
        assert crowd.find("#none").is_displayed() == (count == 0)
    assert crowd.log() == []


def test_a_click_on_a_head_sorts(crowd: Browser) -> None:
    design, routes = crowded()
    head = crowd.find(".head [data-key=length] button")
    head.click()
    first = int(np.argmax(routes.lengths))
    assert crowd.rows()[0][0] == design.net_names[first]
    assert crowd.rows()[0][2] == str(routes.lengths[first])
    sort = "document.querySelector('[data-key=length]').getAttribute('aria-sort')"
    assert crowd.run(sort) == "descending"
    head.click()
    assert crowd.rows()[0][2] == "0"
    assert crowd.run(sort) == "ascending"
    crowd.find(".head [data-key=net] button").click()
    assert [row[0] for row in crowd.rows()[:4]] == ["net0", "net1", "net2", "net3"]
    assert crowd.log() == []


def test_a_click_on_a_net_draws_it(crowd: Browser) -> None:
    design, routes = crowded()
    crowd.press("#search", "net17")
    crowd.find(".row:not([hidden])").click()
    net = list(design.net_names).index(crowd.rows()[0][0])
    series = "window.edaroute.map.chart.getOption().series.find((s) => s.id === '{}').data"
    drawn = crowd.run(series.format("wire") + ".map((line) => line.coords)")
    tiles = routes.net_edges(net) // 2
    starts = [[int(tile % 24), int(tile // 24)] for tile in tiles]
    assert [line[0] for line in drawn] == starts
    pins = crowd.run(series.format("pins"))
    assert pins == [[int(pin % 24), int(pin // 24)] for pin in design.net_pins(net)]
    assert crowd.find("#detail-name").text == design.net_names[net]
    assert f"length\n{routes.lengths[net]}" in crowd.find("#detail-list").text
    assert crowd.run("location.hash") == f"#net={design.net_names[net]}"
    assert crowd.log() == []


def test_a_link_to_a_net_opens_on_it(desk: Browser, tmp_path: Path) -> None:
    design, routes = crowded()
    write_page(tmp_path / "page.html", design, [Run("run", routes)])
    desk.open(tmp_path / "page.html", "#net=net250")
    assert desk.find("#detail-name").text == "net250"
    selected = desk.find(".row[aria-selected=true]")
    assert selected.text.startswith("net250")
    assert desk.log() == []


def test_the_keyboard_does_it_all(crowd: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    crowd.press("body", "/")
    assert crowd.run("document.activeElement.id") == "search"
    crowd.press("#search", "net2", Keys.ARROW_DOWN)
    assert crowd.run("document.activeElement.className") == "body"
    crowd.press(".body", Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    chosen = crowd.rows()[1][0]
    assert crowd.find("#detail-name").text == chosen
    crowd.press(".body", Keys.ENTER)
    span = "(({x}) => x[1] - x[0])(window.edaroute.map.zoom)"
    framed = crowd.run(span)
    assert framed < 1
    crowd.press("#map", "+")
    nearer = crowd.run(span)
    assert nearer < framed
    before = crowd.run("window.edaroute.map.zoom.x[0]")
    crowd.press("#map", Keys.ARROW_LEFT)
    assert crowd.run("window.edaroute.map.zoom.x[0]") <= before
    crowd.press("#map", "0")
    assert crowd.run(span) == 1
    crowd.press(".body", Keys.END)
    assert crowd.rows()[-1][0] == crowd.find("#detail-name").text
    assert crowd.log() == []


def test_wheel_and_buttons_zoom_both_axes_alike(crowd: Browser) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    crowd.find("#nearer").click()
    zoom = crowd.run("window.edaroute.map.zoom")
    assert zoom["x"][1] - zoom["x"][0] == pytest.approx(0.6)
    assert zoom["y"][1] - zoom["y"][0] == pytest.approx(0.6)
    crowd.find("#fit").click()
    origin = ScrollOrigin.from_element(crowd.find("#map"))
    ActionChains(crowd.driver).scroll_from_origin(origin, 0, -300).perform()
    crowd.wait("window.edaroute.map.zoom.x[1] - window.edaroute.map.zoom.x[0] < 0.99")
    zoom = crowd.run("window.edaroute.map.zoom")
    spans = [zoom[axis][1] - zoom[axis][0] for axis in "xy"]
    assert spans[0] == pytest.approx(spans[1], abs=0.01)
    assert crowd.log() == []


def test_a_click_on_the_map_lists_the_nets_of_that_edge(crowd: Browser) -> None:
    from selenium.webdriver import ActionChains

    design, routes = crowded()
    demand = CapacityLedger.of(design, routes).demand.reshape(-1)
    edge = int(np.argmax(demand))
    x, y = edge // 2 % 24 + (0 if edge % 2 else 0.5), edge // 2 // 24 + (0.5 if edge % 2 else 0)
    px, py = crowd.run(f"window.edaroute.map.chart.convertToPixel({{gridIndex: 0}}, [{x}, {y}])")
    element = crowd.find("#map")
    size = element.size
    actions = ActionChains(crowd.driver)
    actions.move_to_element_with_offset(
        element, round(px - size["width"] / 2), round(py - size["height"] / 2)
    )
    actions.pause(0.1).perform()
    assert f"{demand[edge]} of 1 tracks, {demand[edge] - 1} over" in crowd.find("#status").text
    actions.click().perform()
    assert crowd.find("#count").text == f"{demand[edge]} of 300 nets"
    crowd.find("#place").click()
    assert crowd.find("#count").text == "300 nets"
    crowd.find("#hot").click()
    assert crowd.find("#status").text.startswith("1 of ")
    assert crowd.find("#count").text == f"{demand[edge]} of 300 nets"
    assert crowd.log() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 1000), (390, 844), (320, 568)])
def test_nothing_sticks_out_on_any_screen(
    width: int, height: int, theme: str, browser: Browser, tmp_path: Path
) -> None:
    design, routes = crowded()
    write_page(
        tmp_path / "page.html",
        design,
        [Run("run", routes, parse_summary(_summary(design, routes), design.num_nets))],
    )
    browser.resize(width, height, mobile=width < 600, theme=theme)
    browser.open(tmp_path / "page.html")
    assert browser.run("document.documentElement.scrollWidth") <= width
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    channels = [int(part) for part in background.strip("rgb()").split(",")]
    assert (sum(channels) < 200) == (theme == "dark")
    charts = browser.run(
        "[...document.querySelectorAll('#map, [data-chart]')]"
        ".map((e) => [e.clientWidth, e.clientHeight])"
    )
    assert all(w > 200 and h > 150 for w, h in charts)
    browser.find("#theme").click()
    assert browser.run("getComputedStyle(document.body).backgroundColor") != background
    assert browser.log() == []


def test_a_tap_on_a_phone_brings_the_map_into_sight(browser: Browser, tmp_path: Path) -> None:
    design, routes = crowded()
    write_page(tmp_path / "page.html", design, [Run("run", routes)])
    browser.resize(390, 844, mobile=True)
    browser.open(tmp_path / "page.html")
    browser.run("document.querySelector('#nets').scrollIntoView()")
    above = "document.getElementById('map').getBoundingClientRect().bottom < 120"
    assert browser.run(above)
    browser.run("document.querySelector('.row').click()")
    assert not browser.run(above)
    assert browser.find("#detail-name").text == design.net_names[0]
    assert browser.log() == []


def test_a_page_of_very_many_nets_shows_some_and_counts_all(
    desk: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, routes = crowded()
    demand = CapacityLedger.of(design, routes).demand
    over = set(overflowed_nets(design, routes))
    most = len(over) + 3
    assert most < design.num_nets
    monkeypatch.setattr(
        eda_router.report.page,
        "kept_nets",
        lambda *given: thinning.kept_nets(*given, most=most),
    )
    write_page(tmp_path / "page.html", design, [Run("run", routes)])
    desk.open(tmp_path / "page.html")
    model = "window.edaroute.model"
    assert desk.run(f"[...{model}.runs[0].demand]") == demand.reshape(-1).tolist()
    pins = np.bincount(design.pins, minlength=design.num_tiles)
    assert desk.run(f"[...{model}.pinDensity]") == pins.tolist()
    assert desk.find("#count").text == f"{most} nets"
    names = desk.run(f"{model}.names")
    assert {design.net_names[net] for net in over} <= set(names)
    for place, name in enumerate(names):
        net = design.net_names.index(name)
        edges = desk.run(
            f"[...{model}.runs[0].edges.subarray({model}.runs[0].offsets[{place}],"
            f"{model}.runs[0].offsets[{place + 1}])]"
        )
        assert edges == routes.net_edges(net).tolist()
    note = f"{most} of {design.num_nets} nets can be looked at here"
    assert note in desk.run("document.body.textContent")
    assert desk.log() == []


def overflowed_nets(design: Design, routes: Routes) -> list[int]:
    """Nets with a wire on an overflowed edge, the plain way."""
    guilty = set(np.flatnonzero(CapacityLedger.of(design, routes).overflow.reshape(-1)).tolist())
    return [n for n in range(design.num_nets) if guilty & set(routes.net_edges(n).tolist())]


def test_missing_tracks_are_marked_on_the_map(desk: Browser, tmp_path: Path) -> None:
    bench, route, certificate = write_files(tmp_path)
    page = tmp_path / "row.html"
    assert main(["report", bench, route, "--certificate", certificate, "-o", str(page)]) == 0
    desk.open(page)
    series = "window.edaroute.map.chart.getOption().series.find((s) => s.id === '{}').data"
    assert desk.run(series.format("cuts") + "[0].coords") == [[1.5, -0.5], [1.5, 0.5]]
    assert desk.run(series.format("missing") + ".map((at) => at.name)") == ["2 missing"]
    assert desk.run(series.format("missing") + "[0].value") == [1.5, 0]
    text = desk.run("document.body.textContent")
    assert "Tracks missing, proven" in text
    assert "Where tracks are missing" in text
    assert "(1,0)–(2,0)" in text
    assert "n0, n1, n2" in text
    for kind in ("vertical", "pins"):
        desk.run(f"document.querySelector('input[value={kind}]').click()")
        assert desk.run(series.format("cuts")) == []
    assert desk.log() == []


def test_a_certificate_of_another_design_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, route, certificate = write_files(tmp_path)
    other, page = tmp_path / "other.modified", tmp_path / "other.html"
    design, _ = narrow_row()
    ispd98.write(replace(design, capacity=2 * design.capacity), other)
    arguments = ["report", str(other), route, "--certificate", certificate, "-o", str(page)]
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not page.exists()


def test_several_runs_are_compared(desk: Browser, tmp_path: Path) -> None:
    design, routes = crowded()
    lists = [routes.net_edges(net).tolist() for net in range(design.num_nets)]
    lists[7] = []
    other = Routes.from_lists(lists)
    write_page(tmp_path / "page.html", design, [Run("one", routes), Run("two", other)])
    desk.open(tmp_path / "page.html")
    desk.press("#search", "differ>0")
    assert [row[0] for row in desk.rows()] == ["net7"]
    length = int(routes.lengths[7])
    assert desk.rows()[0][2:] == [str(length), "0", str(-length), str(length)]
    desk.run("document.querySelector('input[value=difference]').click()")
    desk.run("document.getElementById('run').value = '0'")
    desk.run("document.getElementById('run').dispatchEvent(new Event('change'))")
    desk.find(".row").click()
    wire = "window.edaroute.map.chart.getOption().series.find((s) => s.id === 'wire').data.length"
    elsewhere = wire.replace("'wire'", "'elsewhere'")
    assert (desk.run(wire), desk.run(elsewhere)) == (length, 0)
    desk.run("document.getElementById('run').value = '1'")
    desk.run("document.getElementById('run').dispatchEvent(new Event('change'))")
    assert (desk.run(wire), desk.run(elsewhere)) == (0, length)
    assert "only A" in desk.find("#detail-list").text
    assert desk.log() == []


def on_layers(seed: int = 4) -> tuple[LayeredRoutes, LayerWires]:
    """A design with four layers, few tracks and twenty nets, and the wires of its guide."""
    design = layered_design(seed, width=12, height=9, nets=20, tracks=2)
    layered = assign_layers(design, random_trees(design, seed, legal=False))
    return layered, guide_wires(design, guide_of(layered))


@pytest.fixture
def layers(desk: Browser, tmp_path: Path) -> Browser:
    """The page of a design with layers, open."""
    layered, wires = on_layers()
    write_page(tmp_path / "page.html", layered.design, [Run("r", wires.routes, wires=wires)])
    desk.open(tmp_path / "page.html")
    return desk


def test_the_page_recounts_every_layer(layers: Browser) -> None:
    _, wires = on_layers()
    run = "window.edaroute.model.runs[0]"
    demand, capacity = wires.ledger.demand, wires.ledger.capacity
    for layer in range(4):
        plane = f"{run}.planes[{layer}]"
        assert layers.run(f"[...{plane}.demand]") == demand[layer].reshape(-1).tolist()
        assert layers.run(f"[...{plane}.capacity]") == capacity[layer].reshape(-1).tolist()
    assert layers.run(f"[...{run}.viaCounts]") == wires.via_counts.tolist()
    over = (demand > capacity).reshape(4, -1)[wires.layers, wires.edges]
    owner = np.repeat(np.arange(20), wires.lengths)
    assert layers.run(f"[...{run}.over]") == np.bincount(owner[over], minlength=20).tolist()
    assert layers.log() == []


def test_a_layer_is_chosen_for_the_map(layers: Browser) -> None:
    layered, wires = on_layers()
    horizontal = layered.layers.horizontal.tolist()
    pick = (
        "(() => {{ const s = document.getElementById('layer'); s.value = '{}';"
        "s.dispatchEvent(new Event('change')); }})()"
    )
    kind = "document.querySelector('input[value={}]')"
    colours = (
        "new Set(window.edaroute.map.image.getContext('2d').getImageData(0, 0, 288, 216).data)"
    )
    for layer in (1, 2, 3):
        layers.run(pick.format(layer))
        own, other = ("horizontal", "vertical")[:: 1 if horizontal[layer] else -1]
        assert not layers.run(kind.format(own) + ".disabled")
        assert layers.run(kind.format(other) + ".disabled")
        overflow = wires.layer_ledger(layer).overflow
        if overflow.any():
            layers.find("#hot").click()
            status = layers.find("#status").text
            assert status.startswith(f"1 of {np.count_nonzero(overflow)}: edge (")
            assert f" on m{layer}: " in status
            assert status.endswith(f", {overflow.max()} over")
            edge = layers.run("window.edaroute.place.edge")
            through = wires.edges[wires.layers == layer] == edge
            assert layers.find("#count").text == f"{through.sum()} of 20 nets"
        assert layers.run(f"{colours}.size") > 1
    layers.run(pick.format(-1))
    assert layers.find("#count").text == "20 nets"
    assert not layers.run(kind.format("vertical") + ".disabled")
    assert layers.log() == []


def test_a_net_is_drawn_by_layers_with_its_vias(layers: Browser) -> None:
    layered, wires = on_layers()
    design = layered.design
    net = int(np.argmax(wires.lengths))
    part = slice(wires.offsets[net], wires.offsets[net + 1])
    layers.press("#search", f"n{net}")
    row = next(row for row in layers.rows() if row[0] == f"n{net}")
    used = sorted(set(wires.net_cells(net)[0].tolist()))
    assert row[2:5] == [
        str(wires.lengths[net]),
        str(wires.via_counts[net]),
        f"m{used[0]}–{used[-1]}",
    ]
    layers.run(f"window.edaroute.choose({net})")
    series = "window.edaroute.map.chart.getOption().series.find((s) => s.id === '{}')"
    for layer in set(wires.layers[part].tolist()):
        drawn = layers.run(series.format(f"wire-{layer}") + ".data.map((line) => line.coords[0])")
        tiles = wires.edges[part][wires.layers[part] == layer] // 2
        assert drawn == [[int(t % design.width), int(t // design.width)] for t in tiles]
        assert f"m{layer}\n{len(tiles)}" in layers.find("#detail-list").text
    vias = np.unique(wires.via_tiles[wires.via_offsets[net] : wires.via_offsets[net + 1]])
    places = [[int(t % design.width), int(t // design.width)] for t in vias]
    assert layers.run(series.format("vias") + ".data") == places
    assert f"vias\n{wires.via_counts[net]}" in layers.find("#detail-list").text
    assert layers.log() == []


def test_nets_are_sought_by_vias_and_layers(layers: Browser) -> None:
    _, wires = on_layers()
    with_m3 = sum(3 in wires.net_cells(net)[0] for net in range(20))
    for query, count in (
        ("vias>4", int(np.sum(wires.via_counts > 4))),
        ("layers:m3", with_m3),
    ):
        layers.run("document.getElementById('search').value = ''")
        layers.press("#search", query)
        assert 0 < count < 20
        assert layers.find("#count").text == f"{count} of 20 nets"
    assert layers.log() == []


@pytest.mark.parametrize("width", [1440, 320])
def test_runs_on_layers_are_compared(width: int, browser: Browser, tmp_path: Path) -> None:
    layered, wires = on_layers()
    guide = guide_of(layered)
    kept = guide.nets != 7
    less = guide_wires(
        layered.design, Guide(guide.nets[kept], guide.boxes[kept], guide.layers[kept])
    )
    runs = [Run("one", wires.routes, wires=wires), Run("two", less.routes, wires=less)]
    write_page(tmp_path / "page.html", layered.design, runs)
    browser.resize(width, 1000)
    browser.open(tmp_path / "page.html")
    assert browser.run("document.documentElement.scrollWidth") <= width
    browser.press("#search", "differ>0")
    assert [row[0] for row in browser.rows()] == ["n7"]
    length, vias = int(wires.lengths[7]), int(wires.via_counts[7])
    assert length
    assert browser.rows()[0][2:] == [str(n) for n in (length, 0, -length, -vias, length)]
    browser.run("document.querySelector('input[value=difference]').click()")
    browser.run("window.edaroute.choose(7)")
    for layer in ("1", "2", "3", "-1"):
        browser.run(
            "((layer) => { const s = document.getElementById('layer'); s.value = layer;"
            "s.dispatchEvent(new Event('change')); })"
            f"('{layer}')"
        )
    assert browser.log() == []


@pytest.mark.parametrize(
    ("width", "height", "num_nets"), [(80, 64, 18_000), (256, 64, 64_000)], ids=["ibm02", "ibm10"]
)
def test_large_designs_stay_small_and_quick(
    width: int, height: int, num_nets: int, desk: Browser, tmp_path: Path
) -> None:
    design = scattered(width, height, num_nets, 27)
    routes = spines(design)
    page = tmp_path / "page.html"
    write_page(
        page, design, [Run("run", routes, parse_summary(_summary(design, routes), design.num_nets))]
    )
    assert page.stat().st_size < 5 * MEGABYTES
    desk.open(page)
    elapsed = "(() => {{ const t = performance.now(); {}; return performance.now() - t; }})()"
    sort = desk.run(elapsed.format("window.edaroute.table.sort('length')"))
    search = desk.run(
        elapsed.format(
            "document.getElementById('search').value = 'net6 pins>3'; window.edaroute.list()"
        )
    )
    # Tens of milliseconds when nothing else runs; the machine of a test may be busy.
    assert sort < 1500
    assert search < 1500
    assert desk.run("document.querySelectorAll('.row').length") < 100
    assert desk.log() == []


@pytest.mark.parametrize("circuit", ["ibm01", "ibm02", "ibm10"])
def test_real_circuits_open_beside_their_references(
    circuit: str, ispd98_path: Callable[[str], Path], desk: Browser, tmp_path: Path
) -> None:
    design = ispd98.read(ispd98_path(circuit))
    routes = spines(design)
    page = tmp_path / "page.html"
    write_page(page, design, [Run("run", routes)])
    assert page.stat().st_size < 5 * MEGABYTES
    desk.open(page)
    demand = CapacityLedger.of(design, routes).demand
    assert desk.run("window.edaroute.model.runs[0].demand.reduce((a, b) => a + b)") == demand.sum()
    desk.press("#search", design.net_names[-1])
    assert design.net_names[-1] in [row[0] for row in desk.rows()]
    desk.find(".row:not([hidden])").click()
    desk.find("#hot").click()
    assert " over" in desk.find("#status").text
    assert desk.find("[data-chart=peers]").is_displayed()
    assert desk.log() == []
