// The list of exchanges: filters in the address, older pages by a cursor, new ones on top, live.

import { address } from "../address.js";
import { get } from "../api.js";
import { h } from "../dom.js";
import { chosen, form, matches } from "../filters.js";
import { afterwards } from "../pacing.js";
import { ExchangeTable, latelyAll } from "../rows.js";

const PAGE = 50;
const MOST = 500;

export function exchangesView({ params, failed }) {
  const values = chosen(params);
  const list = new ExchangeTable("Exchanges", MOST);
  const older = h("button", { type: "button", onclick: () => more().catch(failed), hidden: true }, "Older");
  const live = h("button", { type: "button", "aria-pressed": true, onclick: toggle, title: "Show new exchanges as they finish" }, "Live");
  const waiting = h("span", { class: "muted small", role: "status" });
  const count = Object.keys(values).length;
  const more_ = h("details", { class: "card", open: matchMedia("(min-width: 760px)").matches || count > 0 },
    h("summary", null, count ? `Filters (${count})` : "Filters"),
    form(values, (taken) => { location.hash = address("exchanges", "", taken); }));
  let cursor = null;
  let held = [];
  let paused = false;
  let stop = () => {};

  function toggle() {
    paused = !paused;
    live.setAttribute("aria-pressed", String(!paused));
    if (!paused) {
      list.merge(held);
      held = [];
    }
    tell();
  }

  function tell(missed) {
    waiting.textContent = paused && held.length ? `${held.length} new` : missed ? "Some went by too fast to be shown: reload to see all." : "";
  }

  async function more() {
    const page = await get("/api/v1/exchanges", { ...values, limit: PAGE, cursor });
    list.answered(page.items);
    take(page);
  }

  async function newest() {
    const page = await get("/api/v1/exchanges", { ...values, limit: PAGE });
    list.answered(page.items);
    return page;
  }

  function take(page) {
    cursor = page.next_cursor;
    older.hidden = cursor === null;
  }

  return {
    title: "Exchanges",
    element: h("div", null,
      h("div", { class: "head" }, h("h1", null, "Exchanges"), waiting, h("div", { class: "push" }),
        count ? h("a", { class: "button", href: address("exchanges") }, "Clear filters") : null, live),
      more_,
      h("section", { class: "card list" }, list.element, h("p", null, older))),
    async refresh() {
      list.merge(latelyAll((each) => matches(values, each)));
      take(await newest());
      stop();
      stop = afterwards(newest, failed);
    },
    onExchange(each) {
      if (!matches(values, each)) return;
      if (paused) held = [...held, each].slice(-MOST);
      else list.merge([each], "fresh");
      tell();
    },
    onMissed: () => tell(true),
    stop: () => stop(),
  };
}
