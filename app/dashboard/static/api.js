// Queries of `/api/v1`, and the server's clock as its answers tell it.

/** What the server refused, or that it does not answer (status 0). */
export class ApiError extends Error {
  constructor(status, code, message, retryAfterS) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

let offsetMs = 0;

/** Milliseconds since the epoch by the server's clock, to about a second. */
export const serverNow = () => Date.now() + offsetMs;

/** How far the server's clock is ahead of this browser's, in ms; 0 while that is within the error. */
export const clockOffsetMs = () => offsetMs;

/** JSON of a path. Throws ApiError. */
export async function get(path, params, signal) {
  const answer = await request(path + query(params), { signal });
  return answer.json();
}

/** The answer of a path, whatever its type. Throws ApiError. */
export async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "away", "the worker does not answer", null);
  }
  learnTime(answer.headers.get("Date"));
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/** A change: by cookie it needs the header that no other page can send. Throws ApiError. */
export function change(method, path, body) {
  const headers = { "Tailrace-CSRF": "1", "Content-Type": "application/json" };
  return request(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

async function refusal(answer) {
  const retryAfterS = Number(answer.headers.get("Retry-After")) || null;
  let error = {};
  try {
    error = (await answer.json()).error ?? {};
  } catch {
    error = {}; // an answer that is not ours: the status says what there is to say
  }
  return new ApiError(answer.status, error.code ?? "error", error.message ?? `status ${answer.status}`, retryAfterS);
}

function learnTime(header) {
  const at = Date.parse(header ?? "");
  if (Number.isNaN(at)) return;
  const ahead = at + 500 - Date.now(); // the header is cut to whole seconds
  offsetMs = Math.abs(ahead) < 2500 ? 0 : ahead;
}

/** Parameters that are there, as a query; those with several values are repeated. */
export function query(params) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") pairs.append(name, each);
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : "";
}
