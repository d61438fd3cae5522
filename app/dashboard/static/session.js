// Signing in with a key. The cookie is set by the server and no script can read it.

import { ApiError, change, get } from "./api.js";
import { fill, h } from "./dom.js";

const PATH = "/api/v1/session";

/** Who we are; null where a key is needed. Throws ApiError where nobody answers. */
export async function whoami() {
  try {
    return await get(PATH);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** Forget the key. */
export const signOut = () => change("DELETE", PATH);

/** Show the form; `done` is called once a key was taken. */
export function askForKey(main, done) {
  const field = h("input", {
    type: "password", name: "key", required: true, autocomplete: "current-password", id: "key", spellcheck: "false",
  });
  const problem = h("p", { class: "error-text small", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "main" }, "Sign in");
  const form = h("form", { onsubmit: submit },
    h("label", { for: "key" }, "Access key", field), problem, button);
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      await change("POST", PATH, { key: field.value });
      done();
    } catch (error) {
      problem.textContent = error.status === 401 ? "That is not a key in force." : error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  }
  fill(main, h("section", { class: "card login" }, h("h1", null, "Sign in"),
    h("p", { class: "muted small" }, "This deployment asks for a key. Make one with ",
      h("span", { class: "mono" }, "tailrace keys create"), "."), form));
  field.focus();
}
