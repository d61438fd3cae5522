// Numbers, sizes and times as people read them; what is not known is a dash, never 0.

export const DASH = "–";
const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
const LOCALE = "en-US";

/** 1234567 -> "1.23M"; below 10,000 exact. */
export function count(value) {
  if (!known(value)) return DASH;
  if (Math.abs(value) < 10_000) return Number(value).toLocaleString(LOCALE, { maximumFractionDigits: 0 });
  for (const [size, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size) return significant(value / size) + letter;
  }
  return String(value);
}

/** Three significant digits, with their zeros, so that widths stay the same. */
function significant(value) {
  const whole = Math.abs(value);
  return value.toFixed(whole >= 100 ? 0 : whole >= 10 ? 1 : 2);
}

/** Nano-USD as dollars; below one dollar with three significant digits. */
export function cost(nanoUsd) {
  if (!known(nanoUsd)) return DASH;
  const usd = nanoUsd / 1e9;
  const size = Math.abs(usd);
  if (size === 0) return "$0.00";
  if (size >= 10_000) return "$" + count(usd);
  if (size >= 1) return "$" + usd.toLocaleString(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return "$" + usd.toFixed(Math.min(9, 2 - Math.floor(Math.log10(size))));
}

/** The cost of a group: not known where no exchange of it has a price. */
export const groupCost = (group) =>
  cost(group.requests > 0 && group.unpriced_requests === group.requests ? null : group.cost_nano_usd);

/** Milliseconds: "12.3 ms", "1.23 s", "2 min 5 s". */
export function millis(value) {
  if (!known(value)) return DASH;
  const size = Math.abs(value);
  if (size < 999.5) return `${value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)} ms`;
  return seconds(value / 1000);
}

/** Seconds, the same way, up to days. */
export function seconds(value) {
  if (!known(value)) return DASH;
  const size = Math.abs(value);
  if (size < 59.95) return `${value.toFixed(size < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(value);
  const minutes = Math.round(value / 60);
  if (size < 3599.5) return `${Math.trunc(whole / 60)} min ${Math.abs(whole % 60)} s`;
  if (size < 86_370) return `${Math.trunc(minutes / 60)} h ${Math.abs(minutes % 60)} min`;
  return `${(value / 86_400).toFixed(1)} d`;
}

/** Bytes: "1.4 KB", powers of 1000. */
export function bytes(value) {
  if (!known(value)) return DASH;
  if (value < 1000) return `${value} B`;
  for (const [size, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "KB"]]) {
    if (value >= size) return `${significant(value / size)} ${unit}`;
  }
  return `${value} B`;
}

/** A share of 1 as per cent. */
export function percent(part, whole) {
  if (!known(part) || !whole) return DASH;
  const share = (100 * part) / whole;
  return `${share.toFixed(share !== 0 && share < 10 ? 2 : 1)} %`;
}

/** A rate per second. */
export function rate(value) {
  if (!known(value)) return DASH;
  return value >= 100 ? count(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
}

/** Local time of the day, to the second; with the date if it is not today's. */
export function time(text, now = Date.now()) {
  if (!text) return DASH;
  const at = new Date(text);
  const clock = at.toLocaleTimeString("en-GB");
  if (at.toDateString() === new Date(now).toDateString()) return clock;
  return `${at.toLocaleDateString("en-CA")} ${clock}`;
}

/** Date and time to the millisecond, with the zone's offset in the title's text. */
export function exactTime(text) {
  if (!text) return DASH;
  const at = new Date(text);
  return `${at.toLocaleDateString("en-CA")} ${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** The mark of a time axis: the time of the day, or the day where a mark is a day or more apart. */
export function mark(atS, stepS) {
  const at = new Date(atS * 1000);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0;
  if (stepS >= 86_400 || (midnight && stepS >= 3600)) return at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: stepS < 60 ? "2-digit" : undefined });
}
