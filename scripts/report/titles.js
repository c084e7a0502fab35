// SPDX-License-Identifier: MIT
// titles.js - a row of the story as a sentence.

import { place, story, text } from "./data.js";
import { kind } from "./steps.js";
import { count, has, hex, rights, size, t } from "./words.js";

const inside = name => (text(name) ? t("in", text(name)) : "");
const way = (name, kind_ = "p") => (has(`${kind_}_${text(name)}`) ? t(`${kind_}_${text(name)}`) : text(name));
const known = (name, pfn, many = "") => [`k${many}_${name}`, `k_${name}`].filter(has).map(key => t(key, pfn))[0] || name;

function touch(error, from) {
    return `${t(error & 16 ? "execute" : error & 2 ? "write" : "read")}${from < 0 || text(from) === "user" ? "" : ` (${t("from_" + text(from))})`}`;
}

const TITLES = {
    malloc: ([bytes, ptr, path]) => [t("malloc", size(bytes), hex(ptr)), way(path)],
    free: ([ptr, bytes, act]) => [t("free_op", hex(ptr)), [size(bytes), way(act, "f")].filter(Boolean).join(", ")],
    realloc: ([oldSize, bytes, oldPtr, ptr, act]) => [t("realloc", size(oldSize), size(bytes), hex(oldPtr), hex(ptr)), way(act)],
    operation: () => [t("operation"), ""],
    mark: ([words, file, line]) => [text(words), text(file) ? `${text(file)}:${line}` : ""],
    call: ([words, result]) => [result === null ? text(words) : `${text(words)} = ${result > 4096 ? hex(result) : result}`, ""],
    fault: ([va, name, pfn, made, , error, , from, region]) =>
        [t("fault", touch(error, from), hex(va), inside(region), known(text(name), count(pfn))), made ? `+${made === 1 ? t("table_one") : t("tables_n", made)}` : ""],
    fault_run: ([va, name, pfn, n, , , region]) => [t(n > 1 ? "fault_run" : "fault_once", count(n), hex(va), inside(region), known(text(name), count(pfn), n > 1 ? "n" : "")), ""],
    vma_add: ([start, end, prot, name]) => [t("vma_add", hex(start), hex(end), rights(prot), text(name), size(end - start)), ""],
    vma_del: ([start, end]) => [t("vma_del", hex(start), hex(end), "", "", size(end - start)), ""],
    vma_size: ([, , start, end, name]) => [t("vma_size", text(name), hex(start), hex(end), size(end - start)), ""],
    segv: ([va, error, , reason]) => [t("segv", touch(error, -1), hex(va)), has("s_" + text(reason)) ? t("s_" + text(reason)) : text(reason)],
    zap: ([start, end, pages]) => [t("zap", count(pages), hex(start), hex(end)), ""],
    swap_out: ([va, pfn, slot_, region]) => [t("swap_out", hex(va), inside(region), count(slot_), count(pfn)), ""],
    swap_in: ([va, pfn, slot_, region]) => [t("swap_in", hex(va), inside(region), count(slot_), count(pfn)), ""],
    reclaim: ([seen, freed]) => [t("reclaim", count(seen), count(freed)), ""],
    frame_alloc: ([pfn, n, owner]) => [t(n > 1 ? "frames_alloc" : "frame_alloc", pfn, text(owner), n), ""],
    frame_free: ([pfn, n, owner]) => [t(n > 1 ? "frames_free" : "frame_free", pfn, text(owner), n), ""],
    heap_top: ([from, to]) => [t("heap_top", hex(from), hex(to)), ""],
    exec: details => [t("exec", text(details[details.length - 1])), ""],
    proc_exit: details => [t("proc_exit", details.map(text).join(" ")), ""],
    rss: details => [t("rss_event", details.map(text).join(" ")), ""],
};

// [what, more about it]
export function title(row) {
    if (row < 0)
        return [t("unknown_start"), ""];
    const tell = TITLES[kind(row)];
    return tell ? tell(story.details[row]) : [kind(row), story.details[row].map(text).join(" ")];
}

const PLACE = { malloc: 4, free: 3, realloc: 5, operation: 0, call: 2, fault: 6, fault_run: 7, segv: 2 };

// Where in the program a row happened.
export function placeOf(row) {
    const at = row < 0 ? undefined : PLACE[kind(row)];
    return at === undefined ? null : place(story.details[row][at]);
}

export const spot = where => (where.line ? `${where.name}, ${where.file}:${where.line}` : where.name);
