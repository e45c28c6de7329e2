"""Make the pictures in docs/: congestion, drawings of nets, the report page.

They show ibm02, which is looked for in the folder EDAROUTE_ISPD98 or in ../shared/ispd98; without
it, without trained weights or without Chromium a picture stays as it is, and a line says so.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import eda_router.cli
from eda_router import formats
from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.files import write_text
from eda_router.formats import route_file
from eda_router.resources import bundled

CHECKOUT = Path(__file__).resolve().parent.parent
DOCS = CHECKOUT / "docs"
CIRCUIT = "ibm02"
LARGEST_SHOWN = 16


def main() -> int:
    bench = find_circuit()
    if bench is None:
        print(f"left as they are: no {CIRCUIT} in EDAROUTE_ISPD98 or ../shared/ispd98")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        route, summary = Path(folder) / "ibm02.route", Path(folder) / "ibm02.json"
        edaroute("route", bench, "-o", route, "--json", summary, "-q")
        maps = ("--kind", "horizontal", "--kind", "vertical")
        edaroute("plot", bench, route, "-o", DOCS / "ibm02-congestion.png", *maps)
        draw_nets(bench, route)
        page = Path(folder) / "ibm02.html"
        edaroute("report", bench, route, "--summary", summary, "-o", page)
        screenshot(page, DOCS / "ibm02-report.png", 1400, 1060)
    return 0


def find_circuit() -> Path | None:
    places = [os.environ.get("EDAROUTE_ISPD98"), CHECKOUT.parent / "shared" / "ispd98"]
    for place in places:
        for ending in (".modified.txt", ".modified", ".modified.txt.gz"):
            if place and (path := Path(place) / (CIRCUIT + ending)).is_file():
                return path
    return None


def edaroute(*arguments: object) -> None:
    """Run a command as a user would, and say which."""
    words = [str(argument) for argument in arguments]
    print("edaroute", *(Path(word).name if os.sep in word else word for word in words))
    status = eda_router.cli.main(words)
    if status:
        raise SystemExit(f"exit status {status}")


def draw_nets(bench: Path, route: Path) -> None:
    """A sheet of nets: two drawn at the first try, one that failed and was mended."""
    try:
        bundled("models", "exits.json")
    except EdarouteError as error:
        print(f"left as it is: ibm02-drawings.png, {error}")
        return
    design = formats.read(bench)
    names = choose_nets(design, route_file.read(route, design).routes)
    nets = [word for name in names for word in ("--net", name)]
    picture = DOCS / "ibm02-drawings.png"
    edaroute("plot", bench, route, "-o", picture, *nets, "--drawing", "--dpi", 110)
    readme = CHECKOUT / "README.md"
    command = r"(edaroute plot .* -o drawings\.png) .*(--drawing)"
    words = " ".join(nets)
    write_text(readme, re.sub(command, rf"\g<1> {words} \g<2>", readme.read_text()))


def choose_nets(design: Design, routes: Routes) -> list[str]:
    """Names of nets worth showing: around congestion, with several pins, one of them mended."""
    from eda_router.neural.engines import load_engine
    from eda_router.report.drawing import draw_net

    engine = load_engine(bundled("models", ""))
    pins, lengths = design.pin_counts, routes.lengths
    order = np.random.default_rng(2).permutation(design.num_nets)
    shown = [net for net in order.tolist() if 4 <= pins[net] <= 12 and 12 <= lengths[net] <= 60]
    good: dict[int, int] = {}
    mended: list[int] = []
    for net in shown:
        drawing = draw_net(engine, design, routes, net)
        # What a run draws by default, and what fits a picture.
        if drawing.scale > 1 or drawing.exit > LARGEST_SHOWN:
            continue
        congested = 0.08 < (drawing.seen[:-1, :-1, :2] == 0).mean() < 0.5
        if drawing.tree is not None and congested:
            good.setdefault(drawing.exit, net)
        elif drawing.tree is None and drawing.mending is not None:
            mended.append(net)
        if len(good) >= 2 and mended:
            break
    return [design.net_names[net] for net in [*list(good.values())[:2], *mended[:1]]]


def screenshot(page: Path, picture: Path, width: int, height: int) -> None:
    """Open a page in headless Chromium, choose a net and take a picture."""
    chromium, service = shutil.which("chromium"), shutil.which("chromedriver")
    try:
        from PIL import Image
        from selenium import webdriver
    except ImportError:
        chromium = None
    if chromium is None or service is None:
        print(f"left as it is: {picture.name}, selenium, chromium or chromedriver is missing")
        return
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
                   "disable-background-networking", "disable-component-update", "disable-sync",
                   "hide-scrollbars"):  # fmt: skip
        options.add_argument(f"--{option}")
    with tempfile.TemporaryDirectory() as profile:
        options.add_argument(f"--user-data-dir={profile}")
        driver: Any = webdriver.Chrome(options=options, service=webdriver.ChromeService(service))
        try:
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            driver.get(page.as_uri())
            while not driver.execute_script("return document.documentElement.dataset.ready"):
                time.sleep(0.05)
            driver.execute_script(
                "const page = window.edaroute; page.table.sort('length');"
                "page.table.mark(page.table.order[5]); page.choose(page.table.order[5]);"
            )
            time.sleep(1)
            image = Image.open(io.BytesIO(driver.get_screenshot_as_png()))
            # Most of the colours, the rare ones too: red is rare where nothing overflows.
            small = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
            small.save(picture, optimize=True)
        finally:
            driver.quit()
    print(f"written {picture}")


if __name__ == "__main__":
    sys.exit(main())
