// Groups by time as arrays for a chart; an interval in which nothing finished is there, and empty.

/** `times` in seconds and the group of each, null where there is none. */
export function series(groups, fromMs, toMs, widthS) {
  const widthMs = widthS * 1000;
  const held = new Map(groups.map((group) => [Date.parse(group.key.time), group]));
  const times = [];
  const found = [];
  for (let at = Math.floor(fromMs / widthMs) * widthMs; at <= toMs; at += widthMs) {
    times.push(at / 1000);
    found.push(held.get(at) ?? null);
  }
  return { times, groups: found };
}
