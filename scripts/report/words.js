// SPDX-License-Identifier: MIT
// words.js - the words of words.json, in the language chosen, and numbers as people read them.
//
// words.json has every text of the page as [English, Chinese]; {0}, {1}: what the caller puts in. report.py lays it into the page.

const WORDS = JSON.parse(document.getElementById("words").textContent);

let language = 0;

export function setLanguage(code) {
    language = code === "zh" ? 1 : 0;
    document.documentElement.lang = code;
}

export const has = key => key in WORDS;

export function t(key, ...values) {
    const word = WORDS[key];
    return word ? word[language].replace(/\{(\d)\}/g, (_, number) => values[number] ?? "") : key;
}

// ---- Numbers ----

export const hex = number => "0x" + number.toString(16);
export const count = number => Math.round(number).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");

export function size(bytes) {
    for (const [unit, name] of [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]])
        if (bytes >= unit) {
            const value = bytes / unit;
            return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toPrecision(3)} ${name}`;
        }
    return `${bytes} B`;
}

export const rights = (prot, shared) => (prot & 1 ? "r" : "-") + (prot & 2 ? "w" : "-") + (prot & 4 ? "x" : "-") + (shared ? "s" : "p");
export const pagesOf = number => (number === 1 ? t("page_one") : t("pages", count(number)));
