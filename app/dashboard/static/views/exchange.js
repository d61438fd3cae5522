// One exchange: what happened when, what it cost, what is kept of its headers, what was said, and
// what became of its webhooks.

import { address } from "../address.js";
import { ApiError, get, serverNow } from "../api.js";
import { bodyCard } from "../body_card.js";
import { fill, h, table } from "../dom.js";
import { DASH, bytes, cost, count, exactTime, millis } from "../format.js";
import { costs } from "../pricing.js";
import { lately, modelOf, statusPill } from "../rows.js";
import { waterfall } from "../waterfall.js";

const AGAIN_MS = 1500;
const PATIENCE_MS = 90_000;

export function exchangeView({ rest, failed }) {
  const id = rest;
  const began = Date.now();
  const abort = new AbortController();
  const element = h("div", null, h("p", { class: "muted" }, "Loading…"));
  const bodies = ["request", "response"].map((side) => bodyCard(id, side, abort.signal, failed));
  const webhooks = h("div");
  let timer = null;
  let shown = false;

  function show(each, note) {
    const head = h("div", { class: "head" }, h("h1", { class: "mono" }, id), statusPill(each),
      note ? h("span", { class: "muted small", role: "status" }, note) : null);
    const parts = [
      h("div", { class: "grid two" },
        h("section", { class: "card" }, h("h2", null, "Timings"), waterfall(each)),
        h("section", { class: "card" }, h("h2", null, "Cost by kind of token"), costTable(each))),
      h("div", { class: "grid two" },
        h("section", { class: "card" }, h("h2", null, "Exchange"), facts(about(each))),
        h("section", { class: "card" }, h("h2", null, "Headers kept and identity"), facts(identity(each)))),
    ];
    if (!shown) fill(element, head, h("div", null, parts), h("div", { class: "grid two" }, bodies.map((card) => card.element)), webhooks);
    else {
      element.children[0].replaceWith(head);
      fill(element.children[1], parts);
    }
    shown = true;
    for (const card of bodies) card.show(each);
  }

  async function load() {
    let each = lately(id);
    try {
      each = await get(`/api/v1/exchanges/${encodeURIComponent(id)}`, {}, abort.signal);
    } catch (error) {
      const soon = error instanceof ApiError && error.status === 404 && Date.now() - began < PATIENCE_MS;
      if (!soon) throw error;
      if (each) show(each, "not yet in analytics…");
      else fill(element, h("h1", null, "No such exchange, yet"), h("p", { class: "muted" }, `${id} is not stored. A new one takes a few seconds; looking again…`));
      timer = setTimeout(() => load().catch(failed), AGAIN_MS);
      return;
    }
    show(each);
    await deliveries(serverNow() - Date.parse(each.started_at) < PATIENCE_MS);
  }

  async function deliveries(isNew) {
    let page;
    try {
      page = await get(`/api/v1/exchanges/${encodeURIComponent(id)}/deliveries`, {}, abort.signal);
    } catch (error) {
      if (error instanceof ApiError && [403, 404, 501, 503].includes(error.status)) return; // no webhooks here
      throw error;
    }
    const waits = page.items.length ? isUnderWay(page.items) : isNew;
    if (waits && Date.now() - began < PATIENCE_MS) timer = setTimeout(() => deliveries(isNew).catch(failed), AGAIN_MS);
    if (page.items.length) fill(webhooks, h("section", { class: "card" }, h("h2", null, "Webhook deliveries"), h("div", { class: "scroll" }, attempts(page.items))));
  }

  return {
    title: `Exchange ${id}`,
    element,
    refresh: load,
    stop() {
      clearTimeout(timer);
      abort.abort();
    },
  };
}

// Whether some webhook waits for its next attempt.
function isUnderWay(items) {
  const done = new Set(items.filter((each) => !each.next_at).map((each) => each.webhook_id));
  return items.some((each) => !done.has(each.webhook_id));
}

function attempts(items) {
  return table("Webhook deliveries", [
    { name: "At", cell: (each) => exactTime(each.at) },
    { name: "Endpoint", kind: "clip", cell: (each) => h("span", { class: "mono", title: each.url ?? null }, each.endpoint_id ?? each.webhook_id ?? DASH) },
    { name: "Attempt", kind: "num", cell: (each) => each.attempt },
    { name: "Result", cell: (each) => h("span", { class: `pill ${each.result === "delivered" ? "good" : "bad"}` }, each.result) },
    { name: "Status", kind: "num", cell: (each) => each.status ?? DASH },
    { name: "Next", cell: (each) => exactTime(each.next_at) },
    { name: "Error", kind: "clip wide", cell: (each) => each.error ?? "" },
  ], items);
}

function costTable(each) {
  const rows = costs(each.usage, each.prices);
  const why = each.unpriced_reason ? `no price: ${each.unpriced_reason.replaceAll("_", " ")}` : each.price_version ?? "";
  const total = h("p", { class: "small muted" }, "Total ", h("strong", null, cost(each.cost_nano_usd)), ` · ${why}`,
    each.usage?.estimated ? " · tokens estimated" : "");
  if (rows.length === 0) return h("div", null, h("p", { class: "empty" }, "The upstream reported no usage."), total);
  return h("div", null, h("div", { class: "scroll" }, table("Cost by kind of token", [
    { name: "Kind", cell: (row) => row.name },
    { name: "Tokens", kind: "num", cell: (row) => count(row.tokens) },
    { name: "$ per million", kind: "num", cell: (row) => row.usdPerMillion ?? DASH },
    { name: "Cost", kind: "num", cell: (row) => cost(row.nanoUsd) },
  ], rows)), total);
}

function about(each) {
  const asked = each.model_requested && each.model_requested !== each.model ? ` (asked for ${each.model_requested})` : "";
  return [
    ["User", h("a", { href: address("user", each.user) }, h("bdi", null, each.user))],
    ["Model", h("bdi", null, modelOf(each) + asked)],
    ["Call", `${each.method} ${each.path}`],
    ["Upstream", `${each.provider} (${each.dialect})${each.upstream_url ? ", " + each.upstream_url : ""}`],
    ["Started", exactTime(each.started_at)],
    ["Outcome", `${each.outcome.replace("_", " ")}${each.finish_reason ? ", " + each.finish_reason : ""}${each.stream ? ", streamed" : ""}`],
    ["Error", each.error && h("span", { class: "error-text" }, each.error)],
    ["Size", each.request_bytes === undefined ? null : `${bytes(each.request_bytes)} up, ${bytes(each.response_bytes)} down`],
    ["Between tokens", each.timings_ms.inter_token_p50 === null ? null : `p50 ${millis(each.timings_ms.inter_token_p50)}, p99 ${millis(each.timings_ms.inter_token_p99)}`],
  ];
}

function identity(each) {
  const own = Object.entries(each.properties ?? {}).map(([name, value]) => [`property ${name}`, value]);
  return [
    ["tailrace-request-id", each.request_id],
    ["x-request-id of the upstream", each.provider_request_id],
    ["id of the client", each.client_request_id],
    ["traceparent", each.traceparent],
    ["retry count of the client", each.client_retry_count],
    ["service tier", each.service_tier],
    ["session", each.session_id && h("a", { href: address("exchanges", "", { session_id: each.session_id }) }, each.session_name ?? each.session_id)],
    ["session path", each.session_path],
    ["access key", each.key_id],
    ["tenant", each.tenant],
    ...own,
    ["place", each.offset === undefined ? null : `${each.epoch} / ${each.partition} / ${each.offset}`],
  ];
}

/** A list of names and values; those that are not there are left out. */
function facts(pairs) {
  const there = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts small" }, there.map(([name, value]) => [
    h("dt", null, name), h("dd", null, value instanceof Node ? value : h("bdi", null, value)),
  ]));
}
