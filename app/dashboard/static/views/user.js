// One user: the live totals as the meter keeps them, hour by hour, and the latest exchanges.

import { address } from "../address.js";
import { ApiError, get, serverNow } from "../api.js";
import { Chart } from "../chart.js";
import { fill, h, table } from "../dom.js";
import { DASH, cost, count, exactTime, groupCost, millis, percent, rate } from "../format.js";
import { Paced, afterwards } from "../pacing.js";
import { ExchangeTable, latelyAll } from "../rows.js";
import { series } from "../series.js";

const LATEST = 20;
const REFRESH_MS = 1000;
const HOURS = 48;
const HOUR_S = 3600;

export function userView({ rest, failed }) {
  const user = rest;
  const path = `/api/v1/users/${encodeURIComponent(user)}`;
  const tiles = h("div", { class: "tiles" });
  const models = h("div", { class: "scroll" });
  const outcomes = h("div", { class: "scroll" });
  const note = h("p", { class: "muted small", hidden: true, role: "status" });
  const requests = new Chart("Requests per hour, last two days", [{ name: "requests", color: "--c1", fill: true }], rate);
  const spent = new Chart("Cost per hour, last two days", [{ name: "cost", color: "--c4", fill: true }], cost);
  const latest = new ExchangeTable(`Exchanges of ${user}`, LATEST);
  const paced = new Paced(totals, REFRESH_MS, failed);

  let stop = () => {};

  async function newest() {
    const page = await get("/api/v1/exchanges", { user, limit: LATEST });
    latest.answered(page.items);
  }

  async function totals() {
    let each;
    try {
      each = await get(path);
    } catch (error) {
      if (!(error instanceof ApiError) || ![404, 503].includes(error.status)) throw error;
      note.textContent = error.status === 404 ? "Nothing of this user has been counted since the live tables began." : `${error.message}.`;
      note.hidden = false;
      if (error.status === 503) paced.ask();
      return;
    }
    note.hidden = !each.stale;
    note.textContent = "These totals may be some seconds old: the worker that holds them is coming back.";
    fill(tiles, tilesOf(each));
    fill(models, byModel(each.by_model));
    fill(outcomes, byOutcome(each.outcomes, each.requests));
    const now = serverNow();
    const groups = each.hours.map((hour) => ({ ...hour, key: { time: hour.at } }));
    const found = series(groups, now - HOURS * HOUR_S * 1000, now, HOUR_S);
    requests.put(found.times, [found.groups.map((hour) => hour?.requests ?? 0)]);
    spent.put(found.times, [found.groups.map((hour) => hour?.cost_nano_usd ?? 0)]);
  }

  return {
    title: `User ${user}`,
    element: h("div", null,
      h("div", { class: "head" }, h("h1", null, h("bdi", null, user)), note,
        h("a", { class: "button push", href: address("exchanges", "", { user }) }, "All exchanges")),
      tiles,
      h("div", { class: "grid two" }, requests.element, spent.element),
      h("div", { class: "grid two" },
        h("section", { class: "card" }, h("h2", null, "By model"), models),
        h("section", { class: "card" }, h("h2", null, "By outcome"), outcomes)),
      h("section", { class: "card" }, h("h2", null, "Latest exchanges"), latest.element)),
    async refresh() {
      latest.merge(latelyAll((each) => each.user === user));
      stop();
      stop = afterwards(newest, failed);
      await Promise.all([totals(), newest()]);
    },
    onExchange(each) {
      if (each.user !== user) return;
      latest.merge([each], "fresh");
      paced.ask();
    },
    onMissed: () => paced.ask(),
    stop() {
      stop();
      paced.stop();
      requests.stop();
      spent.stop();
    },
  };
}

function tilesOf(each) {
  const rows = [
    ["Requests", count(each.requests), `last ${exactTime(each.last_seen).slice(0, -4)}`],
    ["Error rate", percent(each.errors, each.requests), `${count(each.errors)} failed`],
    ["Tokens", count(each.tokens.input + each.tokens.output), `${count(each.tokens.input)} in, ${count(each.tokens.output)} out`],
    ["Cost", groupCost(each), each.unpriced_requests ? `${count(each.unpriced_requests)} without a price` : "all priced"],
    ["Latency p50", millis(each.latency_ms.p50), `p95 ${millis(each.latency_ms.p95)}`],
    ["First token p50", millis(each.first_token_ms.p50), `p95 ${millis(each.first_token_ms.p95)}`],
  ];
  return rows.map(([name, value, sub]) => h("section", { class: "card tile", "data-tile": name },
    h("div", { class: "name" }, name), h("div", { class: "value" }, value), h("div", { class: "sub" }, sub)));
}

function byModel(models) {
  const rows = Object.entries(models).sort(([, a], [, b]) => b.cost_nano_usd - a.cost_nano_usd);
  return table("By model", [
    { name: "Model", kind: "clip", cell: ([name]) => h("bdi", { title: name }, name) },
    { name: "Requests", kind: "num", cell: ([, each]) => count(each.requests) },
    { name: "Tokens", kind: "num wide", cell: ([, each]) => count(each.tokens.input + each.tokens.output) },
    { name: "Cost", kind: "num", cell: ([, each]) => groupCost(each) },
  ], rows);
}

function byOutcome(outcomes, requests) {
  return table("By outcome", [
    { name: "Outcome", cell: ([name]) => name.replace("_", " ") || DASH },
    { name: "Requests", kind: "num", cell: ([, number]) => count(number) },
    { name: "Share", kind: "num", cell: ([, number]) => percent(number, requests) },
  ], Object.entries(outcomes).sort(([, a], [, b]) => b - a));
}
