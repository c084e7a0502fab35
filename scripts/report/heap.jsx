// SPDX-License-Identifier: MIT
// heap.jsx - the heap in order of address: every block that malloc handed out, coloured by who asked, and what is free between them.
//
// What is free follows from what is in use: the gaps between blocks of one region are free, what lies behind the last is the top.
// Widths are logarithms, so that 16 bytes can be seen beside 100 KiB; when there are too many blocks for that, a pixel is a
// number of bytes.

import { h } from "preact";
import { at, chunks, place, regionAt, regions, text } from "./data.js";
import { Canvas, DARK_INK, HEADER, LINE, SITES, SOFT, fit, hatch } from "./draw.js";
import { Pane } from "./pane.jsx";
import { spot } from "./titles.js";
import { count, hex, size, t } from "./words.js";

const ROW = 30, SPACE = 4, THIN = 10;

export const siteLetter = number => String.fromCharCode(65 + (number % 26)) + (number >= 26 ? Math.floor(number / 26) : "");
const siteColour = number => SITES[number % SITES.length];

// Call sites in the order in which they first allocated.
const sites = new Map();
for (let row = 0; row < chunks.n; row++)
    if (!sites.has(chunks.place[row]))
        sites.set(chunks.place[row], sites.size);

// [{kind: used, free, top or mapping, start, end, row}]
function blocksAt(tick) {
    const alive = at(regions, tick), used = at(chunks, tick).sort((a, b) => chunks.chunk[a] - chunks.chunk[b]), blocks = [];
    let region = -1, end = 0;
    const close = () => region >= 0 && blocks.push(...behind(region, end, tick));
    for (const row of used) {
        if (text(chunks.path[row]) === "mmap") {
            blocks.push({ kind: "mapping", start: chunks.chunk[row], end: chunks.chunk[row] + chunks.chunk_size[row], row });
            continue;
        }
        const here = regionAt(chunks.chunk[row], alive);
        if (here !== region) {
            close();
            region = here;
            end = here < 0 ? chunks.chunk[row] : regions.start[here];
        }
        if (end < chunks.chunk[row])
            blocks.push({ kind: "free", start: end, end: chunks.chunk[row] });
        end = Math.max(end, chunks.chunk[row] + chunks.chunk_size[row]);
        blocks.push({ kind: "used", start: chunks.chunk[row], end, row });
    }
    close();
    return heapOnly(blocks, alive, tick).sort((a, b) => a.start - b.start);
}

// What lies between the last block and the region's end: free, and in the heap what no block ever reached.
function behind(region, from, tick) {
    const end = regions.end[region], isHeap = text(regions.name[region]) === "[heap]";
    let reached = isHeap ? from : end;
    for (let row = 0; isHeap && row < chunks.n; row++)
        if (chunks.born[row] <= tick && chunks.chunk[row] >= regions.start[region] && chunks.chunk[row] < end)
            reached = Math.max(reached, Math.min(chunks.chunk[row] + chunks.chunk_size[row], end));
    return [{ kind: "free", start: from, end: reached }, { kind: "top", start: reached, end }].filter(block => block.start < block.end);
}

// A heap in which nothing is in use is free, as far as it was ever used.
function heapOnly(blocks, alive, tick) {
    const heap = alive.find(row => chunks.n && text(regions.name[row]) === "[heap]");    // without events nothing is known of it
    if (heap !== undefined && !blocks.some(block => block.start >= regions.start[heap] && block.end <= regions.end[heap]))
        blocks.unshift(...behind(heap, regions.start[heap], tick));
    return blocks;
}

function sumOf(blocks) {
    const used = blocks.filter(block => block.row !== undefined), free = blocks.filter(block => block.kind === "free");
    const asked = used.reduce((sum, block) => sum + chunks.size[block.row], 0), taken = used.reduce((sum, block) => sum + chunks.chunk_size[block.row], 0);
    const bytes = free.reduce((sum, block) => sum + block.end - block.start, 0), most = Math.max(0, ...free.map(block => block.end - block.start));
    const broken = bytes ? Math.round(100 * (1 - most / bytes)) : 0;
    return used.length ? t("heap_sum", count(used.length), size(asked), size(taken - asked), size(bytes), `${broken} %`) : t("heap_none");
}

const wide = block => 20 + 9 * Math.log2(Math.max((block.end - block.start) / 16, 1));

// Every block with its place: logarithmic widths when they fit, lines of bytes otherwise.
function placed(blocks, width, height) {
    const lines = Math.max(Math.floor((height + SPACE) / (ROW + SPACE)), 1), room = lines * width * 0.92;
    const sum = blocks.reduce((all, block) => all + wide(block), 0), shrink = Math.min(1, room / Math.max(sum, 1));
    if (shrink < 0.6)
        return inProportion(blocks, width, height);
    let x = 0, y = 0;
    return blocks.map(block => {
        const w = wide(block) * shrink;
        if (x + w > width && x > 0) {
            x = 0;
            y += ROW + SPACE;
        }
        const place = { block, x, y, w: Math.min(w, width), tall: ROW };
        x += place.w + 2;
        return place;
    });
}

// Thin lines, in which a pixel is a number of bytes. What would leave no room for the others (a mapping, the top) is drawn shorter.
function inProportion(blocks, width, height) {
    const lines = Math.max(Math.floor(height / THIN), 1), bytes = block => block.end - block.start;
    const normal = blocks.filter(block => block.kind === "used" || block.kind === "free").reduce((sum, block) => sum + bytes(block), 0);
    const drawn = block => (block.kind === "used" || block.kind === "free" ? bytes(block) : Math.min(bytes(block), normal / 20));
    const scale = lines * width / Math.max(blocks.reduce((sum, block) => sum + drawn(block), 0), 1), places = [];
    let at = 0;
    for (const block of blocks)
        for (let left = drawn(block) * scale; left > 0.01;) {
            const line = Math.floor(at / width + 1e-9), x = at - line * width, w = Math.min(left, width - x);
            places.push({ block, x, y: line * THIN, w, tall: THIN - 2 });
            at += w;
            left -= w;
        }
    return places;
}

function drawThin(g, { block, x, y, w, tall }) {
    g.fillStyle = block.row === undefined ? hatch(g, block.kind === "top" ? "#9aa5b4" : "#5f6b7a", 4) : siteColour(sites.get(chunks.place[block.row]));
    g.fillRect(x, y, w, tall);
    if (block.row !== undefined && w > 3) {
        g.fillStyle = HEADER;
        g.fillRect(x, y, 1, tall);
    }
}

function drawBlock(g, place) {
    if (place.tall < ROW)
        drawThin(g, place);
    else
        drawWide(g, place);
}

function drawWide(g, { block, x, y, w }) {
    if (block.row === undefined) {
        g.fillStyle = block.kind === "top" ? hatch(g, "#9aa5b4", 9) : hatch(g, "#5f6b7a");
        g.fillRect(x, y, w, ROW);
    } else {
        const site = sites.get(chunks.place[block.row]), header = chunks.ptr[block.row] - chunks.chunk[block.row];
        g.fillStyle = siteColour(site);
        g.fillRect(x, y, w, ROW);
        if (header > 0 && w > 8) {
            g.fillStyle = HEADER;
            g.fillRect(x, y, Math.min(4, w / 3), ROW);
        }
    }
    g.strokeStyle = block.row === undefined ? LINE : "rgba(27,35,48,.45)";
    g.strokeRect(x + 0.5, y + 0.5, w - 1, ROW - 1);
    if (w < 18)
        return;
    const bytes = size(block.row === undefined ? block.end - block.start : chunks.size[block.row]);
    const words = block.row === undefined ? t(block.kind) : siteLetter(sites.get(chunks.place[block.row]));
    g.font = "10px system-ui, sans-serif";
    for (const [line, offset] of [[words, ROW / 2 - 6], [bytes, ROW / 2 + 6.5]]) {
        const shown = fit(g, line, w - 8), room = g.measureText(shown).width;
        if (!shown)
            continue;
        g.fillStyle = block.row === undefined ? "rgba(255,255,255,.85)" : "rgba(255,255,255,.78)";
        g.fillRect(x + 5, y + offset - 6, room + 3, 12);
        g.fillStyle = DARK_INK;
        g.fillText(shown, x + 6.5, y + offset + 0.5);
    }
}

function state(block) {
    return block.row === undefined ? t(block.kind) : block.kind === "mapping" ? t("own_mapping") : t("used");
}

function twin(blocks) {
    return {
        head: [t("address"), t("asked"), t("taken"), t("state"), t("caller")],
        rows: blocks.map(block => [hex(block.start), block.row === undefined ? "" : size(chunks.size[block.row]), size(block.end - block.start), state(block),
                                   block.row === undefined ? "" : `${siteLetter(sites.get(chunks.place[block.row]))} ${spot(place(chunks.place[block.row]))}`]),
    };
}

function Sites({ blocks }) {
    const seen = [...new Set(blocks.filter(block => block.row !== undefined).map(block => chunks.place[block.row]))].slice(0, 5);
    return <ul class="key">{seen.map(number => <li>
        <b class="letter" style={{ background: siteColour(sites.get(number)) }}>{siteLetter(sites.get(number))}</b>{spot(place(number))}</li>)}</ul>;
}

export function Heap({ tick, language, tables, onTip }) {
    const blocks = blocksAt(tick);
    let shown = [];
    const draw = (g, width, height) => {
        shown = placed(blocks, width, height);
        shown.forEach(place => drawBlock(g, place));
        if (!shown.length) {
            g.fillStyle = SOFT;
            g.fillText(t(chunks.n ? "heap_none" : "heap_off"), 4, 14);
        }
    };
    const tip = (x, y, event) => {
        const hit = shown.find(place => x >= place.x && x < place.x + place.w && y >= place.y && y < place.y + place.tall), block = hit && hit.block;
        const lines = block && [`${state(block)}: ${size(block.end - block.start)}`, `${hex(block.start)}\u2013${hex(block.end)}`];
        if (block && block.row !== undefined)
            lines.push(`malloc(${chunks.size[block.row]}) = ${hex(chunks.ptr[block.row])}`, spot(place(chunks.place[block.row])));
        onTip(block ? { x: event.clientX, y: event.clientY, words: lines } : null);
    };
    return <Pane id="heap" title={t("heap")} note={t("heap_note")} tables={tables} twin={() => twin(blocks)}>
        <Canvas className="fill" draw={draw} on={[tick, language]} label={sumOf(blocks)} onPoint={tip} onLeave={() => onTip(null)} />
        {blocks.some(block => block.row !== undefined) && <p class="note" id="heap-sum">{sumOf(blocks)}</p>}
        <Sites blocks={blocks} />
    </Pane>;
}
