// A body, fetched piece by piece and shown up to a bound, however long it is.

import { ApiError, request } from "./api.js";

export const SHOWN_BYTES = 512 * 1024;
const TEXTS = /^(text\/|application\/(.*\+)?(json|xml|javascript|x-ndjson|x-www-form-urlencoded))/;

/** Why there is no body, by its state in the record. */
export const REASONS = {
  empty: "This side had no body.", omitted: "The caller asked to leave this body out.",
  too_large: "The body was too large to be kept.", dropped: "The body could not be kept.",
};

/**
 * One side as `{text, bytes, cut, type, binary}`; `cut`: there is more than is shown. Throws ApiError;
 * status 404 with `retryAfterS` says that it is not archived yet.
 */
export async function read(id, side, signal) {
  const answer = await request(`/api/v1/exchanges/${encodeURIComponent(id)}/body?side=${side}`, { signal });
  const type = answer.headers.get("Content-Type") ?? "";
  let pieces;
  try {
    pieces = await bounded(answer.body);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(502, "broken", "the body's coding cannot be undone in a browser: download it", null);
  }
  const { data, cut } = pieces;
  const text = new TextDecoder("utf-8").decode(data, { stream: cut });
  return { text, bytes: data.length, cut, type, binary: !TEXTS.test(type.toLowerCase()) && !isText(data, cut) };
}

async function bounded(stream) {
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  while (size <= SHOWN_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  if (size > SHOWN_BYTES) await reader.cancel();
  const data = new Uint8Array(Math.min(size, SHOWN_BYTES));
  let at = 0;
  for (const part of parts) {
    const rest = part.subarray(0, data.length - at);
    data.set(rest, at);
    at += rest.length;
  }
  return { data, cut: size > SHOWN_BYTES };
}

function isText(data, cut) {
  if (data.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(data, { stream: cut });
    return true;
  } catch {
    return false;
  }
}
