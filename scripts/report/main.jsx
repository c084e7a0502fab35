// SPDX-License-Identifier: MIT
// main.jsx - the page: one cursor, which every pane follows.
//
// The cursor is a step of the story. It moves by keys, by the buttons, by a click into the story or the pictures of time, and by itself while
// playing. The address after # keeps step, level and language: it can be linked to.

import { h, render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Chart } from "./chart.jsx";
import { countersAt, data, last, reports, swaps } from "./data.js";
import { onScheme } from "./draw.js";
import { Frames } from "./frames.jsx";
import { Heap } from "./heap.jsx";
import { Space } from "./space.jsx";
import { LEVELS, stepAt, stepsOf } from "./steps.js";
import { Story } from "./story.jsx";
import { Tree } from "./tree.jsx";
import { count, setLanguage, size, t } from "./words.js";

const SPEEDS = { "\u00bd\u00d7": 1600, "1\u00d7": 800, "2\u00d7": 400, "4\u00d7": 200, "16\u00d7": 50 };

function startingState() {
    const words = new URLSearchParams(location.hash.slice(1));
    const wanted = words.get("lang") || (navigator.language.startsWith("zh") ? "zh" : "en");
    return { step: Number(words.get("step")) - 1 || 0, level: LEVELS.includes(words.get("level")) ? words.get("level") : "story",
             language: wanted === "zh" ? "zh" : "en", tables: words.has("tables") };
}

// Another process is another set of lives: the page begins anew with it.
function Processes({ language }) {
    const choose = event => {
        location.hash = `pid=${event.target.value}&lang=${language}`;
        location.reload();
    };
    const name = report => (report.parent ? t("child", report.pid, report.parent) : t("pid", report.pid, report.program));
    return reports.length > 1 && <select id="process" aria-label={t("process")} value={data.pid} onChange={choose}>
        {reports.map(report => <option value={report.pid}>{name(report)}: {t("from", count(report.ticks))}</option>)}</select>;
}

function Numbers({ tick }) {
    const now = countersAt(tick);
    const shown = [["vsz", size(now.vsz * 1024)], ["rss", size(now.rss * 1024)], ["tables", size(now.table * 1024)],
                   ...(swaps ? [["swap", size(now.swap * 1024)]] : []), ["faults", count(now.faults)]];
    return <dl class="numbers">{shown.map(([name, value]) => <div><dt>{t(name)}</dt><dd id={`now-${name}`}>{value}</dd></div>)}</dl>;
}

function Controls({ state, steps, step, go, set, playing, setPlaying, speed, setSpeed }) {
    const end = steps.length - 1;
    const button = (name, shape, action, off) => <button id={name} title={t(name)} aria-label={t(name)} disabled={off} onClick={action}>
        <svg width="14" height="14" aria-hidden="true"><path d={shape} fill="currentColor" /></svg></button>;
    return <div class="controls">
        {button("first", "M2 2h2v10h-2zM12 2v10l-7-5z", () => go(0), step === 0)}
        {button("back", "M10 2v10l-7-5z", () => go(step - 1), step === 0)}
        {button(playing ? "pause" : "play", playing ? "M3 2h3v10h-3zM8 2h3v10h-3z" : "M3 1v12l9-6z", () => setPlaying(!playing), step === end && !playing)}
        {button("forward", "M4 2v10l7-5z", () => go(step + 1), step === end)}
        {button("end", "M10 2h2v10h-2zM2 2v10l7-5z", () => go(end), step === end)}
        <input type="range" min="0" max={end} value={step} aria-label={t("step", step + 1, steps.length)} onInput={event => go(Number(event.target.value))} />
        <output>{t("step", count(step + 1), count(steps.length))}</output>
        <label>{t("speed")} <select value={speed} onChange={event => setSpeed(event.target.value)}>{Object.keys(SPEEDS).map(name => <option>{name}</option>)}</select></label>
        <label>{t("level")} <select id="level" value={state.level} onChange={event => set({ level: event.target.value })}>
            {LEVELS.map(level => <option value={level}>{t(`level_${level}`)}</option>)}</select></label>
        <button class="quiet" id="language" lang={state.language === "zh" ? "en" : "zh"} onClick={() => set({ language: state.language === "zh" ? "en" : "zh" })}>{t("other_language")}</button>
    </div>;
}

function useKeys(keys) {
    const latest = useRef(keys);
    latest.current = keys;
    useEffect(() => {
        const press = event => {
            if (/^(SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey)
                return;
            const action = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
            if (action) {
                event.preventDefault();
                action(event);
            }
        };
        addEventListener("keydown", press);
        return () => removeEventListener("keydown", press);
    }, []);
}

function Tip({ tip }) {
    if (!tip)
        return null;
    const left = Math.min(tip.x + 14, innerWidth - 340), top = Math.min(tip.y + 16, innerHeight - 22 * (tip.words.length + 1));
    return <div class="tip" role="status" style={{ left: `${left}px`, top: `${top}px` }}>{tip.words.map(line => <div>{line}</div>)}</div>;
}

function Page() {
    const [state, setState] = useState(startingState), set = change => setState(old => ({ ...old, ...change }));
    const [playing, setPlaying] = useState(false), [speed, setSpeed] = useState("1\u00d7"), [tip, setTip] = useState(null);
    setLanguage(state.language);
    const steps = useMemo(() => stepsOf(state.level), [state.level]);
    const step = Math.max(0, Math.min(state.step, steps.length - 1)), tick = steps[step].tick, before = step ? steps[step - 1].tick : 0;
    const go = to => set({ step: Math.max(0, Math.min(to, steps.length - 1)) });
    const change = settings => set("level" in settings ? { ...settings, step: stepAt(stepsOf(settings.level), tick) } : settings);
    const onTick = to => set({ step: stepAt(steps, to) });

    const [, setDark] = useState();
    useEffect(() => onScheme(setDark), []);
    useKeys({
        ArrowRight: event => go(step + (event.shiftKey ? 10 : 1)), ArrowLeft: event => go(step - (event.shiftKey ? 10 : 1)),
        Home: () => go(0), End: () => go(steps.length - 1), " ": () => setPlaying(!playing),
        l: () => set({ language: state.language === "zh" ? "en" : "zh" }), t: () => set({ tables: !state.tables }),
    });
    useEffect(() => {
        if (!playing)
            return undefined;
        const timer = setTimeout(() => (step < steps.length - 1 ? go(step + 1) : setPlaying(false)), SPEEDS[speed]);
        return () => clearTimeout(timer);
    }, [playing, step, speed, steps]);
    useEffect(() => {
        const words = `step=${step + 1}&level=${state.level}&lang=${state.language}${state.tables ? "&tables" : ""}${data === reports[0] ? "" : `&pid=${data.pid}`}`;
        history.replaceState(null, "", `#${words}`);
    }, [step, state.level, state.language, state.tables]);

    const common = { tick, language: state.language, tables: state.tables, onTick, onTip: setTip };
    return <main data-step={step} data-tick={tick}>
        <div class="head">
            <h1>{t("title", "|").split("|").map((part, at) => (at ? [<b>{data.program}</b>, part] : part))}</h1>
            <Processes language={state.language} />
            <Numbers tick={tick} />
        </div>
        <Controls state={state} steps={steps} step={step} go={go} set={change} playing={playing} setPlaying={setPlaying} speed={speed} setSpeed={setSpeed} />
        <div class="time"><Space {...common} /><Chart {...common} /></div>
        <Story steps={steps} step={step} onStep={go} />
        <Heap {...common} />
        <Frames {...common} />
        <Tree {...common} before={before} />
        {data.level < 2 && <p class="warning" role="alert">{t("level_one", data.level)}</p>}
        {data.level >= 2 && data.differences > 0 && <p class="warning" role="alert">{t("differences", count(data.differences))}</p>}
        <footer>{t("keys")} · {data.command || data.path} · {t("from", count(data.events))}</footer>
        <Tip tip={tip} />
    </main>;
}

render(<Page />, document.getElementById("app"));
document.documentElement.dataset.ready = String(last);
