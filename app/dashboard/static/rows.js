// Exchanges as rows of a table: the same columns wherever they are listed.

import { address } from "./address.js";
import { serverNow } from "./api.js";
import { h, table, tableRow } from "./dom.js";
import { DASH, cost, count, exactTime, millis, time } from "./format.js";

const LATELY = new Map();
const KEPT = 300;

/** Keep what the live stream told, as it is ahead of analytics by a second or two. */
export function remember(each) {
  LATELY.set(each.request_id, each);
  if (LATELY.size > KEPT) LATELY.delete(LATELY.keys().next().value);
}

/** A live exchange by its id; undefined if it was not seen lately. */
export const lately = (id) => LATELY.get(id);

/** The live exchanges of late for which `wanted` holds. */
export const latelyAll = (wanted) => [...LATELY.values()].filter(wanted);

/** The model that answered, else the one asked for. */
export const modelOf = (each) => each.model ?? each.model_requested ?? "unknown";

/** Whether the exchange failed; live events do not say so themselves. */
export function isError(each) {
  if (each.is_error !== undefined) return each.is_error;
  return each.error !== null || (each.status ?? 0) >= 400 || !["completed", "client_abort", "refusal"].includes(each.outcome);
}

/** Input and output tokens together; null where none were reported. */
export function tokensOf(each) {
  const usage = each.usage;
  if (!usage || (usage.input ?? usage.output ?? null) === null) return null;
  return (usage.input ?? 0) + (usage.output ?? 0);
}

/** Status and outcome as one pill. */
export function statusPill(each) {
  const why = each.outcome === "completed" ? "" : each.outcome.replace("_", " ");
  const kind = isError(each) ? "bad" : why ? "warn" : "good";
  if (!each.status || !why) return h("span", { class: `pill ${kind}` }, String(each.status ?? (why || DASH)));
  // On a narrow screen a list leaves the reason out.
  return h("span", { class: `pill ${kind}`, title: why }, String(each.status), h("span", { class: "why" }, ` ${why}`));
}

const shownTokens = (each) => {
  const sum = tokensOf(each);
  return sum === null ? DASH : (each.usage.estimated ? "~" : "") + count(sum);
};

const COLUMNS = [
  { name: "Time", cell: (each) => h("a", { href: address("exchange", each.request_id), title: exactTime(each.started_at), class: "when" }, time(each.started_at, serverNow())) },
  { name: "User", kind: "clip", cell: (each) => h("a", { href: address("user", each.user), title: each.user }, h("bdi", null, each.user)) },
  { name: "Model", kind: "clip wide", cell: (each) => h("bdi", { title: modelOf(each) }, modelOf(each)) },
  { name: "Status", cell: statusPill },
  { name: "Latency", kind: "num", cell: (each) => millis(each.timings_ms.total) },
  { name: "First token", kind: "num wide", cell: (each) => millis(each.timings_ms.first_token) },
  { name: "Tokens", kind: "num wide", cell: shownTokens },
  { name: "Cost", kind: "num wide", cell: (each) => h("span", { title: each.unpriced_reason ?? null }, cost(each.cost_nano_usd)) },
];

/** A table of exchanges, the newest first, a request at most once, at most `most` rows. */
export class ExchangeTable {
  #shown = new Map();
  #asked = false;

  constructor(caption, most) {
    this.most = most;
    this.table = table(caption, COLUMNS, []);
    this.empty = h("p", { class: "empty", hidden: true }, "No exchanges yet.");
    this.element = h("div", { class: "scroll" }, this.table, this.empty);
    this.body = this.table.querySelector("tbody");
  }

  /** Show what analytics answered: only then is none to be seen none at all. */
  answered(items) {
    this.#asked = true;
    this.merge(items);
  }

  /** Show these as well, of the live stream, which is ahead of analytics by a second or two. */
  merge(items, kind = null) {
    for (const each of items) {
      if (this.#shown.has(each.request_id)) continue;
      const row = tableRow(COLUMNS, each, { "data-id": each.request_id, class: kind });
      this.#shown.set(each.request_id, { each, row });
    }
    const ordered = [...this.#shown.values()].sort((a, b) => newestFirst(a.each, b.each));
    for (const { each } of ordered.splice(this.most)) this.#shown.delete(each.request_id);
    const rows = ordered.map(({ row }) => row);
    if (rows.length !== this.body.rows.length || rows.some((row, at) => row !== this.body.rows[at])) {
      this.#place(rows);
    }
    this.empty.hidden = rows.length > 0 || !this.#asked;
    this.table.hidden = rows.length === 0;
  }

  /** Put rows where they belong; one that is there already is not touched, so it keeps its focus. */
  #place(rows) {
    const wanted = new Set(rows);
    for (const row of [...this.body.rows]) if (!wanted.has(row)) row.remove();
    rows.forEach((row, at) => {
      if (this.body.rows[at] !== row) this.body.insertBefore(row, this.body.rows[at] ?? null);
    });
  }
}

function newestFirst(a, b) {
  const later = Date.parse(b.started_at) - Date.parse(a.started_at);
  return later || (a.request_id < b.request_id ? 1 : -1);
}
