// SPDX-License-Identifier: MIT
// pane.jsx - the frame around every picture: its title, a note that explains the signs, and the switch to the same as a table.

import { h } from "preact";
import { useState } from "preact/hooks";
import { t } from "./words.js";

const FIRST_ROWS = 300;

export function Table({ head, rows }) {
    return <div class="twin">
        <table>
            <thead><tr>{head.map(name => <th scope="col">{name}</th>)}</tr></thead>
            <tbody>
                {rows.slice(0, FIRST_ROWS).map(row => <tr>{row.map(cell => <td>{cell}</td>)}</tr>)}
                {rows.length === 0 && <tr><td colSpan={head.length}>{t("nothing")}</td></tr>}
            </tbody>
        </table>
        {rows.length > FIRST_ROWS && <p>{t("more", rows.length - FIRST_ROWS)}</p>}
    </div>;
}

// `twin`: a function that makes {head, rows}, called only when the table is looked at.
export function Pane({ id, title, note, sum, twin, tables, children }) {
    const [here, setHere] = useState(null);
    const asTable = here ?? tables;
    return <section class="pane" id={id} aria-label={title}>
        <header>
            <h2>{title}</h2>
            {sum && <p class="sum">{sum}</p>}
            {twin && <button class="quiet" aria-pressed={asTable} onClick={() => setHere(!asTable)}>{t(asTable ? "as_picture" : "as_table")}</button>}
        </header>
        {asTable && twin ? <Table {...twin()} /> : children}
        {note && !(asTable && twin) && <p class="note">{note}</p>}
    </section>;
}
