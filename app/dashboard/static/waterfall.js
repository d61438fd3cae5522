// One exchange over time: what happened when, from the first byte of the request until it could be
// queried. Times after the answer come from other processes' clocks, and may contradict ours.

import { h } from "./dom.js";
import { millis } from "./format.js";

/** The steps as `{name, from, to, kind, note}` in milliseconds from the request's first byte. */
export function steps(each) {
  const found = each.timings_ms;
  const sent = found.proxy_overhead ?? 0;
  const headers = found.upstream_headers;
  const start = Date.parse(each.started_at);
  const after = (text) => (text ? Date.parse(text) - start : null);
  const rows = [
    { name: "Sent upstream", from: 0, to: sent, note: "what the relay itself added" },
    { name: "Upstream headers", from: sent, to: headers },
    { name: "First byte", from: headers ?? sent, to: found.first_byte },
    { name: "Thinking", from: found.first_byte, to: found.first_reasoning_token, kind: "token" },
    { name: "First token", from: found.first_byte ?? sent, to: found.first_token, kind: "token" },
    { name: "Last byte", from: found.first_token ?? found.first_byte ?? headers ?? sent, to: found.total, kind: "token" },
    { name: "Published", from: found.total, to: after(each.produced_at), kind: "after" },
    { name: "Counted", from: after(each.produced_at) ?? found.total, to: after(each.metered_at), kind: "after" },
    { name: "Visible", from: after(each.metered_at) ?? found.total, to: after(each.stored_at), kind: "after" },
  ];
  return rows.filter((row) => row.to !== null && row.to !== undefined && !Number.isNaN(row.to));
}

/** Two drawings, as what comes after the answer is on another scale. */
export function waterfall(each) {
  const all = steps(each);
  const call = all.filter((row) => row.kind !== "after");
  const after = all.filter((row) => row.kind === "after");
  return h("div", null,
    drawing("Timings of the call", call, each.timings_ms.total),
    after.length ? h("h3", { class: "small muted" }, "After the answer, by the clocks of other processes") : null,
    after.length ? drawing("Until it could be queried", after, Math.max(...after.map((row) => row.to))) : null);
}

function drawing(label, rows, length) {
  const whole = Math.max(length, 0.001);
  return h("div", { class: "fall", role: "table", "aria-label": label }, rows.map((row) => {
    const bar = h("div", { class: `bar ${row.kind ?? ""}` });
    const from = Math.max(0, Math.min(row.from ?? 0, row.to));
    bar.style.left = `${(100 * Math.min(from, whole)) / whole}%`;
    bar.style.width = `${(100 * Math.max(0, Math.min(row.to, whole) - from)) / whole}%`;
    const odd = row.to < (row.from ?? 0) - 1 ? " (clocks differ)" : "";
    return h("div", { role: "row", class: "step", title: row.note },
      h("span", { role: "rowheader", class: "small" }, row.name),
      h("div", { role: "cell", class: "lane" }, bar),
      h("span", { role: "cell", class: "small num" }, `${millis(row.to)}${odd}`));
  }));
}
