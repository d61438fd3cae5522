// Elements by function calls. Text is always a text node: nothing that comes from a body, a header
// or a name is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `props` are attributes, `on…` listeners; children are nodes, texts or null. */
export function h(tag, props, ...children) {
  const made = document.createElement(tag);
  set(made, props);
  add(made, children);
  return made;
}

/** The same in SVG. */
export function svg(tag, props, ...children) {
  const made = document.createElementNS(SVG, tag);
  set(made, props);
  add(made, children);
  return made;
}

function set(element, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    const spoken = name.startsWith("aria-"); // there "false" is a value
    if (value === null || value === undefined || (value === false && !spoken)) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !spoken ? "" : String(value));
  }
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Put other children into an element, in one step, so that nothing jumps between. */
export function fill(element, ...children) {
  const fragment = document.createDocumentFragment();
  add(fragment, children);
  element.replaceChildren(fragment);
  return element;
}

/** A table: columns are `{name, cell(row), kind}`; kind is classes such as `num`, `wide`, `clip`. */
export function table(caption, columns, rows, rowProps) {
  return h("table", { "aria-label": caption },
    h("thead", null, h("tr", null, columns.map((column) =>
      h("th", { scope: "col", class: column.kind }, column.name)))),
    h("tbody", null, rows.map((row) => tableRow(columns, row, rowProps?.(row)))));
}

/** The same in a box that scrolls sideways where it is narrow, by the keyboard too. */
export function scrolling(caption, columns, rows) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${caption}, table` }, table(caption, columns, rows));
}

/** One row of it. */
export function tableRow(columns, row, props) {
  return h("tr", props, columns.map((column) => h("td", { class: column.kind }, column.cell(row))));
}
