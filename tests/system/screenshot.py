# SPDX-License-Identifier: MIT
"""screenshot.py - what a terminal shows (`tmux capture-pane -e`) as a picture, drawn by Chromium: to be looked at.

The cells keep their grid, so that a Chinese character takes two as it does on a terminal.
"""

import html
import re
import unicodedata

import browser

COLOURS = ["#2e3436", "#f06a5f", "#7fd34e", "#e0c04a", "#6fa8ff", "#d48ad8", "#4fd0d0", "#e6e6e6"]
PAPER, INK = "#101418", "#d8dee4"
CELL, LINE = 9, 19    # pixels
STYLE = f"""body {{ margin: 0; background: {PAPER}; color: {INK}; font: 15px/{LINE}px 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace }}
div {{ height: {LINE}px; white-space: pre; display: flex }} span {{ display: inline-block; width: {CELL}px; height: {LINE}px }}"""


def as_page(text):
    return f"<!DOCTYPE html><meta charset=utf-8><style>{STYLE}</style>" + "".join(
        f"<div>{''.join(cell(letter, attributes) for letter, attributes in line)}</div>" for line in lines_of(text))


def lines_of(text):
    """For each line its [(letter, attributes)]; what is set stays set in the next line."""
    lines, attributes = [[]], set()
    for codes, letters in re.findall(r"(?:\x1b\[([\d;]*)m)?([^\x1b]*)", re.sub(r"\x1b[()].|[\x0e\x0f]", "", text)):
        for code in (codes or "-1").split(";"):
            attributes = changed(attributes, int(code or 0))
        for letter in letters:
            if letter == "\n":
                lines.append([])
            else:
                lines[-1].append((letter, attributes))
    return lines


def changed(attributes, code):
    """After one number of `ESC [ ... m` (ECMA-48, 8.3.117)."""
    if code == 0:
        return set()
    if 30 <= code <= 39:
        return {one for one in attributes if one < 30} | ({code} if code < 38 else set())
    return attributes | {code} if 0 < code < 30 else attributes


def cell(letter, attributes):
    colour = next((COLOURS[code - 30] for code in attributes if code >= 30), INK)
    ink, paper = (PAPER, colour) if 7 in attributes else (colour, PAPER)
    wide = 2 * CELL if unicodedata.east_asian_width(letter) in "WF" else CELL
    style = f"width:{wide}px;color:{ink};background:{paper}"
    style += ";font-weight:bold" * (1 in attributes) + ";opacity:.45" * (2 in attributes) + ";text-decoration:underline" * (4 in attributes)
    return f'<span style="{style}">{html.escape(letter)}</span>'


def take(text, columns, lines, path):
    """Into a PNG; `path` with .html keeps the page."""
    page_path = str(path).removesuffix(".png") + ".html"
    with open(page_path, "w", encoding="utf-8") as file:
        file.write(as_page(text))
    with browser.open_page(page_path, columns * CELL, lines * LINE) as page:
        page.driver.set_window_size(columns * CELL, lines * LINE + page.run("return outerHeight - innerHeight"))
        page.driver.save_screenshot(str(path))
