// SPDX-License-Identifier: MIT
// data.js - the columns that report.py wrote, and the one question that every pane asks of them: what is there at tick t?
//
// A table is columns of equal length. A life has born and died, in ticks; it is there while born <= t < died.

// One report for each process; the address after # chooses, the first is the one that was asked for.
export const reports = JSON.parse(document.getElementById("data").textContent);
const wanted = Number(new URLSearchParams(location.hash.slice(1)).get("pid"));

export const data = reports.find(report => report.pid === wanted) || reports[0];
export const PAGE = 4096;
export const last = Math.max(data.ticks - 1, 0);
export const text = number => data.texts[number];

const NEVER = 0x7fffffff;

function table(columns, names) {
    const made = { n: columns.length ? columns[0].length : 0 };
    names.forEach((name, at) => { made[name] = columns[at] || []; });
    if (made.died)
        made.died = Int32Array.from(made.died, tick => (tick < 0 ? NEVER : tick));
    return made;
}

export const regions = table(data.regions, ["born", "died", "start", "end", "prot", "shared", "name", "lane", "why"]);
export const runs = table(data.runs, ["born", "died", "va", "pages", "pfn", "dpfn", "kind", "counted", "pid"]);
export const chunks = table(data.chunks, ["born", "died", "ptr", "size", "chunk", "chunk_size", "path", "place"]);
export const frames = table(data.frames, ["born", "died", "pfn", "order", "owner", "pid"]);
export const counters = table(data.counters, ["tick", "vsz", "rss", "table", "swap"]);
export const free = table(data.free, ["tick", "frames"]);
export const faults = table(data.faults, ["tick", "count"]);
export const story = table(data.story, ["kind", "first", "last", "depth", "parent", "cause", "details"]);

// The rows of a table of lives that are there at this tick.
export function at(lives, tick) {
    const rows = [];
    for (let row = 0; row < lives.n; row++)
        if (lives.born[row] <= tick && tick < lives.died[row])
            rows.push(row);
    return rows;
}

// Pages on the swap disk are runs, too: of slots.
const SWAPPED = data.texts.indexOf("swapped");
export const isSwapped = row => runs.kind[row] === SWAPPED;
export const swaps = counters.swap.some(kb => kb > 0);

export const own = rows => rows.filter(row => runs.pid[row] === data.pid);

// The last row whose tick is not after this one; -1: none. The column rises.
export function until(column, tick) {
    let low = 0, high = column.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (column[middle] <= tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

const faultSums = [0];
for (let row = 0; row < faults.n; row++)
    faultSums.push(faultSums[row] + faults.count[row]);

export const faultsAt = tick => faultSums[until(faults.tick, tick) + 1];

export function countersAt(tick) {
    const row = until(counters.tick, tick);
    const of = column => (row < 0 ? 0 : column[row]);
    return { vsz: of(counters.vsz), rss: of(counters.rss), table: of(counters.table), swap: of(counters.swap), faults: faultsAt(tick) };
}

export function place(number) {
    if (number === undefined || number < 0)
        return null;
    const [pc, name, file, line] = data.places[number];
    return { pc, name: text(name), file: text(file), line };
}

// The region that a page of this address lies in at this tick; -1: none.
export const regionAt = (va, rows) => rows.find(row => regions.start[row] <= va && va < regions.end[row]) ?? -1;
