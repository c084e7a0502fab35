# SPDX-License-Identifier: MIT
"""browser.py - a page in headless Chromium, driven with Debian's chromedriver; the page may read local files and has no network.

    with browser.open_page("/tmp/report.html") as page:
        page.driver ...            selenium's own interface
        page.run("return 1 + 1")   JavaScript in the page
    page.errors                    what the console said of errors, when it was closed
"""

import contextlib
import re
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--allow-file-access-from-files",
         "--enable-unsafe-swiftshader", "--force-color-profile=srgb", "--hide-scrollbars"]


class Page:
    def __init__(self, driver):
        self.driver, self.errors = driver, []

    def go(self, address):
        """To another page; also where only what stands after # differs, which would not load it again."""
        self.driver.get("about:blank")
        self.driver.get(address if re.match(r"\w+:", str(address)) else f"file://{address}")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, script, seconds=90):
        """Waits for the expression to be true. => its value"""
        end = time.monotonic() + seconds
        while True:
            value = self.run("return " + script)
            if value:
                return value
            assert time.monotonic() < end, f"{script} did not come true in {seconds} s"
            time.sleep(0.05)

    def open_counted(self, address):
        """Opens it once more. => a function: seconds of processor time that the page's own thread has taken since then. Other work on the machine
        is not in them."""
        self.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        self.go(address)
        return lambda: next(one["value"] for one in self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
                            if one["name"] == "TaskDuration")

    def collect(self):
        self.errors += [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@contextlib.contextmanager
def open_page(address, width=1440, height=900, flags=()):
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in [*FLAGS, *flags, f"--user-data-dir={profile}", f"--window-size={width},{height}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        page = Page(driver)
        try:
            page.go(address)
            yield page
            page.collect()
        finally:
            driver.quit()
