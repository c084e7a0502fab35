# SPDX-License-Identifier: MIT
"""The report's page in headless Chromium: it opens from a file, follows its cursor in every pane, and speaks both languages.

A picture of it is left in build/report/ for people to look at.
"""

import filecmp
import json
import os
import re
import subprocess
import sys

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

import browser
import lab
import recording

REPORT = [sys.executable, os.path.join(lab.ROOT, "scripts", "trace", "report.py")]
PICTURES = os.path.join(lab.BUILD, "report")
SOURCES = os.path.join(lab.ROOT, "scripts", "report")
READY = "document.documentElement.dataset.ready !== undefined"
PANES = ["space", "numbers", "heap", "frames", "tree", "story"]


def make(folder, events):
    recording.SCHEMA.write(folder / "vmrss", events, {"memory_mib": 128})
    path = folder / "vmrss.html"
    subprocess.run([*REPORT, str(folder / "vmrss"), "-o", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make(tmp_path_factory.mktemp("report"), recording.small_program())


@pytest.fixture(scope="module")
def window():
    with browser.open_page("about:blank") as opened:
        yield opened


@pytest.fixture
def page(small, window):
    window.go(f"{small}#lang=en")
    window.until(READY)
    yield window
    window.collect()
    assert not window.errors


def press(page, *keys):
    ActionChains(page.driver).send_keys(*keys).perform()


def step_of(page):
    return int(page.run("return document.querySelector('main').dataset.step"))


def go(page, words):
    """To the first step whose line has these words."""
    press(page, Keys.HOME)
    end = int(page.run("return document.querySelector('input[type=range]').max"))
    while words not in page.run("return document.querySelector('.detail h3').innerText"):
        assert step_of(page) < end, f"no step says {words}"
        press(page, Keys.ARROW_RIGHT)


def pictures(page):
    """What each pane shows: the text of it, and the pixels of its canvases."""
    return page.run("""
        return Object.fromEntries(arguments[0].map(id => {
            const pane = document.getElementById(id);
            const lines = [...pane.querySelectorAll('.cursor')].map(each => each.style.transform);
            return [id, pane.innerText + lines + [...pane.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())];
        }))""", PANES)


def number(page, name):
    return page.run(f"return document.getElementById('now-{name}').innerText")


def test_the_bundle_is_what_its_sources_build_and_is_small():
    lab.make("report/bundle.js")
    assert filecmp.cmp(os.path.join(SOURCES, "bundle.js"), os.path.join(PICTURES, "bundle.js"), shallow=False), "type: make bundle"
    assert os.path.getsize(os.path.join(SOURCES, "bundle.js")) < 100 * 1000


def test_the_file_needs_nothing_else(small):
    html = small.read_text()
    assert "Jason Miller" in html and "Leon Sorokin" in html    # their licence goes where their code goes
    assert not re.search(r'<(link|img|script|iframe)[^>]+(src|href)=', html)
    outside = set(re.findall(r"https?://[^\s\"'<>\\)]+", html)) - {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml",
                                                                   "http://www.w3.org/1998/Math/MathML"}
    assert not {address for address in outside if "w3.org" not in address and "github.com/leeoniya" not in address}


def test_no_text_of_a_recording_is_taken_for_a_tag(window, tmp_path):
    name = "/bin/<!--<script>alert(1)</script>&amp;"
    events = [event._replace(path=name) if event.name in ("exec", "file") else event for event in recording.small_program()]
    window.go(f"{make(tmp_path, events)}#lang=en")
    window.until(READY)
    assert window.run("return document.querySelector('h1 b').innerText") == name.rsplit("/", 1)[1]
    assert window.run("return document.title").startswith(name.rsplit("/", 1)[1])


def test_stepping_changes_every_pane(page):
    go(page, "malloc(1 GiB)")
    before = pictures(page)
    assert number(page, "vsz").startswith("1") and "GiB" in number(page, "vsz")
    go(page, "100 more faults")
    after = pictures(page)
    assert [pane for pane in PANES if before[pane] == after[pane] and pane != "heap"] == []
    go(page, "free(0x7fffb7ff9010)")
    assert pictures(page)["heap"] != after["heap"]


def test_what_was_freed_is_not_said_to_be_new(page, small):
    """The heap behind its last block: free as far as a block ever reached, then what was never handed out."""
    page.go(f"{small}#lang=en&level=all")    # (the program's end is a step of its own there)
    page.until(READY)
    go(page, f"free({recording.HEAP + 0x80:#x})")
    press(page, "t")
    rows = page.run("return [...document.querySelectorAll('#heap tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))")
    heap = [(row[0], row[3]) for row in rows if row[3] in ("free", "never handed out")]
    assert [state for _, state in heap] == ["free", "never handed out"], rows
    assert [int(start, 16) - recording.HEAP for start, _ in heap] == [0, 0x80 - 0x10 + 1008]


def test_the_numbers_are_the_recordings(page):
    go(page, "100 more faults")
    assert number(page, "rss") == "420 KiB"    # text, stack, heap, the mapping's first page, one and a hundred: 105 pages
    assert number(page, "faults") == "105"
    assert page.run("return document.querySelector('#tree svg').dataset.tables") == "9"
    press(page, "t")
    rows = page.run("return [...document.querySelectorAll('#space tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))")
    mapping = next(row for row in rows if row[0].startswith("0x7fffb7ff9000"))
    assert mapping[1:4] == ["1.00 GiB", "408 KiB", "rw-p"]
    frames = page.run("return [...document.querySelectorAll('#frames tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))")
    assert sum(int(re.sub(r"\D", "", row[1])) for row in frames) == 32768
    # the stack's, then after the file's frame the heap's and the mapping's first, and after the page of zeroes the touched ones
    assert [int(row[1]) for row in frames if row[2] == "this program: anonymous"] == [1, 2, 101]


def test_a_touch_is_explained_back_to_the_line_that_promised(page):
    go(page, "write 0x7fffb7ffa000")
    said = page.run("return document.querySelector('.detail').innerText")
    assert re.search(r"Why\s.*malloc\(1 GiB\).*write 0x7fffb7ffa000", said, re.S)
    assert re.search(r"promised here: main, user/demo/vmrss\.c:\d+", said)
    assert "block = demo_opaque(malloc(GIB));" in said


def test_keys_and_buttons_move_the_same_cursor(page):
    end = int(page.run("return document.querySelector('input[type=range]').max"))
    press(page, Keys.END)
    assert step_of(page) == end
    press(page, Keys.ARROW_LEFT)
    assert step_of(page) == end - 1
    press(page, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert step_of(page) == 2
    page.driver.find_element("id", "back").click()
    assert step_of(page) == 1
    page.run("document.activeElement.blur()")
    press(page, " ")
    page.until(f"document.querySelector('main').dataset.step === '{end}'")    # it plays to the end, and stops
    page.until("document.getElementById('play')")


def test_a_click_on_the_curves_goes_to_that_time(page):
    press(page, Keys.HOME)
    plot = page.driver.find_element("css selector", "#numbers .plot")
    ActionChains(page.driver).move_to_element_with_offset(plot, 100, 0).click().perform()
    assert 0 < step_of(page) < int(page.run("return document.querySelector('input[type=range]').max"))


def test_levels_show_more_and_keep_the_time(page):
    go(page, "malloc(1 GiB)")
    steps = {}
    for level in ("story", "faults", "all"):
        page.run("const s = document.getElementById('level'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))", level)
        page.until(f"location.hash.includes('level={level}')")
        steps[level] = int(page.run("return document.querySelector('input[type=range]').max"))
        assert "GiB" in number(page, "vsz")
    assert steps["story"] < steps["faults"] < steps["all"]


def test_the_pointer_tells_who_maps_a_frame(page):
    go(page, "100 more faults")
    canvas = page.driver.find_element("css selector", "#frames canvas")
    page.run("""const canvas = arguments[0], g = canvas.getContext('2d'), ratio = canvas.width / canvas.clientWidth;
                const pixels = g.getImageData(0, 0, canvas.width, canvas.height).data;
                for (let at = 0; at < pixels.length; at += 4)
                    if (pixels[at] === 0 && pixels[at + 1] === 158 && pixels[at + 2] === 115) {
                        const x = (at / 4 % canvas.width) / ratio, y = Math.floor(at / 4 / canvas.width) / ratio, box = canvas.getBoundingClientRect();
                        canvas.dispatchEvent(new MouseEvent('mousemove', { clientX: box.x + x + 2, clientY: box.y + y + 1, bubbles: true }));
                        break;
                    }""", canvas)
    tip = page.until("document.querySelector('.tip')?.innerText")
    assert "this program: anonymous" in tip and re.search(r"mapped by vmrss at 0x7f\w+", tip)


def test_the_other_language_reaches_every_word(page):
    press(page, "t")
    english = page.run("return document.body.innerText")
    press(page, "l")
    page.until("document.documentElement.lang === 'zh'")
    chinese = page.run("return document.body.innerText")
    words = json.load(open(os.path.join(SOURCES, "words.json"), encoding="utf-8"))
    assert all(len(pair) == 2 for pair in words.values())
    for name in ("space", "numbers", "heap", "frames", "tree", "what_happened", "as_picture", "speed", "level", "owner", "made_by"):
        assert words[name][0] in english and words[name][1] in chinese
        assert words[name][0] not in chinese
    for key, (first, second) in words.items():
        assert sorted(re.findall(r"\{\d\}", first)) == sorted(re.findall(r"\{\d\}", second)), key


@pytest.fixture(scope="module")
def real():
    """make report, as people type it: {program: page}"""
    def run(program):
        lab.make("report", f"PROG={program}", "ARGS=-c true" if program == "sh" else "ARGS=", stdout=subprocess.DEVNULL)
        return os.path.join(PICTURES, f"{os.path.basename(program)}.html")
    return run


def test_make_report_tells_the_story_of_a_real_run(real):
    with browser.open_page(f"{real('vmrss')}#lang=en") as page:
        page.until(READY)
        assert not page.run("return document.querySelector('.warning')")    # the kernel's counters agree with what is drawn
        go(page, "malloc(1 GiB) =")
        before = number(page, "rss")
        assert "a mapping of its own (mmap)" in page.run("return document.querySelector('.detail').innerText")
        assert "block = demo_opaque(malloc(GIB));" in page.run("return document.querySelector('.source .mark').innerText")
        go(page, "touch the same 100 again")
        assert int(number(page, "rss").split()[0]) - int(before.split()[0]) == 400    # kB: 100 pages, the read one was the zero page
        go(page, "more faults in [anon]")
        assert "promised here: main, user/demo/vmrss.c" in page.run("return document.querySelector('.detail').innerText")
        # every frame is placed, also those that were taken before the recording began
        while "process ends" not in page.run("return document.querySelector('.detail h3').innerText"):
            press(page, *[Keys.ARROW_RIGHT] * 10)
            key = page.run("return document.querySelector('#frames .key').innerText")
            assert "not placed" not in key and int(re.search(r"kernel\s+([\d\s,.\u202f\u2009]+)", key).group(1).strip()) > 300, key
    assert not page.errors


def kib(text):
    amount, unit = text.split()
    return float(amount) * {"B": 1 / 1024, "KiB": 1, "MiB": 1024}[unit]


def test_a_dynamic_program_of_this_machine(real):
    """Its libraries' regions are cut by mprotect: each page counts in the lane where it is. The lanes do not fit, so they follow the steps."""
    with browser.open_page(f"{real('/usr/bin/env')}#lang=en") as page:
        page.until(READY)
        assert re.search(r"^\d\d lanes: they scroll", page.run("return document.querySelector('#space .sum').innerText"))
        press(page, "t")
        steps, seen = int(page.run("return document.querySelector('input[type=range]').max")), 0
        for _ in range(0, steps - 10, 10):
            press(page, *[Keys.ARROW_RIGHT] * 10)
            rows = page.run("return [...document.querySelectorAll('#space tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))")
            assert all(kib(row[2]) <= kib(row[1]) for row in rows), rows
            seen = max(seen, len(rows))
            assert abs(sum(kib(row[2]) for row in rows) - kib(number(page, "rss"))) <= 0.1 * len(rows)    # (each is rounded)
        assert seen > 12
        press(page, "t", Keys.HOME)
        go(page, "mmap(")
        assert page.run("const box = document.querySelector('#space .scroll'); return box.scrollHeight > box.clientHeight")
        tops = set()
        for _ in range(steps // 3):
            press(page, *[Keys.ARROW_RIGHT] * 2)
            tops.add(page.run("return document.querySelector('#space .scroll').scrollTop"))
        assert len(tops) > 1
    assert not page.errors


def test_a_child_has_a_report_of_its_own(real):
    with browser.open_page(f"{real('bug-uaf')}#lang=en") as page:
        page.until(READY)
        children = page.run("return [...document.querySelectorAll('#process option')].map(each => each.value)")
        assert len(children) == 3
        page.run("const s = document.getElementById('process'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))", children[2])
        page.until(f"location.hash.includes('pid={children[2]}') && document.documentElement.dataset.ready")
        go(page, "segmentation fault: read at")
        go(page, "the process ends, status 11")
    assert not page.errors


def test_a_foreign_program_has_a_report_without_a_heap(real, window):
    window.go(f"{real('sh')}#lang=en")
    window.until(READY)
    press(window, Keys.END, Keys.ARROW_LEFT)
    assert not window.run("return document.querySelector('.warning')")
    press(window, "t")
    assert window.run("return document.querySelector('#heap tbody').innerText") == "nothing"
    assert "[heap]" in window.run("return document.querySelector('#space tbody').innerText")


@pytest.fixture(scope="module")
def swapped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swapped")
    printed = lab.swapping(folder / "beyond")
    subprocess.run([*REPORT, str(folder / "beyond"), "-o", str(folder / "beyond.html")], check=True)
    return folder / "beyond.html", printed


def test_what_is_on_the_swap_disk_is_shown(swapped, window):
    """The numbers are those that the program printed; a page on the disk is in no frame, and has its table."""
    path, printed = swapped
    window.go(f"{path}#lang=en&tables")
    window.until(READY)
    assert not window.run("return document.querySelector('.warning')")    # the kernel's counters agree with what is drawn
    go(window, "its row in /proc/self/smaps")
    row = int(re.search(r"Size \d+ kB, Rss \d+ kB, Swap (\d+) kB", printed).group(1))
    rows = window.run("return [...document.querySelectorAll('#space tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))")
    block = max(rows, key=lambda cells: kib(cells[1]))
    assert abs(kib(block[6]) - row) <= 64 and block[4] == "[anon]"    # (it is rounded)
    assert abs(sum(kib(cells[6]) for cells in rows) - kib(number(window, "swap"))) <= 64
    assert re.search(r"; [\d\u202f]+ pages are on the swap disk", window.run("return document.querySelector('#tree .sum').innerText"))
    press(window, "l")
    window.until("document.documentElement.lang === 'zh'")
    assert "页在交换盘上" in window.run("return document.querySelector('#tree .sum').innerText")


def test_a_page_that_comes_back_brings_its_neighbours(swapped, window):
    window.go(f"{swapped[0]}#lang=en&level=faults")
    window.until(READY)
    details = "return document.querySelector('.detail').innerText"
    press(window, Keys.END)
    while "back from the swap disk, frame #" not in window.run("return document.querySelector('.detail h3').innerText"):
        press(window, Keys.ARROW_LEFT)
    assert re.search(r"What it did\s.*page 0x\w+ in \S+ is back from the swap disk, slot [\d\u202f]+, in frame #", window.run(details), re.S)
    while not re.match(r".*frames are few: [\d\u202f]+ pages were looked at, [\d\u202f]+ frames came free", window.run("return document.querySelector('.detail h3').innerText"), re.S):
        press(window, Keys.ARROW_LEFT)
    window.collect()
    assert not window.errors


def test_a_recording_without_faults_says_so(window, tmp_path):
    folder = tmp_path / "recording"
    lab.guest(["malloc1"], options=("-q", "--icount", "--trace", str(folder), "--trace-level", "1"))
    subprocess.run([*REPORT, str(folder), "-o", str(tmp_path / "one.html")], check=True)
    window.go(f"{tmp_path / 'one.html'}#lang=en")
    window.until(READY)
    assert "level 1, without faults" in window.run("return document.querySelector('.warning').innerText")


def test_a_recording_with_all_events_is_shown_too(window, tmp_path):
    folder = tmp_path / "recording"
    lab.guest(["threads"], options=("-q", "--icount", "--trace", str(folder), "--trace-level", "3"))
    subprocess.run([*REPORT, str(folder), "-o", str(tmp_path / "three.html")], check=True)
    window.go(f"{tmp_path / 'three.html'}#lang=en&level=all")
    window.until(READY)
    assert not window.run("return document.querySelector('.warning')")
    press(window, Keys.END, *[Keys.ARROW_LEFT] * 30)
    window.collect()
    assert not window.errors


def test_no_word_is_missing_and_none_is_left_over():
    words = json.load(open(os.path.join(SOURCES, "words.json"), encoding="utf-8"))
    sources = [name for name in os.listdir(SOURCES) if re.search(r"\.jsx?$", name) and name != "bundle.js"]
    code = "".join(open(os.path.join(SOURCES, name), encoding="utf-8").read() for name in sources)
    made_up = ("p_", "f_", "k_", "kn_", "s_", "from_", "level_")    # names that end in a label of the events
    named = set(re.findall(r'\bt\("(\w+)"|words="(\w+)"', code))
    assert {name for pair in named for name in pair if name and not name.endswith("_")} <= words.keys()
    assert [name for name in words if f'"{name}"' not in code and not name.startswith(made_up)] == []
    for prefix, label in (("p_", "malloc_path"), ("f_", "free_act"), ("p_", "realloc_act"), ("k_", "fault_kind"), ("s_", "segv_reason")):
        assert [name for name in recording.SCHEMA.enums[label] if prefix + name not in words] == []


# Every element that has a text of its own: the contrast (WCAG 2, section 1.4.3) of its colour with what is painted below it.
CONTRASTS = """
const light = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
const paperOf = each => {
    for (; each; each = each.parentElement) {
        const paper = numbers(getComputedStyle(each).backgroundColor);
        if (paper.length === 3)
            return paper;
    }
};
return [...document.querySelectorAll("body *")].filter(each => each.checkVisibility() && !each.disabled && !each.matches(".letter, option, .box *")
    && [...each.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())).map(each => {
        const style = getComputedStyle(each), inks = numbers(each instanceof SVGElement ? style.fill : style.color);
        const [high, low] = [luminance(inks), luminance(paperOf(each))].sort((a, b) => b - a);
        return [(high + 0.05) / (low + 0.05), `${each.tagName} ${each.className.baseVal ?? each.className}: ${each.textContent.slice(0, 40)}`];
    });
"""


def wish(page, scheme):
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def test_light_and_dark_can_be_read(page):
    """The reader's system chooses; every text stands out from its paper in both, and the canvases follow at once."""
    go(page, "write 0x7fffb7ffa000")
    seen = {}
    try:
        for scheme in ("light", "dark"):
            wish(page, scheme)
            page.until(f"matchMedia('(prefers-color-scheme: {scheme})').matches")
            page.until("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
            seen[scheme] = pictures(page), page.run("return getComputedStyle(document.body).backgroundColor")
            for tables in (False, True):
                contrasts = page.run(CONTRASTS)
                assert len(contrasts) > 50
                assert [pair for pair in contrasts if pair[0] < 4.5] == [], (scheme, tables)
                press(page, "t")
    finally:
        wish(page, "light")
    assert seen["light"][1] != seen["dark"][1]
    assert {pane for pane in PANES if seen["light"][0][pane] == seen["dark"][0][pane]} == {"tree", "story"}    # (they have no canvas)


def test_who_wants_no_motion_gets_none(small):
    with browser.open_page(small, flags=["--force-prefers-reduced-motion"]) as page:
        page.until(READY)
        assert page.run("return getComputedStyle(document.querySelector('.cursor')).transitionDuration") == "0s"


def test_it_fits_a_small_window(small):
    with browser.open_page(small, width=500, height=900) as page:
        page.until(READY)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    assert not page.errors


def test_a_hundred_thousand_events_open_in_two_seconds(tmp_path):
    path = make(tmp_path, recording.long_program(100000))
    with browser.open_page("about:blank") as page:
        used = page.open_counted(path)
        page.until(READY)
        opened = used()
        start = page.run("return performance.now()")
        press(page, Keys.END)
        page.until("document.querySelector('main').dataset.step > 0")
        stepped = page.run("return performance.now()") - start
        elements = page.run("return document.querySelectorAll('*').length")
    print(f"opened in {opened:.2f} s, one step in {stepped:.0f} ms, {elements} elements, {path.stat().st_size >> 10} KiB")
    assert not page.errors
    assert elements < 1000      # what is in the document does not grow with the recording
    assert path.stat().st_size < 100 * 100000
    assert .05 < opened < 2


def test_readmes_picture_is_small_and_a_picture():
    with open(os.path.join(lab.ROOT, "docs", "picture.png"), "rb") as file:
        data = file.read()
    assert data.startswith(b"\x89PNG") and len(data) < 200 * 1000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_picture_is_kept(small, language, scheme):
    os.makedirs(PICTURES, exist_ok=True)
    path = os.path.join(PICTURES, f"test-{language}-{scheme}.png")
    with browser.open_page(f"{small}#lang={language}&step=9", height=1000) as page:
        wish(page, scheme)
        page.until(READY)
        page.until("Number(document.querySelector('#frames canvas').dataset.drawn) > 0")
        page.driver.save_screenshot(path)
    assert os.path.getsize(path) > 20000
