// The page: routes, the live stream, who is signed in, and what is wrong at the moment.

import { address, parse } from "./address.js";
import { ApiError, clockOffsetMs, get } from "./api.js";
import { fill, h } from "./dom.js";
import { seconds } from "./format.js";
import { Live } from "./live.js";
import { remember } from "./rows.js";
import { askForKey, signOut, whoami } from "./session.js";
import { toggleTheme } from "./theming.js";
import { exchangeView } from "./views/exchange.js";
import { exchangesView } from "./views/exchanges.js";
import { overviewView } from "./views/overview.js";
import { pipelineView } from "./views/pipeline.js";
import { userView } from "./views/user.js";
import { usersView } from "./views/users.js";

const PAGES = {
  overview: overviewView, exchanges: exchangesView, exchange: exchangeView,
  users: usersView, user: userView, pipeline: pipelineView,
};
const PARENT = { exchange: "exchanges", user: "users" };
const CHECK_EVERY_MS = 10_000;
const AGAIN_MS = 3000;
const main = document.getElementById("content");
const pill = document.getElementById("live");
const notice = document.getElementById("notice");
const live = new Live();
const problems = new Map();
let view = null;
let signedIn = false;

/** Show what is wrong, one sentence per matter; null: that matter is well. */
function problem(matter, text) {
  if (text === null) problems.delete(matter);
  else problems.set(matter, text);
  const said = [...problems.values()].join(" ");
  if (notice.textContent !== said) notice.textContent = said;
  notice.hidden = problems.size === 0;
}

function navigate() {
  if (!signedIn) return;
  const place = parse(location.hash);
  const make = PAGES[place.page];
  view?.stop?.();
  if (make === undefined) {
    view = null;
    fill(main, h("h1", null, "There is no such page"), h("p", null, h("a", { href: address("overview") }, "Overview")));
    return;
  }
  for (const link of document.querySelectorAll("#nav a")) {
    const here = link.hash === address(PARENT[place.page] ?? place.page);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view = make({ rest: place.rest, params: place.params, failed });
  document.title = `${view.title} · Tailrace`;
  fill(main, view.element);
  refresh();
}

async function refresh() {
  const shown = view;
  try {
    await shown?.refresh?.();
    if (shown === view) problem("query", null);
  } catch (error) {
    failed(error);
  }
}

/** What a view could not do: no key any more, nobody there, or a refusal that it did not show. */
function failed(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) begin();
  else if (error.status === 0) unanswered();
  else problem("query", `${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
}

/** Nobody answered; where the live stream is broken as well, it says so, and all is asked anew then. */
function unanswered() {
  if (live.state !== "live") return;
  problem("query", "The worker does not answer. Trying again…");
  const shown = view;
  setTimeout(() => shown === view && refresh(), AGAIN_MS);
}

function showState(state) {
  pill.textContent = state === "live" ? "live" : state === "away" ? "reconnecting" : "connecting";
  pill.className = `pill ${state === "live" ? "good" : state === "away" ? "bad" : ""}`;
  problem("away", state === "away" ? "The connection to the worker is lost. Reconnecting…" : null);
}

live.addEventListener("state", (event) => showState(event.detail));
live.addEventListener("exchange", (event) => {
  remember(event.detail);
  view?.onExchange?.(event.detail);
});
live.addEventListener("missed", (event) => view?.onMissed?.(event.detail.count));
live.addEventListener("worker_away", (event) => {
  problem("peer", `The worker ${event.detail.worker} is away: its exchanges are missing until it is back.`);
  setTimeout(() => problem("peer", null), CHECK_EVERY_MS);
});
live.addEventListener("back", refresh);

/** Every few seconds: is it well, is our clock the server's, is the session good. */
async function check() {
  if (document.hidden || !signedIn) return;
  try {
    const answer = await fetch("/health/ready", { credentials: "same-origin" });
    const health = await answer.json();
    const named = health.degraded.length ? `: ${health.degraded.join(", ")}` : "";
    problem("health", health.status === "ok" ? null : `The worker is ${health.status}${named}.`);
    if (live.state === "away" && (await whoami()) === null) begin();
  } catch (error) {
    problem("health", null); // the live stream says it
    if (!(error instanceof TypeError) && !(error instanceof ApiError)) throw error;
  }
  const ahead = clockOffsetMs();
  const word = ahead > 0 ? "behind" : "ahead of";
  problem("clock", ahead === 0 ? null
    : `This browser's clock is ${seconds(Math.abs(ahead) / 1000)} ${word} the server's; periods are by the server's.`);
}

/** Find out who we are, then show the page, or ask for a key. */
async function begin() {
  signedIn = false;
  live.close();
  view?.stop?.();
  view = null;
  let who;
  try {
    who = await whoami();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem("away", "The worker does not answer. Trying again…");
    setTimeout(begin, AGAIN_MS);
    return;
  }
  problem("away", null);
  document.getElementById("signout").hidden = !who?.signed_in;
  if (who === null) {
    pill.textContent = "signed out";
    pill.className = "pill plain";
    askForKey(main, begin);
    return;
  }
  signedIn = true;
  live.open();
  navigate();
  check();
}

document.addEventListener("visibilitychange", () => {
  if (!signedIn) return;
  if (document.hidden) live.close();
  else live.open();
});
document.getElementById("theme").addEventListener("click", toggleTheme);
document.getElementById("signout").addEventListener("click", async () => {
  await signOut();
  begin();
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", () => {
  problem("query", null);
  navigate();
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
});
setInterval(check, CHECK_EVERY_MS);
begin();
