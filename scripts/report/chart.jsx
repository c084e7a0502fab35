// SPDX-License-Identifier: MIT
// chart.jsx - promised, resident, page tables, swapped and faults as curves over the same time as the lanes above them.

import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { counters, countersAt, data, faults, faultsAt, last, swaps } from "./data.js";
import { GRID, LINE, SOFT, dark } from "./draw.js";
import { CursorLine, LEFT, RIGHT, tickOf } from "./space.jsx";
import { Pane } from "./pane.jsx";
import { count, t } from "./words.js";

const MOST_POINTS = 4000;
const CURVES = [["vsz", "#0072b2", [7, 4], 2], ["rss", "#d55e00", [], 2.5], ["table", "#009e73", [2, 3], 2],
                ...(swaps ? [["swap", "#cc79a7", [10, 3, 2, 3], 2]] : [])];

function ticksThatMatter() {
    const ticks = new Set([0, last]);
    for (const column of [counters.tick, faults.tick])
        for (const tick of column)
            ticks.add(Math.min(tick, last)).add(Math.max(tick - 1, 0));
    const sorted = [...ticks].sort((a, b) => a - b), every = Math.ceil(sorted.length / MOST_POINTS);
    return sorted.filter((_, at) => at % every === 0 || at === sorted.length - 1);
}

const TICKS = ticksThatMatter();
const kb = value => (value > 0 ? value : null);    // a logarithm has no nought

function points() {
    const states = TICKS.map(countersAt);
    return [TICKS, ...CURVES.map(([name]) => states.map(state => kb(state[name]))), TICKS.map(faultsAt)];
}

const short = value => (value >= 1048576 ? `${value / 1048576}G` : value >= 1024 ? `${Math.round(value / 1024)}M` : `${value}k`);

function options(width, height) {
    const stepped = uPlot.paths.stepped({ align: 1 });
    const axis = { stroke: SOFT, font: "10px system-ui", ticks: { stroke: LINE, size: 4 }, grid: { stroke: GRID } };
    return {
        width, height, padding: [8, 0, 0, 0], legend: { show: false }, cursor: { show: false },
        scales: { x: { time: false, range: [0, Math.max(last, 1)] }, y: { distr: 3, log: 2 }, f: { range: (_, low, high) => [0, Math.max(high, 1)] } },
        axes: [
            { ...axis, size: 22, gap: 2, grid: { show: false } },
            { ...axis, size: LEFT, gap: 5, splits: (_, __, low, high) => {
                const marks = [];
                for (let value = 4; value <= high; value *= 16)
                    if (value >= low)
                        marks.push(value);
                return marks;
            }, filter: (_, marks) => marks, values: (_, marks) => marks.map(short) },
            { ...axis, scale: "f", side: 1, size: RIGHT, gap: 5, grid: { show: false }, values: (_, marks) => marks.map(value => (value % 1 ? "" : count(value))) },
        ],
        series: [{}, ...CURVES.map(([, stroke, dash, thick]) => ({ stroke, dash, width: thick, paths: stepped, points: { show: false }, spanGaps: false })),
                 { scale: "f", stroke: SOFT, width: 1.5, paths: stepped, points: { show: false } }],
    };
}

function Key() {
    const names = ["vsz_long", "rss_long", "tables", "swap_long"];
    return <ul class="key">
        {CURVES.map(([, colour, dash, thick], at) => <li>
            <svg width="26" height="8" aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4" stroke={colour} stroke-width={thick} stroke-dasharray={dash.join(" ")} /></svg>
            {t(names[at])}</li>)}
        <li><svg width="26" height="8" aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4" stroke={SOFT} stroke-width="1.5" /></svg>{t("faults_long")}</li>
    </ul>;
}

function twin() {
    return {
        head: [t("event"), t("vsz_long"), t("rss_long"), t("tables"), ...(swaps ? [t("swap_long")] : []), t("faults")],
        rows: TICKS.map(tick => [tick, countersAt(tick)]).map(([tick, now]) => [count(tick), ...CURVES.map(([name]) => now[name]).map(value => `${count(value)} kB`), count(now.faults)]),
    };
}

export function Chart({ tick, tables, onTick }) {
    const ref = useRef(null);
    useEffect(() => {
        const box = ref.current;
        if (!box || !data.ticks)
            return undefined;
        const plot = new uPlot(options(box.clientWidth, box.clientHeight), points(), box);
        const watch = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: box.clientHeight }));
        watch.observe(box);
        return () => {
            watch.disconnect();
            plot.destroy();
        };
    }, [tables, dark]);
    const now = countersAt(tick);
    const pick = event => onTick(tickOf(event.clientX - ref.current.getBoundingClientRect().left, ref.current.clientWidth));
    const label = `${t("vsz_long")} ${now.vsz} kB, ${t("rss_long")} ${now.rss} kB, ${t("tables")} ${now.table} kB, ${swaps ? `${t("swap_long")} ${now.swap} kB, ` : ""}${t("faults")} ${now.faults}`;
    return <Pane id="numbers" title={t("numbers")} tables={tables} twin={twin} sum={<Key />}>
        <div class="plot" role="img" aria-label={label} onMouseDown={pick} onMouseMove={event => event.buttons & 1 && pick(event)}>
            <div ref={ref} />
            <CursorLine tick={tick} />
        </div>
    </Pane>;
}
