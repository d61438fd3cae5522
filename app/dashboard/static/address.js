// The state of a view is in the address behind `#`: `#/exchanges?user=alice&status=5xx`.

/** Page, the rest of the path, and parameters of an address. */
export function parse(hash) {
  const [path, query] = split(hash.replace(/^#\/?/, ""));
  const [page, ...rest] = path.split("/");
  return { page: page || "overview", rest: decoded(rest.join("/")), params: new URLSearchParams(query) };
}

function split(text) {
  const at = text.indexOf("?");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % typed by hand
  }
}

/** The address of a page. */
export function address(page, rest, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== null && value !== undefined && value !== "") query.append(name, value);
  }
  const text = query.toString();
  return `#/${page}${rest ? "/" + encodeURIComponent(rest) : ""}${text ? "?" + text : ""}`;
}

/** Change parameters of the view without a new entry in the history, and without a new view. */
export function keep(params) {
  const now = parse(location.hash);
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === "") now.params.delete(name);
    else now.params.set(name, value);
  }
  history.replaceState(null, "", address(now.page, now.rest, Object.fromEntries(now.params)));
}
