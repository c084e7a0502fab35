// SPDX-License-Identifier: MIT
// draw.js - what all pictures share: colours that colour-blind people tell apart (Okabe and Ito), hatches, canvases that stay sharp.
//
// No colour stands alone: each comes with a label, a letter or a hatch.

import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";

const patterns = new Map();

// The colours of the paper come from style.css, which has them for light and for dark; those of things are the same on both.
const scheme = matchMedia("(prefers-color-scheme: dark)");
export let dark, INK, SOFT, LINE, PANE, FREE, GRID;

function readColours() {
    const style = getComputedStyle(document.documentElement);
    dark = scheme.matches;
    [INK, SOFT, LINE, PANE, FREE, GRID] = ["ink", "soft", "line", "pane", "free", "grid"].map(name => style.getPropertyValue(`--${name}`));
    patterns.clear();
}

export function onScheme(action) {
    scheme.addEventListener("change", () => {
        readColours();
        action(dark);
    });
}

export const DARK_INK = "#1b2330", HEADER = "#7a1f00";
export const COLOURS = { heap: "#e69f00", stack: "#cc79a7", anon: "#009e73", text: "#0072b2", constant: "#56b4e9", data: "#d55e00", kernel: "#8a94a3" };
export const SITES = ["#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#0072b2", "#f0e442", "#d55e00"];
export const FONT = "11px system-ui, sans-serif";
export const MONO = "11px ui-monospace, 'DejaVu Sans Mono', monospace";

export function regionColour(name, prot) {
    if (name === "[heap]" || name === "[stack]")
        return COLOURS[name.slice(1, -1)];
    if (name === "[vdso]" || name === "[vvar]")
        return COLOURS.kernel;
    if (name[0] !== "/")
        return COLOURS.anon;
    return prot & 4 ? COLOURS.text : prot & 2 ? COLOURS.data : COLOURS.constant;
}

// Thin lines in this colour on a tint of it.
export function hatch(g, colour, step = 6) {
    const key = colour + step;
    if (!patterns.has(key)) {
        const tile = document.createElement("canvas");
        tile.width = tile.height = step;
        const p = tile.getContext("2d");
        p.fillStyle = PANE;
        p.fillRect(0, 0, step, step);
        p.globalAlpha = 0.14;
        p.fillStyle = colour;
        p.fillRect(0, 0, step, step);
        p.globalAlpha = 0.75;
        p.strokeStyle = colour;
        p.lineWidth = 1;
        p.beginPath();
        for (const shift of [-step, 0, step]) {
            p.moveTo(shift, step);
            p.lineTo(shift + step, 0);
        }
        p.stroke();
        patterns.set(key, tile);
    }
    return g.createPattern(patterns.get(key), "repeat");
}

readColours();

// Text that ends in … where the room does.
export function fit(g, words, room) {
    if (g.measureText(words).width <= room)
        return words;
    while (words && g.measureText(words + "\u2026").width > room)
        words = words.slice(0, -1);
    return words ? words + "\u2026" : "";
}

export let drawn = 0;    // pictures drawn since the page was opened: the tests count them

// A canvas that calls draw(context, width, height) when one of `on` changes, and when its size does.
export function Canvas({ draw, on, label, height, onPoint, onLeave, onPick, className }) {
    const ref = useRef(null);
    const paint = () => {
        const canvas = ref.current, width = canvas.clientWidth, tall = canvas.clientHeight, ratio = window.devicePixelRatio || 1;
        if (!width || !tall)
            return;
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(tall * ratio);
        const g = canvas.getContext("2d");
        g.scale(ratio, ratio);
        g.font = FONT;
        g.textBaseline = "middle";
        draw(g, width, tall);
        drawn++;
        canvas.dataset.drawn = (Number(canvas.dataset.drawn) || 0) + 1;
    };
    const latest = useRef(paint);
    latest.current = paint;
    useEffect(paint, [...on, dark]);
    useEffect(() => {
        let seen = "";
        const watch = new ResizeObserver(() => {
            const now = `${ref.current.clientWidth} ${ref.current.clientHeight}`;
            if (seen && seen !== now)
                latest.current();
            seen = now;
        });
        watch.observe(ref.current);
        return () => watch.disconnect();
    }, []);
    const where = (handler, event) => handler && handler(event.offsetX, event.offsetY, event);
    return h("canvas", { ref, role: "img", "aria-label": label, class: className, style: height ? { height: `${height}px` } : null,
                         onMouseMove: event => where(onPoint, event), onMouseLeave: () => onLeave && onLeave(),
                         onMouseDown: event => where(onPick, event) });
}
