// How the pipeline stands: lag, age, spill, dead letters, sinks and partitions, of every worker.

import { ApiError, get } from "../api.js";
import { fill, h, scrolling } from "../dom.js";
import { DASH, bytes, count, seconds } from "../format.js";

const REFRESH_MS = 2000;
const short = (topic) => topic.replace(/^[^.]*\./, "");
const sum = (values) => values.reduce((total, value) => (value === null ? total : (total ?? 0) + value), null);
const most = (values) => values.reduce((best, value) => (value === null ? best : Math.max(best ?? 0, value)), null);

export function pipelineView({ failed }) {
  const content = h("div", null, h("p", { class: "muted" }, "Loading…"));
  const missing = h("p", { class: "notice", role: "status", hidden: true });
  let timer = null;
  let ended = false;

  async function load() {
    let found;
    try {
      found = await get("/api/v1/pipeline");
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404].includes(error.status)) throw error;
      fill(content, h("p", { class: "card" }, error.status === 403
        ? "The pipeline belongs to the whole deployment: sign in with an admin's key to see it."
        : error.message));
      return false;
    }
    missing.hidden = found.missing_workers.length === 0;
    missing.textContent = `Does not answer, its figures are missing: ${found.missing_workers.join(", ")}`;
    const workers = [...found.workers].sort((a, b) => a.worker.localeCompare(b.worker));
    fill(content, tiles(workers), h("div", { class: "grid two" }, topics(workers), sinks(workers)),
      h("div", { class: "grid two" }, letters(workers), publishers(workers)), partitions(workers));
    return true;
  }

  async function again() {
    if (ended || document.hidden) return;
    try {
      await load();
    } catch (error) {
      if (!ended) failed(error);
    }
  }

  return {
    title: "Pipeline",
    element: h("div", null, h("div", { class: "head" }, h("h1", null, "Pipeline")), missing, content),
    async refresh() {
      if (await load()) timer ??= setInterval(again, REFRESH_MS);
    },
    stop() {
      ended = true;
      clearInterval(timer);
    },
  };
}

function tiles(workers) {
  const all = (pick) => workers.flatMap((each) => Object.values(each.topics).map(pick));
  const spilled = sum(workers.map((each) => each.spill.messages));
  const buried = sum(workers.flatMap((each) => each.dead_letters.map((letter) => letter.count))) ?? 0;
  const dropped = sum(workers.flatMap((each) => Object.values(each.publisher.dropped))) ?? 0;
  const ill = workers.flatMap((each) => Object.values(each.sinks)).filter((each) => !isWell(each.state)).length;
  const running = workers.filter((each) => each.state === "running").length;
  return h("div", { class: "tiles" },
    tile("Lag", count(sum(all((topic) => topic.lag_records))), "not handled yet"),
    tile("Age", seconds(most(all((topic) => topic.age_s))), "of the oldest message"),
    tile("Spill", count(spilled), `${bytes(sum(workers.map((each) => each.spill.bytes)))} on disk`, spilled > 0),
    tile("Dead letters", count(buried), "since the start", buried > 0),
    tile("Dropped", count(dropped), "records given up", dropped > 0),
    tile("Workers", `${running} of ${workers.length}`, ill ? `${ill} sinks not well` : "sinks are well", ill > 0 || running < workers.length));
}

function tile(name, value, sub, bad = false) {
  return h("section", { class: "card tile", "data-tile": name }, h("div", { class: "name" }, name),
    h("div", { class: `value ${bad ? "error-text" : ""}` }, value), h("div", { class: "sub" }, sub));
}

function card(title, ...content) {
  return h("section", { class: "card" }, h("h2", null, title), ...content);
}

const isWell = (state) => state === "ok" || state === "retrying";
const pill = (state, good) => h("span", { class: `pill ${good ? "good" : state === null ? "plain" : "bad"}` }, state ?? "unknown");

function topics(workers) {
  const names = [...new Set(workers.flatMap((each) => Object.keys(each.topics)))].sort();
  const of = (name, key) => workers.map((each) => each.topics[name]?.[key] ?? null);
  return card("Lag and age by topic", scrolling("Lag and age by topic", [
    { name: "Topic", cell: (name) => h("span", { title: name }, short(name)) },
    { name: "Partitions", kind: "num", cell: (name) => count(sum(workers.map((each) => each.partitions[name]?.length ?? 0))) },
    { name: "Lag", kind: "num", cell: (name) => count(sum(of(name, "lag_records"))) },
    { name: "Age", kind: "num", cell: (name) => seconds(most(of(name, "age_s"))) },
  ], names));
}

function sinks(workers) {
  const rows = workers.flatMap((each) => Object.entries(each.sinks).map(([name, sink]) => ({ name, sink, worker: each.worker })));
  if (rows.length === 0) return card("Sinks", h("p", { class: "empty" }, "No sink is configured."));
  return card("Sinks", scrolling("Sinks", [
    { name: "Sink", cell: (row) => row.name },
    { name: "State", cell: (row) => pill(row.sink.state, isWell(row.sink.state)) },
    { name: "Done", kind: "num", cell: (row) => count(row.sink.writes.done ?? 0) },
    { name: "Again", kind: "num wide", cell: (row) => count(row.sink.writes.retry ?? 0) },
    { name: "Refused", kind: "num wide", cell: (row) => count(row.sink.writes.fatal ?? 0) },
    { name: "Waiting", kind: "num", cell: (row) => count(row.sink.waiting_partitions) },
    ...(workers.length > 1 ? [{ name: "Worker", kind: "clip wide", cell: (row) => row.worker }] : []),
  ], rows));
}

function letters(workers) {
  const rows = workers.flatMap((each) => each.dead_letters.map((letter) => ({ ...letter, worker: each.worker })));
  const stopped = workers.flatMap((each) => each.stopped_stages.map((stage) => `${stage} on ${each.worker}`));
  const warning = stopped.length ? h("p", { class: "error-text" }, `Stopped, as too much would be buried: ${stopped.join(", ")}`) : null;
  if (rows.length === 0) return card("Dead letters", warning, h("p", { class: "empty" }, "None since these processes started."));
  return card("Dead letters", warning, scrolling("Dead letters", [
    { name: "Stage", cell: (row) => row.stage },
    { name: "Reason", cell: (row) => row.reason.replaceAll("_", " ") },
    { name: "Messages", kind: "num", cell: (row) => count(row.count) },
    ...(workers.length > 1 ? [{ name: "Worker", kind: "clip wide", cell: (row) => row.worker }] : []),
  ], rows), h("p", { class: "muted small" }, "See them by ", h("span", { class: "mono" }, "tailrace dlq list"), "."));
}

function publishers(workers) {
  const named = (counts) => Object.entries(counts).map(([name, number]) => `${name.replaceAll("_", " ")} ${count(number)}`).join(", ") || DASH;
  return card("Publisher and spill", scrolling("Publisher and spill", [
    { name: "Worker", kind: "clip", cell: (each) => h("span", { title: each.worker }, each.worker.replace(/^https?:\/\//, "")) },
    { name: "State", cell: (each) => (each.publisher.state ? pill(each.publisher.state, each.publisher.state === "direct" || each.publisher.state === "replaying") : "relays nothing") },
    { name: "Queued", kind: "num", cell: (each) => count(each.publisher.queued_records) },
    { name: "Spilled", kind: "num", cell: (each) => `${count(each.spill.messages)}` },
    { name: "Oldest", kind: "num wide", cell: (each) => (each.spill.messages ? seconds(each.spill.age_s) : DASH) },
    { name: "Taken by", kind: "wide", cell: (each) => named(each.publisher.ways) },
    { name: "Dropped", kind: "wide", cell: (each) => named(each.publisher.dropped) },
  ], workers));
}

function partitions(workers) {
  return card("Workers and their partitions", scrolling("Workers and their partitions", [
    { name: "Worker", cell: (each) => each.worker.replace(/^https?:\/\//, "") },
    { name: "Streams", cell: (each) => pill(each.state, each.state === "running") },
    { name: "Restarts", kind: "num wide", cell: (each) => count(each.stream_restarts) },
    { name: "Partitions by topic", cell: (each) => h("div", { class: "small" }, owned(each.partitions)) },
    { name: "Not well", kind: "wide", cell: (each) => Object.entries(each.parts).filter(([, part]) => !part.good).map(([name, part]) => `${name}: ${part.state}`).join(", ") || DASH },
  ], workers));
}

function owned(found) {
  const rows = Object.entries(found).sort(([a], [b]) => a.localeCompare(b));
  if (rows.length === 0) return "none at the moment";
  return rows.map(([topic, numbers]) => h("div", null, h("span", { class: "muted" }, `${short(topic)} `), ranges(numbers)));
}

/** 0, 1, 2, 5 -> "0–2, 5". */
function ranges(numbers) {
  const found = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found[found.length - 1];
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
