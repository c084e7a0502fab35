# SPDX-License-Identifier: MIT
"""dots.py - a plot of ratios as SVG: a row for each measure, a dot for each allocator, a line where the baseline stands.

The axis is logarithmic, so that half and double are equally far from 1. Less is better in every row.
"""

import math
from xml.sax.saxutils import escape

LABEL, AXIS, ROW, TOP, BOTTOM, RIGHT = 300, 560, 30, 86, 46, 30
COLOURS = ["#d1242f", "#57606a", "#0969da", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7d91"]
TICKS = [0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50]


def text(x, y, words, size=13, anchor="start", colour="#1f2328", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" {more}>'
            f"{escape(words)}</text>")


def line(x1, y1, x2, y2, colour, width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def scale_of(rows):
    values = [value for _, ratios, goal in rows for value in [*ratios.values(), goal, 1] if value]
    low, high = math.log(min(values) / 1.08), math.log(max(values) * 1.08)
    return lambda value: LABEL + AXIS * (math.log(value) - low) / (high - low)


def legend(names):
    parts, x = [], LABEL
    for i, name in enumerate(names):
        parts.append(f'<circle cx="{x + 6}" cy="58" r="{6 if i == 0 else 5}" fill="{COLOURS[i % len(COLOURS)]}"/>')
        parts.append(text(x + 16, 62.5, name, more='font-weight="bold"' if i == 0 else ""))
        x += 34 + 8 * len(name)
    parts.append(line(x + 6, 50, x + 6, 66, "#d1242f", 3) + text(x + 14, 62.5, "goal"))
    return parts


def draw(title, names, rows):
    """rows: [(label, {name: ratio}, goal as a ratio or None)]; the first name is drawn on top. => the SVG's text"""
    at = scale_of(rows)
    height = TOP + ROW * len(rows) + BOTTOM
    bottom = TOP + ROW * len(rows)
    width = LABEL + AXIS + RIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             'font-family="DejaVu Sans, Helvetica, Arial, sans-serif">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             text(16, 26, title, 16, more='font-weight="bold"'), *legend(names)]
    for tick in TICKS:
        if LABEL <= at(tick) <= LABEL + AXIS:
            parts.append(line(at(tick), TOP - 6, at(tick), bottom, "#57606a" if tick == 1 else "#eaeef2", 1.5 if tick == 1 else 1))
            parts.append(text(at(tick), bottom + 18, f"{tick:g}", 11, "middle", "#57606a"))
    for number, (label, ratios, goal) in enumerate(rows):
        y = TOP + ROW * number + ROW / 2
        parts.append(line(LABEL, y, LABEL + AXIS, y, "#d0d7de"))
        parts.append(text(LABEL - 12, y + 4.5, label, anchor="end"))
        if goal:
            parts.append(line(at(goal), y - 10, at(goal), y + 10, "#d1242f", 3))
        for i, name in reversed(list(enumerate(names))):
            if ratios.get(name):
                parts.append(f'<circle cx="{at(ratios[name]):.1f}" cy="{y:.1f}" r="{7 if i == 0 else 5}" fill-opacity="0.85" '
                             f'fill="{COLOURS[i % len(COLOURS)]}"><title>{escape(name)}: {ratios[name]:.3f}</title></circle>')
    parts.append(text(LABEL + AXIS, bottom + 36, "ratio to glibc, logarithmic; left is better", 11, "end", "#57606a"))
    return "\n".join([*parts, "</svg>"]) + "\n"
