// SPDX-License-Identifier: MIT
// steps.js - which rows of the story the cursor stops at, by level, and the tick that each shows.
//
// A step shows the state after it. A row whose parts are steps too shows the state in which it opened, so that ticks only rise.

import { data, last, story, text } from "./data.js";

export const LEVELS = ["story", "faults", "all"];
const MAIN = ["malloc", "free", "realloc", "mark", "operation", "fault_run", "segv", "exec", "proc_exit", "proc_new", "oom_kill"];
const MANY = 400;

const kinds = story.kind.map ? story.kind.map(text) : [];
const hasParts = new Uint8Array(story.n);
for (let row = 0; row < story.n; row++)
    if (story.parent[row] >= 0)
        hasParts[story.parent[row]] = 1;

export const kind = row => kinds[row];

const loneFaults = kinds.filter((name, row) => name === "fault" && story.depth[row] === 0).length;

function isStep(row, level) {
    const name = kinds[row];
    if (level === "all")
        return true;
    if (level === "faults")
        return MAIN.includes(name) || name === "call" || name === "fault" || name === "reclaim" || name.startsWith("vma_");
    if (story.depth[row] > 0)
        return false;
    return MAIN.includes(name) || (name === "call" && hasParts[row] && !boring(row)) || (name === "fault" && loneFaults <= MANY);
}

// A call in which pages of a buffer were touched, and nothing was asked of memory.
function boring(row) {
    return !parts(row).some(part => kinds[part].startsWith("vma_") || kinds[part] === "zap");
}

export function parts(row) {
    const found = [];
    for (let next = row + 1; next < story.n && story.depth[next] > story.depth[row]; next++)
        found.push(next);
    return found;
}

// Faults of one kind in one region that follow each other are one step: the last of them, with their number.
function foldFaults(steps) {
    const folded = [], alike = row => kinds[row] === "fault" && `${story.details[row][1]} ${story.details[row][8]}`;
    for (const step of steps) {
        const before = folded[folded.length - 1];
        if (before && alike(step.row) && alike(step.row) === alike(before.row))
            folded[folded.length - 1] = { ...step, n: before.n + 1 };
        else
            folded.push({ ...step, n: 1 });
    }
    return folded;
}

// [{row, tick}] in rising order; the first one is the program's beginning.
export function stepsOf(level) {
    const listed = [];
    for (let row = 0; row < story.n; row++)
        if (isStep(row, level))
            listed.push(row);
    const opens = new Uint8Array(story.n);
    for (const row of listed)
        for (let up = story.parent[row]; up >= 0; up = story.parent[up])
            opens[up] = 1;
    let highest = 0;
    const steps = listed.map(row => {
        highest = Math.max(highest, Math.min(opens[row] ? story.first[row] : story.last[row], last));
        return { row, tick: highest };
    });
    if (steps.length)
        steps[steps.length - 1].tick = last;
    return steps.length ? (level === "story" ? foldFaults(steps) : steps) : [{ row: -1, tick: data.ticks ? 0 : last }];
}

// The step that shows this tick: the last one that is not after it.
export function stepAt(steps, tick) {
    let low = 0, high = steps.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (steps[middle].tick <= tick)
            low = middle + 1;
        else
            high = middle;
    }
    return Math.max(low - 1, 0);
}
