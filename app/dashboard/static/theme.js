// Before the first paint: the theme that was chosen, else the system's.
"use strict";
(function () {
  let chosen = null;
  try {
    chosen = localStorage.getItem("tailrace-theme");
  } catch (error) {
    chosen = null; // storage is switched off: the system's theme
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
