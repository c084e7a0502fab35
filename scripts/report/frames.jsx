// SPDX-License-Identifier: MIT
// frames.jsx - the machine's RAM, cell by cell: who owns each frame, and under the pointer who maps it where.

import { h } from "preact";
import { useState } from "preact/hooks";
import { PAGE, at, data, frames, free, isSwapped, regionAt, regions, runs, text, until } from "./data.js";
import { COLOURS, Canvas, FREE as FREE_COLOUR, PANE } from "./draw.js";
import { Pane } from "./pane.jsx";
import { count, hex, size, t } from "./words.js";

// Owners by number, in order of what wins when a cell has several; a letter for each, so that no colour stands alone.
const OWNERS = [["o_none", null, ""], ["o_free", null, "\u00b7"], ["o_kernel", COLOURS.kernel, "K"], ["o_other", "#b7c9dc", "o"], ["o_table", COLOURS.stack, "P"],
                ["o_file", COLOURS.constant, "F"], ["o_anon", COLOURS.anon, "A"]];
const NONE = 0, FREE = 1, KERNEL = 2, OTHER = 3, TABLE = 4, FILE = 5, ANON = 6;
const SMALLEST = 5;    // pixels of a cell's side, so that its sign can be seen
const CACHED = ["file", "shmem"];    // frames of the page cache

function ownerOf(owner, pid) {
    if (owner === "table")
        return TABLE;
    if (owner === "anon" || CACHED.includes(owner))
        return pid === data.pid ? (owner === "anon" ? ANON : FILE) : OTHER;
    return owner === "no_ram" ? NONE : KERNEL;
}

// The owner of every frame at this tick: as the kernel said when it gave it out, and what is mapped by it.
export function ownersAt(tick) {
    const owners = new Uint8Array(data.memory).fill(FREE);
    for (const row of at(frames, tick))
        owners.fill(ownerOf(text(frames.owner[row]), frames.pid[row]), frames.pfn[row], frames.pfn[row] + (1 << frames.order[row]));
    for (const row of at(runs, tick)) {
        if (!runs.counted[row])
            continue;
        const owner = ownerOf(CACHED.includes(text(runs.kind[row])) ? "file" : "anon", runs.pid[row]);
        for (let k = 0, pfn = runs.pfn[row]; k < runs.pages[row]; k++, pfn += runs.dpfn[row])
            if (pfn < owners.length && owner > owners[pfn])
                owners[pfn] = owner;
    }
    return owners;
}

// Cells as large as they can be, each for as few frames as that allows, a power of two.
function grid(width, height) {
    for (let each = 1; each < data.memory; each *= 2) {
        const cells = Math.ceil(data.memory / each);
        for (let side = Math.floor(Math.sqrt(width * height / cells)); side >= SMALLEST; side--) {
            const columns = Math.floor(width / side);
            if (Math.ceil(cells / columns) * side <= height)
                return { each, side, columns, cells };
        }
    }
    return { each: data.memory, side: SMALLEST, columns: 1, cells: 1 };
}

function strongest(owners, from, to) {
    let most = NONE;
    for (let pfn = from; pfn < to && pfn < owners.length; pfn++)
        most = Math.max(most, owners[pfn]);
    return most;
}

// What nobody has is nearly the paper, which is light or dark.
const colourOf = owner => (owner === NONE ? PANE : owner === FREE ? FREE_COLOUR : OWNERS[owner][1]);

// A sign inside the cell for those who do not see its colour.
function drawSign(g, owner, x, y, side) {
    g.fillStyle = "rgba(255,255,255,.9)";
    if (owner === ANON)
        g.fillRect(x + side / 2 - 1, y + side / 2 - 1, 2, 2);
    else if (owner === FILE)
        g.fillRect(x + 1, y + side / 2 - 0.5, side - 3, 1);
    else if (owner === TABLE)
        g.fillRect(x + side / 2 - 1, y + 1, 1, side - 3);
}

function mappingsOf(pfn, tick) {
    return at(runs, tick).filter(row => !isSwapped(row)).filter(row => {
        const step = runs.dpfn[row], offset = pfn - runs.pfn[row], k = step ? offset / step : offset ? -1 : 0;
        return Number.isInteger(k) && k >= 0 && k < runs.pages[row];
    }).map(row => {
        const k = runs.dpfn[row] ? (pfn - runs.pfn[row]) / runs.dpfn[row] : 0;
        return { name: data.processes[runs.pid[row]] || String(runs.pid[row]), va: (runs.va[row] + k) * PAGE, own: runs.pid[row] === data.pid };
    });
}

// Of one frame without an owner the recording cannot tell whether somebody else has taken it since.
const nameOf = owner => t(owner === FREE ? "o_unknown" : OWNERS[owner][0]);

function twin(owners) {
    const rows = [];
    for (let from = 0; from < owners.length;) {
        let to = from;
        while (to < owners.length && owners[to] === owners[from])
            to++;
        rows.push([from === to - 1 ? `#${from}` : `#${from}\u2013${to - 1}`, count(to - from), nameOf(owners[from])]);
        from = to;
    }
    return { head: [t("frames"), t("count"), t("owner")], rows };
}

function countsOf(owners) {
    const counts = new Array(OWNERS.length).fill(0);
    owners.forEach(owner => counts[owner]++);
    return counts;
}

// Frames that somebody took of whom nothing is recorded: those without an owner that the kernel did not count as free, when it last told.
function takenBefore(tick) {
    const row = until(free.tick, tick);
    return row < 0 ? 0 : Math.max(countsOf(ownersAt(free.tick[row]))[FREE] - free.frames[row], 0);
}

function Owners({ owners, tick }) {
    const counts = countsOf(owners), before = takenBefore(tick);
    counts[FREE] -= before;
    return <ul class="key">{OWNERS.map(([name], owner) => (counts[owner] ? [owner, name] : null)).filter(Boolean).reverse().map(([owner, name]) =>
        <li><b class={`cell sign${owner}`} style={{ background: colourOf(owner) }} />{t(name)} <em>{count(counts[owner])}</em></li>)}
        {before > 0 && <li>{t("o_before")} <em>{count(before)}</em></li>}</ul>;
}

export function Frames({ tick, language, tables, onTip }) {
    const owners = ownersAt(tick), sizes = { each: 1 }, [each, setEach] = useState(1);
    const draw = (g, width, height) => {
        const { each, side, columns, cells } = Object.assign(sizes, grid(width, height));
        setEach(each);
        for (let cell = 0; cell < cells; cell++) {
            const owner = strongest(owners, cell * each, (cell + 1) * each), x = (cell % columns) * side, y = Math.floor(cell / columns) * side;
            g.fillStyle = colourOf(owner);
            g.fillRect(x, y, side - 1, side - 1);
            drawSign(g, owner, x, y, side);
        }
    };
    const tip = (x, y, event) => {
        const cell = Math.floor(y / sizes.side) * sizes.columns + Math.floor(x / sizes.side);
        if (!(x < sizes.columns * sizes.side && cell < sizes.cells)) {
            onTip(null);
            return;
        }
        let pfn = cell * sizes.each;
        while (pfn + 1 < (cell + 1) * sizes.each && owners[pfn] !== strongest(owners, cell * sizes.each, (cell + 1) * sizes.each))
            pfn++;
        const maps = mappingsOf(pfn, tick), alive = at(regions, tick);
        const lines = maps.slice(0, 6).map(map => {
            const region = map.own ? regionAt(map.va, alive) : -1;
            return t("mapped_at", map.name, hex(map.va)) + (region < 0 ? "" : ` ${text(regions.name[region])}`);
        });
        onTip({ x: event.clientX, y: event.clientY, words: [`${t("frame", count(pfn))}  ${hex(pfn * PAGE)}`, nameOf(owners[pfn]), ...(lines.length ? lines : [t("not_mapped")])] });
    };
    const note = each > 1 ? t("frames_note", each) : t("cell_one"), mine = owners.reduce((sum, owner) => sum + (owner >= FILE), 0);
    return <Pane id="frames" title={t("frames")} tables={tables} twin={() => twin(owners)} sum={size(data.memory * PAGE)} note={note}>
        <Canvas className="fill" draw={draw} on={[tick, language]} label={`${t("frames")}: ${t("o_anon")} + ${t("o_file")} ${mine}`} onPoint={tip} onLeave={() => onTip(null)} />
        <Owners owners={owners} tick={tick} />
    </Pane>;
}
