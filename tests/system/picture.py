# SPDX-License-Identifier: MIT
"""picture.py REPORT.html LANGUAGE PICTURE.png - the picture of a README: `make picture`.

The report of vmrss, at the first step with more than 16 MiB resident at which a page table was made.
"""

import base64
import sys

import browser
import png

WIDTH, HEIGHT = 1360, 1000
THERE = "return document.querySelector('.box.new') && /^(1[6-9]|[2-9]\\d)(\\.\\d)? MiB/.test(document.getElementById('now-rss').innerText)"


def main():
    report, language, picture = sys.argv[1:]
    with browser.open_page(f"{report}#lang={language}", WIDTH, HEIGHT) as page:
        page.until("document.documentElement.dataset.ready !== undefined")
        while not page.run(THERE):
            assert not page.run("return document.getElementById('forward').disabled"), "no such step in this report"
            page.run("document.getElementById('forward').click()")
        page.until("document.getAnimations().length === 0")
        height = page.run("return Math.ceil(document.querySelector('main').getBoundingClientRect().height)")
        shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": False, "clip": {
            "x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1}, "captureBeyondViewport": True})
    with open(picture, "wb") as file:
        file.write(png.with_palette(base64.b64decode(shot["data"])))


if __name__ == "__main__":
    main()
