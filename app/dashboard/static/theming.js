// The toggle: the other theme than the one that is seen; the system's own is not kept.

const KEY = "tailrace-theme";

/** Change to the other theme. */
export function toggleTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  if (next === system) delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === system) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // storage is switched off: the choice lasts as long as the page
  }
  document.dispatchEvent(new Event("tailrace-theme"));
}
