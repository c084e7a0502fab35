// SPDX-License-Identifier: MIT
// space.jsx - the address space over time: a lane for each region, hatched while it is only promised, filled as far as it is resident,
// pale as far as it is on the swap disk.
//
// The lanes are drawn once; only the column at the right, which tells the state at the cursor, is drawn at every step.

import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PAGE, at, last, regions, swaps, text } from "./data.js";
import { Canvas, INK, LINE, MONO, PANE, SOFT, FONT, fit, hatch, regionColour } from "./draw.js";
import { leftOut, residentAt, rows, shapeAt, swappedAt } from "./lanes.js";
import { Pane } from "./pane.jsx";
import { hex, rights, size, t } from "./words.js";

export const LEFT = 132, RIGHT = 148;
const GAP = 15, LEAST = 13, TOP = 4, MOST = 330;    // MOST: pixels of lanes that are seen at a time

export const xOf = (tick, width) => LEFT + (last ? Math.min(tick, last) / last : 0) * (width - LEFT - RIGHT);
export const tickOf = (x, width) => Math.round(Math.max(0, Math.min(1, (x - LEFT) / (width - LEFT - RIGHT))) * last);

const tall = row => LEAST + Math.min(14, Math.max(0, Math.log2(row.most) * 0.75));

// Where each row lies, and the gap below it in bytes.
function layout() {
    let y = TOP;
    const placed = rows.map((row, at) => {
        const below = rows[at + 1], gap = below ? row.start - below.end : 0;
        const place = { row, y, height: tall(row), gap };
        y += place.height + (gap > 0 ? GAP : 3);
        return place;
    });
    return { placed, height: Math.ceil(y + 2) };
}

const PLACES = layout();

function drawGap(g, y, width, bytes) {
    g.strokeStyle = LINE;
    g.lineWidth = 1;
    g.beginPath();
    for (let x = LEFT, up = false; x <= width - RIGHT; x += 6, up = !up)
        g.lineTo(x, y + (up ? -2 : 2));
    g.stroke();
    g.font = "10px system-ui, sans-serif";
    const words = `\u224b ${t("gap", size(bytes))}`, room = g.measureText(words).width + 12, x = LEFT + 18;
    g.fillStyle = PANE;
    g.fillRect(x, y - 6, room, 12);
    g.fillStyle = SOFT;
    g.fillText(words, x + 6, y + 0.5);
    g.font = FONT;
}

const share = (pages, most) => (pages ? Math.max(0.12, Math.log2(1 + pages) / Math.log2(1 + most)) : 0);

function drawResident(g, place, width, colour) {
    const { row, y, height } = place, bottom = y + height;
    g.fillStyle = colour;
    let from = 0, high = 0, most = 0;
    const bar = to => {    // whole pixels: no seams
        if (high > 0)
            g.fillRect(from, bottom - high, Math.max(to - from, 1), high);
        if (most > high) {
            g.globalAlpha = 0.45;
            g.fillRect(from, bottom - most, Math.max(to - from, 1), most - high);
            g.globalAlpha = 1;
        }
    };
    for (const [tick, pages, swapped] of row.curve) {
        const x = Math.round(xOf(tick, width));
        bar(x);
        from = x;
        high = share(pages, row.most) * height;
        most = swapped ? share(pages + swapped, row.most) * height : 0;
    }
    bar(Math.round(xOf(last, width)));
}

function drawLanes(g, width) {
    for (const place of PLACES.placed) {
        const { row, y, height } = place, { prot } = row, colour = regionColour(row.name, prot);
        for (const lane of row.lanes) {
            const x = xOf(lane.born, width), end = Math.max(xOf(Math.min(lane.died, last), width), x + 2);
            g.fillStyle = hatch(g, colour);
            g.fillRect(x, y, end - x, height);
            g.strokeStyle = colour;
            g.strokeRect(x + 0.5, y + 0.5, end - x - 1, height - 1);
        }
        drawResident(g, place, width, colour);
        g.fillStyle = INK;
        const allowed = ` ${rights(prot)}`, room = LEFT - 14 - g.measureText(allowed).width;
        g.textAlign = "right";
        g.fillText(fit(g, row.name.split("/").pop(), room) + allowed, LEFT - 8, y + height / 2 + 0.5);
        g.textAlign = "left";
        if (place.gap > 0)
            drawGap(g, y + height + GAP / 2, width, place.gap);
    }
}

function drawState(g, width, tick) {
    g.font = MONO;
    for (const { row, y, height } of PLACES.placed) {
        const shape = shapeAt(row, tick), pages = residentAt(row, tick);
        g.fillStyle = pages ? INK : SOFT;
        const words = shape < 0 ? t("gone") : t("of", size(pages * PAGE), size(regions.end[shape] - regions.start[shape]));
        g.fillText(fit(g, words, RIGHT - 12), width - RIGHT + 8, y + height / 2 + 0.5);
    }
}

function twin(tick) {
    const alive = at(regions, tick).sort((a, b) => regions.start[a] - regions.start[b]);
    const resident = new Map(), swapped = new Map();
    for (const row of rows) {
        resident.set(shapeAt(row, tick), residentAt(row, tick));
        swapped.set(shapeAt(row, tick), swappedAt(row, tick));
    }
    const ifSwaps = cell => (swaps ? [cell] : []);
    return {
        head: [t("address"), t("size"), t("rss"), t("rights"), t("region"), t("made_by"), ...ifSwaps(t("swap"))],
        rows: alive.map(row => [`${hex(regions.start[row])}\u2013${hex(regions.end[row])}`, size(regions.end[row] - regions.start[row]),
                                size((resident.get(row) || 0) * PAGE), rights(regions.prot[row], regions.shared[row]),
                                text(regions.name[row]), text(regions.why[row]),
                                ...ifSwaps(size((swapped.get(row) || 0) * PAGE))]),
    };
}

function summary(tick) {
    return twin(tick).rows.map(row => `${row[4]}: ${t("of", row[2], row[1])}`).join("; ");
}

// The same place in time in each picture that is drawn over it.
export function CursorLine({ tick, height }) {
    const ref = useRef(null), [width, setWidth] = useState(0);
    useEffect(() => {
        const watch = new ResizeObserver(() => setWidth(ref.current.parentNode.clientWidth));
        watch.observe(ref.current.parentNode);
        return () => watch.disconnect();
    }, []);
    return <div class="cursor" ref={ref} aria-hidden="true" style={{ height, transform: `translateX(${Math.round(xOf(tick, width))}px)` }} />;
}

export function Space({ tick, language, tables, onTick, onTip }) {
    const tip = (x, y, event) => {
        const place = PLACES.placed.find(each => y >= each.y && y < each.y + each.height);
        const there = place && tickOf(x, event.target.clientWidth), shape = place ? shapeAt(place.row, there) : -1;
        onTip(shape < 0 ? null : { x: event.clientX, y: event.clientY, words: [
            `${place.row.name} ${rights(regions.prot[shape], regions.shared[shape])}`,
            `${hex(regions.start[shape])}\u2013${hex(regions.end[shape])}`,
            `${t("rss")} ${t("of", size(residentAt(place.row, there) * PAGE), size(regions.end[shape] - regions.start[shape]))}`,
            ...(swappedAt(place.row, there) ? [`${t("swap")} ${size(swappedAt(place.row, there) * PAGE)}`] : [])] });
        if (event.buttons & 1)
            onTick(tickOf(x, event.target.clientWidth));
    };
    const ref = useRef(), before = useRef(0);
    // There may be more lanes than fit: the one in which a step did something comes into view.
    useEffect(() => {
        const place = PLACES.placed.find(({ row }) => shapeAt(row, before.current) !== shapeAt(row, tick) || residentAt(row, before.current) !== residentAt(row, tick));
        before.current = tick;
        if (place && ref.current && Math.abs(place.y - ref.current.scrollTop - MOST / 2) > MOST / 2 - place.height)
            ref.current.scrollTop = place.y - MOST / 2;
    }, [tick]);
    const cut = PLACES.height > MOST ? t("lanes_scroll", rows.length) : null;
    return <Pane id="space" title={t("space")} note={t("space_note") + (swaps ? t("space_note_swap") : "")} tables={tables} twin={() => twin(tick)}
        sum={leftOut ? t("rows_left_out", leftOut) : cut}>
        <div class="stack scroll" ref={ref} style={{ maxHeight: MOST }}>
            <Canvas height={PLACES.height} draw={(g, width) => drawLanes(g, width)} on={[language]} label={summary(tick)} />
            <Canvas height={PLACES.height} className="over" draw={(g, width) => drawState(g, width, tick)} on={[tick, language]} label=""
                onPoint={tip} onLeave={() => onTip(null)} onPick={(x, y, event) => onTick(tickOf(x, event.target.clientWidth))} />
            <CursorLine tick={tick} height={PLACES.height} />
        </div>
    </Pane>;
}
