// What each kind of token cost: counts times the prices that the meter wrote down with the exchange.
// Kinds are parts of input or output; the rest of those is charged by their own price.

const PARTS = {
  input: ["cache_read", "cache_write", "cache_write_1h", "audio_input"],
  output: ["reasoning", "audio_output"],
};
const NAMES = {
  input: "Input", output: "Output", cache_read: "Read from cache", cache_write: "Written to cache",
  cache_write_1h: "Written to cache, 1 h", reasoning: "Reasoning", audio_input: "Audio in", audio_output: "Audio out",
  image_input: "Images in", image_output: "Images out", cache_audio_read: "Audio from cache", cache_image_read: "Images from cache",
  web_searches: "Web searches", images: "Images", audio_input_ms: "Audio, ms",
};

/** Rows `{kind, name, tokens, usdPerMillion, nanoUsd}`; prices null where the exchange has none. */
export function costs(usage, prices) {
  const rows = [];
  if (!usage) return rows;
  const priced = prices ?? {};
  for (const whole of ["input", "output"]) {
    if ((usage[whole] ?? null) === null) continue;
    let rest = usage[whole];
    const parts = [];
    for (const kind of PARTS[whole]) {
      const tokens = own(usage, kind, priced);
      if (!tokens) continue;
      if (priced[kind] !== undefined) rest -= tokens;
      parts.push(row(kind, tokens, priced[kind]));
    }
    rows.push(row(whole, rest, priced[whole]), ...parts);
  }
  for (const kind of Object.keys(NAMES)) {
    if (usage[kind] && !rows.some((each) => each.kind === kind)) rows.push(row(kind, usage[kind], undefined));
  }
  if (priced.request !== undefined) {
    rows.push({ kind: "request", name: "Per request", tokens: null, usdPerMillion: null, nanoUsd: Number(priced.request) * 1e9 });
  }
  return rows;
}

/** Tokens of a kind that no finer kind with a price of its own counts. */
function own(usage, kind, priced) {
  const tokens = usage[kind] ?? 0;
  const longer = kind === "cache_write" && priced.cache_write_1h !== undefined ? usage.cache_write_1h ?? 0 : 0;
  return tokens - longer;
}

function row(kind, tokens, price) {
  const usdPerMillion = price === undefined ? null : Number(price);
  return { kind, name: NAMES[kind], tokens, usdPerMillion, nanoUsd: usdPerMillion === null ? null : tokens * usdPerMillion * 1000 };
}
