// SPDX-License-Identifier: MIT
// lanes.js - which row each region is drawn in, and how much of it was resident, or on the swap disk, when. Computed once.
//
// Rows stand in order of address, the highest on top, as the address space is usually drawn. Regions of one name that follow each other
// in time at one place share a row; of more rows than MOST_ROWS the largest are drawn.

import { PAGE, data, isSwapped, regions, runs, text } from "./data.js";

const MOST_ROWS = 40;

function lanesOf() {
    const lanes = new Map();
    for (let row = 0; row < regions.n; row++) {
        const id = regions.lane[row];
        if (!lanes.has(id))
            lanes.set(id, { id, name: text(regions.name[row]), shapes: [], start: Infinity, end: 0, born: Infinity, died: 0 });
        const lane = lanes.get(id);
        lane.shapes.push(row);
        lane.start = Math.min(lane.start, regions.start[row]);
        lane.end = Math.max(lane.end, regions.end[row]);
        lane.born = Math.min(lane.born, regions.born[row]);
        lane.died = Math.max(lane.died, regions.died[row]);
    }
    return [...lanes.values()];
}

function rowsOf(lanes) {
    const open = new Map(), rows = [];
    for (const lane of lanes.sort((a, b) => a.born - b.born)) {
        const same = (open.get(lane.name) || []).find(row => row.until <= lane.born && lane.start < row.end && row.start < lane.end);
        const row = same || { name: lane.name, lanes: [], start: lane.start, end: lane.end };
        if (!same) {
            rows.push(row);
            open.set(lane.name, [...(open.get(lane.name) || []), row]);
        }
        row.lanes.push(lane);
        row.until = lane.died;
        row.start = Math.min(row.start, lane.start);
        row.end = Math.max(row.end, lane.end);
    }
    return rows;
}

// [[tick, pages, swapped]]: the resident pages of a row from that tick on, and those on the swap disk.
function residentCurve(changes) {
    const curve = [];
    let pages = 0, swapped = 0;
    for (const [tick, more, moreSwapped] of changes.sort((a, b) => a[0] - b[0])) {
        pages += more;
        swapped += moreSwapped;
        if (curve.length && curve[curve.length - 1][0] === tick)
            curve.pop();
        curve.push([tick, pages, swapped]);
    }
    return curve;
}

// A run's pages count where their address is: the region may be cut, or become one with its neighbour, while they are resident.
function countRun(run, rowOf) {
    const va = runs.va[run] * PAGE, end = va + runs.pages[run] * PAGE;
    for (let shape = 0; shape < regions.n; shape++) {
        const pages = (Math.min(end, regions.end[shape]) - Math.max(va, regions.start[shape])) / PAGE;
        const from = Math.max(runs.born[run], regions.born[shape]), to = Math.min(runs.died[run], regions.died[shape]);
        const [mapped, swapped] = isSwapped(run) ? [0, pages] : [pages, 0];
        if (pages > 0 && from < to)
            rowOf.get(regions.lane[shape])?.changes.push([from, mapped, swapped], [to, -mapped, -swapped]);
    }
}

function fillCurves(rows) {
    const rowOf = new Map();
    for (const row of rows) {
        row.changes = [];
        row.lanes.forEach(lane => rowOf.set(lane.id, row));
    }
    for (let run = 0; run < runs.n; run++)
        if (runs.pid[run] === data.pid && (runs.counted[run] || isSwapped(run)))
            countRun(run, rowOf);
    for (const row of rows) {
        const life = shape => regions.died[shape] - regions.born[shape];
        row.prot = regions.prot[row.lanes.flatMap(lane => lane.shapes).reduce((a, b) => (life(b) > life(a) ? b : a))];
        row.curve = residentCurve(row.changes);
        row.most = Math.max(1, ...row.lanes.map(lane => (lane.end - lane.start) / PAGE));
        delete row.changes;
    }
}

// A region that was merged as soon as it was made is seen in its neighbour.
const lasting = row => row.lanes.some(lane => lane.died - lane.born > 2);

const all = rowsOf(lanesOf()).filter(lasting);
fillCurves(all);
const largest = [...all].sort((a, b) => b.most - a.most).slice(0, MOST_ROWS);

export const rows = largest.sort((a, b) => b.start - a.start);
export const leftOut = all.length - rows.length;

function curveAt(row, tick, column) {
    let low = 0, high = row.curve.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (row.curve[middle][0] <= tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? row.curve[low - 1][column] : 0;
}

export const residentAt = (row, tick) => curveAt(row, tick, 1);
export const swappedAt = (row, tick) => curveAt(row, tick, 2);

// The shape of the row's region at this tick; -1: there is none.
export function shapeAt(row, tick) {
    for (const lane of row.lanes)
        for (const shape of lane.shapes)
            if (regions.born[shape] <= tick && tick < regions.died[shape])
                return shape;
    return -1;
}
