// SPDX-License-Identifier: MIT
// tree.jsx - the page tables that stand at the cursor, from the root to the pages, and what they cost.
//
// A table exists as long as it maps something, so the tree follows from the pages. Leaf tables that lie beside each other and map one region
// are one box. What was not there at the step before is marked as new.

import { h } from "preact";
import { PAGE, at, isSwapped, own, regionAt, regions, runs, text } from "./data.js";
import { regionColour } from "./draw.js";
import { Pane } from "./pane.jsx";
import { count, pagesOf, size, t } from "./words.js";

const ENTRIES = 512, MOST_ROWS = 9, ROW = 22, LEVELS = ["PML4", "PDPT", "PD", "PT"];

// {index of the leaf table: {pages, swapped, low, high, va}}; pages: entries in use, swapped: those of them that lead to the swap disk
function leavesAt(tick) {
    const leaves = new Map();
    for (const row of own(at(runs, tick))) {
        const end = runs.va[row] + runs.pages[row];
        for (let va = runs.va[row]; va < end;) {
            const index = Math.floor(va / ENTRIES), to = Math.min(end, (index + 1) * ENTRIES);
            const leaf = leaves.get(index) || { index, pages: 0, swapped: 0, low: ENTRIES, high: 0, va: va * PAGE };
            leaf.pages += to - va;
            leaf.swapped += isSwapped(row) ? to - va : 0;
            leaf.low = Math.min(leaf.low, va % ENTRIES);
            leaf.high = Math.max(leaf.high, (to - 1) % ENTRIES);
            leaves.set(index, leaf);
            va = to;
        }
    }
    return leaves;
}

const above = (index, levels) => Math.floor(index / ENTRIES ** levels);

function groups(leaves, before, tick) {
    const alive = at(regions, tick), made = [];
    for (const leaf of [...leaves.values()].sort((a, b) => a.index - b.index)) {
        const region = regionAt(leaf.va, alive), last_ = made[made.length - 1], isNew = !before.has(leaf.index);
        const name = region < 0 ? "" : text(regions.name[region]);
        if (last_ && last_.to === leaf.index - 1 && last_.name === name && above(last_.to, 1) === above(leaf.index, 1) && last_.isNew === isNew) {
            last_.to = leaf.index;
            last_.pages += leaf.pages;
            last_.high = leaf.high;
        } else {
            made.push({ from: leaf.index, to: leaf.index, pages: leaf.pages, low: leaf.low, high: leaf.high, name, isNew,
                        colour: regionColour(name || "[anon]", region < 0 ? 0 : regions.prot[region]) });
        }
    }
    return made;
}

function costOf(leaves) {
    const indexes = [...leaves.keys()], distinct = levels => new Set(indexes.map(index => above(index, levels))).size;
    const tables = leaves.size + distinct(1) + distinct(2);
    const swapped = [...leaves.values()].reduce((sum, leaf) => sum + leaf.swapped, 0);
    const pages = [...leaves.values()].reduce((sum, leaf) => sum + leaf.pages, -swapped);
    return { tables, pages, swapped };
}

const slot = (index, levels) => above(index, levels) % ENTRIES;

// Boxes in columns, each at the height of the first leaf below it.
function boxesOf(shown, before) {
    const seen = new Set([...before.keys()].flatMap(index => [`2:${above(index, 1)}`, `1:${above(index, 2)}`])), boxes = [], placed = new Map();
    shown.forEach((group, row) => {
        let parent = "0:0";
        for (const [column, levels] of [[0, 3], [1, 2], [2, 1]]) {
            const id = column === 0 ? "0:0" : `${column}:${above(group.from, levels)}`;
            if (!placed.has(id)) {
                placed.set(id, row);
                const label = column === 0 ? "PML4" : `${LEVELS[column]} [${slot(group.from, levels)}]`;
                boxes.push({ id, column, row, parent: column ? parent : null, label, isNew: column > 0 && !seen.has(id) && before.size > 0 });
            }
            parent = id;
        }
        const name = `${slot(group.from, 0)}${group.to > group.from ? `\u2013${slot(group.to, 0)}` : ""}`;
        boxes.push({ id: `leaf${row}`, column: 3, row, parent, label: `PT [${name}]`, group, isNew: group.isNew && before.size > 0 });
    });
    return { boxes, placed };
}

const X = [0, 88, 212, 332], WIDE = [56, 96, 92, 112];

function Link({ from, to }) {
    const x = X[to.column - 1] + WIDE[to.column - 1], y = from * ROW + 10, end = X[to.column], y2 = to.row * ROW + 10, middle = (x + end) / 2;
    return <path class={to.isNew ? "link new" : "link"} d={`M${x} ${y}C${middle} ${y} ${middle} ${y2} ${end} ${y2}`} />;
}

function Leaf({ group, row }) {
    const x = X[3] + WIDE[3] + 12, y = row * ROW, bar = 128, one = group.from === group.to;
    const low = one ? group.low / ENTRIES : 0, high = one ? (group.high + 1) / ENTRIES : 1;
    const full = one ? 1 : group.pages / ((group.to - group.from + 1) * ENTRIES);
    return <g>
        <rect class="slots" x={x} y={y + 3} width={bar} height="14" />
        <rect x={x + low * bar} y={y + 3} width={Math.max((high - low) * bar * full, 1.5)} height="14" fill={group.colour} />
        <text x={x + bar + 8} y={y + 14}>{pagesOf(group.pages)}{one ? "" : ` / ${t("tables_n", group.to - group.from + 1)}`} <tspan class="soft">{group.name.split("/").pop()}</tspan></text>
    </g>;
}

function twin(all) {
    return { head: [t("table"), "PML4", "PDPT", "PD", t("pages", "").trim(), t("region")],
             rows: all.map(group => [group.to > group.from ? t("tables_n", group.to - group.from + 1) : `PT [${slot(group.from, 0)}]`, slot(group.from, 2), slot(group.from, 1),
                                     `${slot(group.from, 0)}${group.to > group.from ? `\u2013${slot(group.to, 0)}` : ""}`, group.pages, group.name]) };
}

export function Tree({ tick, before, tables }) {
    const leaves = leavesAt(tick), earlier = leavesAt(before), all = groups(leaves, earlier, tick), cost = costOf(leaves);
    const shown = all.length > MOST_ROWS ? [...all.slice(0, MOST_ROWS - 3), ...all.slice(-3)] : all, { boxes, placed } = boxesOf(shown, earlier);
    const sum = t("tree_sum", cost.tables, size(cost.tables * PAGE), cost.pages, size(cost.pages * PAGE)) +
        (cost.swapped ? t("tree_swapped", count(cost.swapped)) : "");
    return <Pane id="tree" title={t("tree")} tables={tables} twin={() => twin(all)} sum={leaves.size ? sum : t("nothing")}>
        <svg role="img" aria-label={sum} height={Math.max(shown.length, 1) * ROW} data-tables={cost.tables}>
            {boxes.filter(box => box.parent).map(box => <Link from={placed.get(box.parent)} to={box} />)}
            {boxes.map(box => <g class={box.isNew ? "box new" : "box"}>
                <rect x={X[box.column]} y={box.row * ROW} width={WIDE[box.column]} height="20" rx="3" />
                <text x={X[box.column] + 6} y={box.row * ROW + 14}>{box.label}{box.isNew ? ` ${t("new")}` : ""}</text>
            </g>)}
            {shown.map((group, row) => <Leaf group={group} row={row} />)}
        </svg>
        {all.length > shown.length && <p class="note">{t("more", all.length - shown.length)}</p>}
    </Pane>;
}
