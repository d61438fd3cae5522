// The card of one side's body: as a conversation where the API is known, else as it passed.

import { ApiError } from "./api.js";
import { REASONS, SHOWN_BYTES, read } from "./bodies.js";
import { ofRequest, ofResponse } from "./conversation.js";
import { fill, h } from "./dom.js";
import { bytes } from "./format.js";

const AGAIN_MS = 2000;
const MOST_MESSAGES = 200;
const MOST_CHARS = 100_000;

/** `{element, show(exchange)}`; fetched once, again while it is not archived yet. */
export function bodyCard(id, side, signal, failed) {
  const title = side === "request" ? "Request" : "Response";
  const content = h("div", null, h("p", { class: "muted" }, "Loading…"));
  const bar = h("div", { class: "head" }, h("h2", null, title));
  const element = h("section", { class: "card", "data-side": side }, bar, content);
  let state = "new";

  async function load() {
    state = "loading";
    try {
      present(await read(id, side, signal));
      state = "there";
    } catch (error) {
      state = "new";
      if (error.name === "AbortError") return;
      if (!(error instanceof ApiError)) throw error;
      fill(content, h("p", { class: "muted" }, `${error.message[0].toUpperCase()}${error.message.slice(1)}.`));
      if (error.status === 0 || error.status === 503 || error.retryAfterS) again();
      else if (error.status === 401) failed(error);
    }
  }

  function again() {
    const timer = setTimeout(() => load().catch(failed), AGAIN_MS);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  function present(body) {
    const messages = body.binary ? null : side === "request" ? ofRequest(body.text) : ofResponse(body.text);
    const link = h("a", { class: "button small", href: `/api/v1/exchanges/${encodeURIComponent(id)}/body?side=${side}`, download: `${id}-${side}` }, "Download");
    const views = { Conversation: () => talk(messages, body), Raw: () => raw(body) };
    const names = messages ? Object.keys(views) : ["Raw"];
    const buttons = names.map((name) => h("button", { type: "button", "aria-pressed": false, onclick: () => choose(name) }, name));
    function choose(name) {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each.textContent === name));
      fill(content, views[name]());
    }
    fill(bar, h("h2", null, title), h("span", { class: "muted small" }, body.type || "no content type"), h("div", { class: "push" }),
      names.length > 1 ? h("div", { class: "group", role: "group", "aria-label": `${title} shown as` }, buttons) : null, link);
    choose(names[0]);
  }

  return {
    element,
    show(each) {
      if (state !== "new") return;
      const kept = each[`${side}_body`];
      if (kept && kept !== "kept") {
        state = "there";
        fill(content, h("p", { class: "muted" }, REASONS[kept] ?? `Not kept: ${kept}.`));
      } else load().catch(failed);
    },
  };
}

function talk(messages, body) {
  const left = messages.length - MOST_MESSAGES;
  return [
    body.cut ? note(body) : null,
    left > 0 ? h("p", { class: "muted small" }, `${left} earlier messages are left out here; Raw has them.`) : null,
    h("div", { class: "talk", tabindex: 0, role: "group", "aria-label": "Conversation" }, messages.slice(-MOST_MESSAGES).map((message) =>
      h("div", { class: `said ${message.role === "user" ? "user" : ""}` },
        h("p", { class: "who" }, message.role),
        message.parts.map((part) => h("div", { class: part.kind === "thinking" ? "thinking" : part.kind === "text" ? "" : "mono" },
          h("p", { class: "text", dir: "auto" }, clipped(part.text))))))),
  ];
}

function raw(body) {
  if (body.binary) return h("p", { class: "muted" }, `Binary, ${bytes(body.bytes)}${body.cut ? " and more" : ""}: download it.`);
  return [body.cut ? note(body) : null, h("pre", { class: "raw", tabindex: 0, dir: "auto", "aria-label": "Body" }, indented(body))];
}

const note = () => h("p", { class: "muted small" }, `Only the first ${bytes(SHOWN_BYTES)} are shown; the download has all of it.`);

function clipped(text) {
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}… (${text.length - MOST_CHARS} more characters: see Raw)` : text;
}

/** JSON with line breaks, as long as it is whole and not long; anything else as it is. */
function indented(body) {
  if (body.cut || body.text.length > MOST_CHARS) return body.text;
  try {
    return JSON.stringify(JSON.parse(body.text), null, 2);
  } catch {
    return body.text; // no JSON: a stream of events, or text
  }
}
