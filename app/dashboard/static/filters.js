// The filters of the list of exchanges: their fields, and whether a live exchange matches them.

import { h } from "./dom.js";
import { isError, modelOf } from "./rows.js";

const OUTCOMES = ["completed", "client_abort", "upstream_error", "timeout", "refused", "refusal"];
const YES_NO = [["", "any"], ["true", "yes"], ["false", "no"]];

/** Name of the parameter, what the field is called, and its kind. */
export const FIELDS = [
  { name: "user", label: "User" },
  { name: "model", label: "Model" },
  { name: "provider", label: "Provider" },
  { name: "status", label: "Status", hint: "429, 5xx" },
  { name: "outcome", label: "Outcome", options: [["", "any"], ...OUTCOMES.map((each) => [each, each.replace("_", " ")])] },
  { name: "has_error", label: "Failed", options: YES_NO },
  { name: "unpriced", label: "Without a price", options: YES_NO },
  { name: "session_id", label: "Session" },
  { name: "min_latency_ms", label: "Latency from, ms", number: true },
  { name: "from", label: "From", moment: true },
  { name: "to", label: "Until", moment: true },
];
const LIVE = new Set(FIELDS.map((field) => field.name));

/** What the address says, the fields known here and those typed by hand. */
export function chosen(params) {
  return Object.fromEntries([...params].filter(([, value]) => value !== ""));
}

/** A form; `changed(values)` is called when a value is taken. */
export function form(values, changed) {
  const element = h("form", { class: "filters", "aria-label": "Filters", onsubmit: take }, FIELDS.map(field));
  function field(each) {
    const id = `filter-${each.name}`;
    const value = values[each.name] ?? "";
    const input = each.options
      ? h("select", { id, name: each.name, onchange: take }, each.options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)))
      : h("input", {
        id, name: each.name, placeholder: each.hint, onchange: take, spellcheck: "false", autocomplete: "off", step: each.moment ? "1" : null,
        type: each.moment ? "datetime-local" : each.number ? "number" : "search", min: each.number ? 0 : null, value: each.moment ? toLocal(value) : value,
      });
    return h("label", { for: id }, each.label, input);
  }
  function take(event) {
    event.preventDefault();
    const found = { ...values };
    for (const each of FIELDS) {
      const text = element.elements[each.name].value.trim();
      found[each.name] = each.moment && text ? new Date(text).toISOString() : text;
    }
    changed(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== "")));
  }
  return element;
}

/** An instant as a `datetime-local` field shows it. */
function toLocal(text) {
  const at = new Date(text);
  if (!text || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** Whether an exchange that has just finished belongs to the list. Unsure: no, a reload will tell. */
export function matches(values, each) {
  const names = Object.keys(values);
  if (names.some((name) => !LIVE.has(name))) return false;
  const same = (name, value) => values[name] === undefined || values[name] === String(value);
  const yes = (name, value) => values[name] === undefined || (values[name] === "true") === value;
  return (
    same("user", each.user) && same("model", modelOf(each)) && same("provider", each.provider) &&
    same("session_id", each.session_id) && statusMatches(values.status, each.status) &&
    (values.outcome === undefined || values.outcome.split(",").includes(each.outcome)) &&
    yes("has_error", isError(each)) && yes("unpriced", each.cost_nano_usd === null) &&
    (values.min_latency_ms === undefined || each.timings_ms.total >= Number(values.min_latency_ms)) &&
    (values.from === undefined || Date.parse(each.started_at) >= Date.parse(values.from)) &&
    (values.to === undefined || Date.parse(each.started_at) < Date.parse(values.to))
  );
}

function statusMatches(wanted, status) {
  if (wanted === undefined) return true;
  if (status === null) return false;
  return wanted.split(",").some((each) => each === String(status) || each === `${Math.floor(status / 100)}xx`);
}
