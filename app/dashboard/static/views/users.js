// The users with the highest totals, from the live tables of all workers.

import { address, keep } from "../address.js";
import { get } from "../api.js";
import { fill, h, table } from "../dom.js";
import { count, exactTime, groupCost, percent, time } from "../format.js";
import { Paced } from "../pacing.js";

const SORTS = ["cost", "requests", "tokens", "errors"];
const REFRESH_MS = 2000;

export function usersView({ params, failed }) {
  let sort = SORTS.includes(params.get("sort")) ? params.get("sort") : "cost";
  const content = h("div", { class: "scroll" });
  const missing = h("p", { class: "muted small", hidden: true });
  const paced = new Paced(load, REFRESH_MS, failed);
  const buttons = SORTS.map((name) => h("button", { type: "button", "aria-pressed": name === sort, onclick: () => choose(name) }, name));

  function choose(name) {
    sort = name;
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.textContent === name));
    keep({ sort: name === "cost" ? null : name });
    load().catch(failed);
  }

  async function load() {
    const asked = sort;
    const page = await get("/api/v1/users", { sort, limit: 100 });
    if (asked !== sort) return;
    missing.hidden = page.missing_workers.length === 0;
    missing.textContent = `Missing, as they do not answer: ${page.missing_workers.join(", ")}`;
    fill(content, page.items.length ? list(page.items) : h("p", { class: "empty" }, "Nobody yet."));
  }

  return {
    title: "Users",
    element: h("div", null,
      h("div", { class: "head" }, h("h1", null, "Users"), h("span", { class: "muted small push" }, "first by"),
        h("div", { class: "group", role: "group", "aria-label": "First by" }, buttons)),
      h("section", { class: "card" }, missing, content)),
    refresh: load,
    onExchange: () => paced.ask(),
    onMissed: () => paced.ask(),
    stop: () => paced.stop(),
  };
}

function list(items) {
  return table("Users", [
    { name: "User", kind: "clip", cell: (each) => h("a", { href: address("user", each.user), title: each.user }, h("bdi", null, each.user)) },
    { name: "Requests", kind: "num", cell: (each) => count(each.requests) },
    { name: "Errors", kind: "num wide", cell: (each) => percent(each.errors, each.requests) },
    { name: "Input", kind: "num wide", cell: (each) => count(each.tokens.input) },
    { name: "Output", kind: "num wide", cell: (each) => count(each.tokens.output) },
    { name: "Cost", kind: "num", cell: groupCost },
    { name: "Last seen", kind: "num wide", cell: (each) => h("span", { title: exactTime(each.last_seen) }, time(each.last_seen)) },
  ], items);
}
