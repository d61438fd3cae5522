// Series over time, drawn by uPlot; colours come from the theme, and follow when it changes.

import { h } from "./dom.js";
import { DASH, mark } from "./format.js";

const HEIGHT = 150;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Room for the longest mark of the axis. */
const wide = (_, marks) => 14 + 7 * Math.max(3, ...(marks ?? []).map((mark_) => mark_.length));

/** A card with a chart: `series` are `{name, color}`, `show` formats a value. */
export class Chart {
  #plot = null;
  #wanted = null;

  constructor(title, series, show, options = {}) {
    this.series = series;
    this.show = show;
    this.options = options;
    this.title = title;
    this.box = h("div", { class: "plot", role: "img", "aria-label": `${title}: no data yet` });
    this.element = h("section", { class: "card chart" }, h("h2", null, title), this.box);
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.box);
    this.onTheme = () => this.#rebuild();
    document.addEventListener("tailrace-theme", this.onTheme);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.onTheme);
  }

  /** Show values: `times` in seconds, one array per series; null where nothing was measured. */
  put(times, values) {
    this.#wanted = [times, ...values];
    this.box.setAttribute("aria-label", this.#spoken());
    if (this.#plot !== null) this.#plot.setData(this.#wanted);
    else this.#rebuild();
  }

  /** Let go of what it listens to. */
  stop() {
    this.resizing.disconnect();
    document.removeEventListener("tailrace-theme", this.onTheme);
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.onTheme);
    this.#plot?.destroy();
    this.#plot = null;
  }

  #spoken() {
    const last = this.series.map((each, at) => {
      const known = this.#wanted[at + 1].filter((value) => value !== null);
      return `${each.name} ${known.length ? this.show(known[known.length - 1]) : DASH}`;
    });
    return `${this.title}, latest: ${last.join(", ")}`;
  }

  #resize() {
    const width = this.box.clientWidth;
    if (width > 0 && this.#plot !== null && this.#plot.width !== width) {
      this.#plot.setSize({ width, height: HEIGHT });
    } else if (this.#plot === null) this.#rebuild();
  }

  #rebuild() {
    const width = this.box.clientWidth;
    if (this.#wanted === null || width === 0) return;
    this.#plot?.destroy();
    const axis = {
      stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    const few = this.#wanted.slice(1).every((values) => values.filter((value) => value !== null).length < 40);
    this.#plot = new window.uPlot({
      width, height: HEIGHT, cursor: { y: false, sync: { key: "time" } },
      scales: { y: { range: (_, least, most) => [0, most > 0 ? most * 1.08 : 1] } },
      axes: [
        { ...axis, space: 70, size: 32, values: (_, all) => all.map((at) => mark(at, all.length > 1 ? all[1] - all[0] : 60)) },
        { ...axis, size: wide, space: 32, values: (_, all) => all.map((value) => this.show(value)) },
      ],
      series: [
        { label: "at", value: (_, at) => (at ? new Date(at * 1000).toLocaleTimeString("en-GB") : DASH) },
        ...this.series.map((each) => ({
          label: each.name, stroke: css(each.color), width: 1.8, spanGaps: this.options.gaps ?? false,
          fill: each.fill ? css(each.color) + "26" : undefined, points: { size: 5, show: few },
          value: (_, value) => this.show(value),
        })),
      ],
    }, this.#wanted, this.box);
  }
}
