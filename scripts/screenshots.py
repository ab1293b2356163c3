"""Make the pictures of a map for the documentation, with headless Chromium.

    python -m scripts.screenshots output/map.html docs/images

Writes ``desktop.png``, ``dark.png``, ``phone.png``, ``popup.png`` and ``print.png``. Look at each before it is used.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.browser import OPTIONS, READY, chromium


@dataclass(frozen=True)
class Shot:
    """One picture: the view of the page, its size in CSS pixels, what is done before it is taken, and
    the size of the sheet where it is printed.
    """

    fragment: str = ""
    width: int = 1280
    height: int = 800
    scale: float = 1
    script: str | None = None
    sheet: tuple[int, int] | None = None


SHOTS = {
    "desktop": Shot("#lang=en&theme=light"),
    "dark": Shot("#lang=fr&theme=dark", width=1180, height=740),
    "phone": Shot("#lang=nl&theme=light", width=390, height=844),
    "popup": Shot(
        "#lang=de&theme=light&z=9&c=50.95,6.6",
        script="""() => {
          const shown = hazardmap.featureLayers.filter((e) => e.role === "assets" && hazardmap.isOn(e));
          const [[entry, f]] = hazardmap.inView(shown);
          hazardmap.openFeature(entry, f);
        }""",
    ),
    "print": Shot(
        "#lang=en&theme=light",
        script="() => hazardmap.preparePaper()",
        sheet=(794, 960),
    ),
}


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="the map (HTML)")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    given = parser.parse_args()
    program = chromium()
    if program is None:
        raise SystemExit("no Chromium was found; expected one on the path; apt-get install chromium")
    given.folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        for name, shot in SHOTS.items():
            path = given.folder / f"{name}.png"
            take(browser, given.page.resolve(), shot, path)
            print(path)
        browser.close()


def take(browser: Any, page: Path, shot: Shot, path: Path) -> None:
    """Open the page from its file and take one picture."""
    size = {"width": shot.width, "height": shot.height}
    context = browser.new_context(viewport=size, device_scale_factor=shot.scale, locale="en-GB")
    tab = context.new_page()
    tab.goto(page.as_uri() + shot.fragment)
    tab.wait_for_function(READY)
    if shot.script:
        tab.evaluate(shot.script)
    if shot.sheet:  # paper shows a picture of the screen, so only now
        tab.set_viewport_size({"width": shot.sheet[0], "height": shot.sheet[1]})
        tab.emulate_media(media="print")
    tab.wait_for_timeout(600)
    tab.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()
