// SPDX-License-Identifier: MIT
// story.jsx - the list of steps, and of the current one: why it happened, what it did, what came of it, and the lines of source.
//
// Of the list only what is in sight is in the document, whatever its length.

import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { data, story } from "./data.js";
import { kind, parts } from "./steps.js";
import { placeOf, spot, title } from "./titles.js";
import { count, t } from "./words.js";
import { Pane, Table } from "./pane.jsx";

const ROW = 24, MOST_PARTS = 12, AROUND = 3;
const SIGN = { malloc: "+", free: "\u2212", realloc: "\u00b1", fault: "!", fault_run: "!", call: "\u203a", mark: "\u2605", exec: "\u25b6", proc_exit: "\u25a0", segv: "\u2717" };

function Line({ row, n = 1, more = true }) {
    const [what, about] = title(row);
    return <span class={`line ${row < 0 ? "" : kind(row)}`}><b class="sign" aria-hidden="true">{SIGN[row < 0 ? "" : kind(row)] || "\u00b7"}</b>{what}
        {n > 1 && <em>{` \u00d7${count(n)}`}</em>}{more && about && <small> {about}</small>}</span>;
}

function List({ steps, step, onStep }) {
    const ref = useRef(null), [top, setTop] = useState(0), [tall, setTall] = useState(300);
    useEffect(() => {
        const watch = new ResizeObserver(() => setTall(ref.current.clientHeight));
        watch.observe(ref.current);
        return () => watch.disconnect();
    }, []);
    useEffect(() => {
        const box = ref.current, y = step * ROW;
        if (y < box.scrollTop + ROW)
            box.scrollTop = Math.max(y - 2 * ROW, 0);
        else if (y + 3 * ROW > box.scrollTop + box.clientHeight)
            box.scrollTop = y + 3 * ROW - box.clientHeight;
    }, [step, steps, tall]);
    const from = Math.max(Math.floor(top / ROW) - 4, 0), to = Math.min(from + Math.ceil(tall / ROW) + 8, steps.length);
    return <div class="list" ref={ref} onScroll={event => setTop(event.target.scrollTop)} role="listbox" aria-label={t("what_happened")}>
        <div style={{ height: `${steps.length * ROW}px` }}>
            {steps.slice(from, to).map(({ row, n }, at) => <div key={from + at} role="option" aria-selected={from + at === step}
                style={{ top: `${(from + at) * ROW}px`, paddingLeft: `${10 + 14 * (row < 0 ? 0 : story.depth[row])}px` }} onClick={() => onStep(from + at)}>
                <Line row={row} n={n} /></div>)}
        </div>
    </div>;
}

// From the first reason to the row itself.
function chainOf(row) {
    const line = [];
    for (let up = row; up >= 0; up = story.parent[up])
        line.unshift(up);
    const cause = line.length ? story.cause[line[0]] : -1;
    const reason = cause >= 0 && cause !== line[0] && (kind(cause) !== "mark" || ["call", "fault", "fault_run"].includes(kind(line[0])));
    return reason ? [...chainOf(cause), ...line] : line;
}

function laterOf(row) {
    let faults = 0, pages = 0;
    for (let later = row + 1; later < story.n; later++)
        if (story.cause[later] === row && story.depth[later] === 0 && later > row) {
            const n = kind(later) === "fault_run" ? story.details[later][3] : kind(later) === "fault" ? 1 : 0;
            faults += n;
            pages += n;
        }
    return faults ? t("later_faults", count(faults), count(pages)) : null;
}

function Snippet({ where, words }) {
    const lines = data.sources[where.file] || {}, from = Math.max(where.line - AROUND, 1);
    const shown = Array.from({ length: 2 * AROUND + 1 }, (_, at) => from + at).filter(line => line in lines);
    return <figure class="source">
        <figcaption>{t(words, spot(where))}</figcaption>
        {shown.length > 0 && <pre>{shown.map(line => <div class={line === where.line ? "mark" : ""}><i>{line}</i>{lines[line] || " "}</div>)}</pre>}
    </figure>;
}

function Sources({ row, chain }) {
    const here = placeOf(row), cause = chain.find(each => each !== row && ["malloc", "realloc"].includes(kind(each))), made = cause === undefined ? null : placeOf(cause);
    const touch = row >= 0 && ["fault", "fault_run", "segv"].includes(kind(row));
    return <div class="sources">
        {made && made.line > 0 && <Snippet where={made} words="promised_here" />}
        {here && here.line > 0 && <Snippet where={here} words={touch ? "touched_here" : "called_here"} />}
    </div>;
}

export function Detail({ row }) {
    const chain = chainOf(row), inside = row < 0 ? [] : parts(row).filter(part => kind(part) !== "rss"), later = row < 0 ? null : laterOf(row);
    return <div class="detail">
        <h3><Line row={row} /></h3>
        {chain.length > 1 && <div><h4>{t("why")}</h4>
            <ol class="chain">{chain.map((each, at) => <li style={{ paddingLeft: `${at * 14}px` }}><Line row={each} /></li>)}</ol></div>}
        <Sources row={row} chain={chain} />
        {inside.length > 0 && <div><h4>{t("what")}</h4>
            <ul class="chain">{inside.slice(0, MOST_PARTS).map(each => <li style={{ paddingLeft: `${14 * (story.depth[each] - story.depth[row] - 1)}px` }}><Line row={each} /></li>)}
                {inside.length > MOST_PARTS && <li class="soft">{t("more", inside.length - MOST_PARTS)}</li>}</ul></div>}
        {later && <div><h4>{t("later")}</h4><p>{later}</p></div>}
    </div>;
}

export function Story({ steps, step, onStep }) {
    return <Pane id="story" title={t("what_happened")} sum={t("step", count(step + 1), count(steps.length))}>
        <List steps={steps} step={step} onStep={onStep} />
        <Detail row={steps[step].row} />
    </Pane>;
}
