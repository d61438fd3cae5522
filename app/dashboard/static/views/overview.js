// What goes through at the moment and went through lately: numbers, charts, top users and models.

import { address, keep } from "../address.js";
import { get, serverNow } from "../api.js";
import { Chart } from "../chart.js";
import { fill, h, table } from "../dom.js";
import { DASH, cost, count, groupCost, millis, percent, rate } from "../format.js";
import { Paced, afterwards } from "../pacing.js";
import { ExchangeTable, latelyAll } from "../rows.js";
import { series } from "../series.js";

const WINDOWS = { "15m": [900, 15], "1h": [3600, 60], "6h": [21_600, 300], "24h": [86_400, 900], "7d": [604_800, 7200] };
const DEFAULT_WINDOW = "1h";
const LATEST = 8;
const RATE_OVER_MS = 10_000;
const REFRESH_MS = 2500;
const IDLE_REFRESH_MS = 15_000;
const inAndOut = (tokens) => tokens.input + tokens.output;

const COLORS = [["p50", "--c1"], ["p95", "--c2"], ["p99", "--c5"]];
const quantiles = COLORS.map(([name, color]) => ({ name, color }));

export function overviewView({ params, failed }) {
  let chosen = params.get("window") in WINDOWS ? params.get("window") : DEFAULT_WINDOW;
  const tiles = new Tiles();
  const charts = {
    requests: new Chart("Requests per second", [{ name: "requests", color: "--c1", fill: true }], rate),
    errors: new Chart("Error rate", [{ name: "errors", color: "--bad", fill: true }], (share) => percent(share, 1)),
    latency: new Chart("Latency", quantiles, millis, { gaps: true }),
    first: new Chart("First token", quantiles, millis, { gaps: true }),
    tokens: new Chart("Tokens per second", [{ name: "input", color: "--c4" }, { name: "output", color: "--c3" }], rate),
    cost: new Chart("Cost per interval", [{ name: "cost", color: "--c4", fill: true }], cost),
  };
  const users = h("div", { class: "scroll" });
  const models = h("div", { class: "scroll" });
  const latest = new ExchangeTable("Latest exchanges", LATEST);
  const recent = new RecentRate(tiles);
  const paced = new Paced(load, REFRESH_MS, failed);
  const idle = setInterval(() => paced.ask(), IDLE_REFRESH_MS);
  const buttons = Object.keys(WINDOWS).map((name) =>
    h("button", { type: "button", onclick: () => choose(name), "aria-pressed": name === chosen }, name));

  function choose(name) {
    chosen = name;
    for (const each of buttons) each.setAttribute("aria-pressed", each.textContent === name);
    keep({ window: name === DEFAULT_WINDOW ? null : name });
    load().catch(failed);
  }

  let stop = () => {};

  async function newest() {
    const page = await get("/api/v1/exchanges", { limit: LATEST });
    latest.answered(page.items);
  }

  async function load() {
    const [lengthS, widthS] = WINDOWS[chosen];
    const asked = chosen;
    const toMs = serverNow();
    const from = new Date(Math.floor((toMs - lengthS * 1000) / (widthS * 1000)) * widthS * 1000).toISOString();
    const [total, timed, byModel, byUser] = await Promise.all([
      get("/api/v1/stats", { from }),
      get("/api/v1/stats", { from, group_by: "time", interval: `${widthS}s` }),
      get("/api/v1/stats", { from, group_by: "model", sort: "cost", limit: 8 }),
      get("/api/v1/stats", { from, group_by: "user", sort: "cost", limit: 8 }),
    ]);
    if (asked !== chosen) return;
    tiles.put(total.groups[0]);
    draw(charts, series(timed.groups, Date.parse(from), toMs, widthS), widthS);
    fill(users, ranking("user", "Top users", byUser.groups));
    fill(models, ranking("model", "Top models", byModel.groups));
  }

  const element = h("div", null,
    h("div", { class: "head" }, h("h1", null, "Overview"),
      h("div", { class: "group push", role: "group", "aria-label": "Period" }, buttons)),
    tiles.element,
    h("div", { class: "grid three" }, Object.values(charts).map((each) => each.element)),
    h("div", { class: "grid two" },
      h("section", { class: "card" }, h("h2", null, "Top users by cost"), users),
      h("section", { class: "card" }, h("h2", null, "Top models by cost"), models)),
    h("section", { class: "card" }, h("h2", null, "Latest exchanges"), latest.element));

  return {
    title: "Overview",
    element,
    async refresh() {
      latest.merge(latelyAll(() => true));
      stop();
      stop = afterwards(newest, failed);
      await Promise.all([load(), newest()]);
    },
    onExchange(each) {
      latest.merge([each], "fresh");
      recent.add(1);
      paced.ask();
    },
    onMissed(missed) {
      recent.add(missed ?? 0);
      paced.ask();
    },
    stop() {
      clearInterval(idle);
      stop();
      recent.stop();
      paced.stop();
      for (const each of Object.values(charts)) each.stop();
    },
  };
}

/** The big numbers; each has its place, so that nothing moves when they change. */
class Tiles {
  constructor() {
    const names = { requests: "Requests", errors: "Error rate", tokens: "Tokens", cost: "Cost", latency: "Latency p50", first: "First token p50" };
    this.parts = {};
    this.element = h("div", { class: "tiles" }, Object.entries(names).map(([key, name]) => {
      const value = h("div", { class: "value" }, DASH);
      const sub = h("div", { class: "sub" });
      this.parts[key] = { value, sub };
      return h("section", { class: "card tile", "data-tile": key }, h("div", { class: "name" }, name), value, sub);
    }));
  }

  put(total) {
    const say = (key, value, sub) => {
      this.parts[key].value.textContent = value;
      if (sub !== undefined) this.parts[key].sub.textContent = sub;
    };
    say("requests", count(total.requests));
    say("errors", percent(total.errors, total.requests), `${count(total.errors)} failed`);
    say("tokens", count(inAndOut(total.tokens)), `${count(total.tokens.input)} in, ${count(total.tokens.output)} out`);
    say("cost", groupCost(total), total.unpriced_requests ? `${count(total.unpriced_requests)} without a price` : "all priced");
    say("latency", millis(total.latency_ms.p50), `p95 ${millis(total.latency_ms.p95)}`);
    say("first", millis(total.first_token_ms.p50), `p95 ${millis(total.first_token_ms.p95)}`);
  }
}

/** Finished exchanges per second over the last seconds, those that were not shown included. */
class RecentRate {
  #seen = [];

  constructor(tiles) {
    this.sub = tiles.parts.requests.sub;
    this.timer = setInterval(() => this.#show(), 1000);
    this.#show();
  }

  add(number) {
    this.#seen.push([performance.now(), number]);
    this.#show();
  }

  stop() {
    clearInterval(this.timer);
  }

  #show() {
    const since = performance.now() - RATE_OVER_MS;
    this.#seen = this.#seen.filter(([at]) => at > since);
    const sum = this.#seen.reduce((total, [, number]) => total + number, 0);
    this.sub.textContent = `${rate(sum / (RATE_OVER_MS / 1000))}/s now`;
  }
}

function draw(charts, found, widthS) {
  const per = (pick) => found.groups.map((group) => (group ? pick(group) / widthS : 0));
  const only = (pick) => found.groups.map((group) => (group ? pick(group) : null));
  charts.requests.put(found.times, [per((group) => group.requests)]);
  charts.errors.put(found.times, [only((group) => group.errors / group.requests)]);
  charts.tokens.put(found.times, [per((group) => group.tokens.input), per((group) => group.tokens.output)]);
  charts.cost.put(found.times, [found.groups.map((group) => group?.cost_nano_usd ?? 0)]);
  charts.latency.put(found.times, COLORS.map(([name]) => only((group) => group.latency_ms[name])));
  charts.first.put(found.times, COLORS.map(([name]) => only((group) => group.first_token_ms[name])));
}

function ranking(name, caption, groups) {
  if (groups.length === 0) return h("p", { class: "empty" }, "Nothing in this period.");
  const link = (group) => {
    const key = group.key[name];
    const href = name === "user" ? address("user", key) : address("exchanges", "", { model: key });
    return h("a", { href, title: key }, h("bdi", null, key));
  };
  return table(caption, [
    { name: name === "user" ? "User" : "Model", kind: "clip", cell: link },
    { name: "Requests", kind: "num", cell: (group) => count(group.requests) },
    { name: "Errors", kind: "num wide", cell: (group) => percent(group.errors, group.requests) },
    { name: "Tokens", kind: "num wide", cell: (group) => count(inAndOut(group.tokens)) },
    { name: "Cost", kind: "num", cell: (group) => groupCost(group) },
    { name: "p95", kind: "num wide", cell: (group) => millis(group.latency_ms.p95) },
  ], groups);
}
