// Keyboard access to the rows of all tables: Tab focuses a table, arrow keys move between rows, Enter clicks a
// row, Space ticks its checkbox. The headers are above the first row; Enter sorts.
// Tabulator replaces the row elements when values or heights change, and Panel builds the whole table again when it
// is rendered: the focus, and a click in progress, are moved to the new element of the same frame and atom.
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

const closest = (event, selector) =>
  event.composedPath().find((node) => node.matches !== undefined && node.matches(selector));

const rowsOf = (holder) => [...holder.querySelectorAll(".tabulator-row")];
const headersOf = (table) =>
  [...table.querySelectorAll(".tabulator-col.tabulator-sortable")].filter((header) => header.offsetWidth > 0);

const cellOf = (row, field) => row.querySelector(`.tabulator-cell[tabulator-field="${field}"]`);
const textOf = (row, field) => cellOf(row, field)?.textContent ?? "";
const fieldOf = (cell) => cell.getAttribute("tabulator-field");
const nameOf = (row) => `${textOf(row, "frame")} ${textOf(row, "atom")}`;
// Its position on the table's page; the first rendered row may have any position.
const positionOf = (row) => Number(textOf(row, "_index"));

// Keep the focus on a row until another element is focused or the user scrolls.
const focusKeeper = {
  observer: new MutationObserver(() => focusKeeper.restore()),

  follow(row) {
    focusKeeper.release();
    Object.assign(focusKeeper, {
      row, name: nameOf(row), position: positionOf(row), root: row.getRootNode(),
    });
    focusKeeper.observer.observe(focusKeeper.root, { childList: true, subtree: true });
  },

  // Another element if the table was built again.
  get holder() {
    return focusKeeper.root?.querySelector(".tabulator-tableholder");
  },

  restore() {
    clearTimeout(focusKeeper.timeout);
    if (!focusKeeper.isLost()) return;
    const row = focusKeeper.rows().find((other) => nameOf(other) === focusKeeper.name);
    if (row) focus(row);
    // The row may still be rendered. If it was removed, focus its successor.
    else focusKeeper.timeout = setTimeout(() => {
      if (focusKeeper.isLost()) focus(focusKeeper.rows().filter((other) => positionOf(other) <= focusKeeper.position).at(-1));
    }, 500);
  },

  rows() {
    return focusKeeper.holder ? rowsOf(focusKeeper.holder) : [];
  },

  isLost() {
    // A row that is taken out and put back loses the focus, too.
    return document.activeElement === document.body;
  },

  release() {
    focusKeeper.observer.disconnect();
    clearTimeout(focusKeeper.timeout);
  },
};

function focus(element) {
  if (!element) return;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  if (element.matches(".tabulator-row")) focusKeeper.follow(element);
  else focusKeeper.release();
}

function moveTo(element) {
  focus(element);
  element?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function onHeaderKey(table, header, key) {
  const headers = headersOf(table), index = headers.indexOf(header);
  if (key === "ArrowDown") moveTo(rowsOf(table.querySelector(".tabulator-tableholder"))[0]);
  else if (key === "ArrowRight") moveTo(headers[Math.min(index + 1, headers.length - 1)]);
  else if (key === "ArrowLeft") moveTo(headers[Math.max(index - 1, 0)]);
  else if (key === "Enter" || key === " ") header.click();
  else return false;
  return true;
}

function choose(row, key) {
  const box = row.querySelector("input[type=checkbox]");
  if (key === " " && box) return box.click();
  // Click the first cell with data, as the checkbox has its own cell.
  [...row.querySelectorAll(".tabulator-cell")]
    .find((cell) => cell.offsetWidth > 0 && !cell.querySelector("input[type=checkbox]"))?.click();
}

function onRowKey(table, holder, row, key) {
  const rows = rowsOf(holder), index = rows.indexOf(row);
  if (key in STEPS) {
    // Start at the first visible row.
    const top = holder.getBoundingClientRect().top;
    const first = rows.findIndex((other) => other.getBoundingClientRect().bottom > top + 1);
    if (index === 0 && key === "ArrowUp") moveTo(headersOf(table)[0]);
    else moveTo(rows[index < 0 ? first : Math.min(Math.max(index + STEPS[key], 0), rows.length - 1)]);
  } else if (key === "Home" || key === "End") {
    holder.scrollTop = key === "Home" ? 0 : holder.scrollHeight;
    // Tabulator renders the rows after the scroll.
    requestAnimationFrame(() => moveTo(rowsOf(holder).at(key === "Home" ? 0 : -1)));
  } else if (row && (key === "Enter" || key === " ")) choose(row, key);
  else return false;
  return true;
}

// If a cell is replaced between pointerdown and pointerup, click its replacement, which may appear slightly later
// and at another position.
const press = {
  down(event) {
    const row = closest(event, ".tabulator-row"), cell = closest(event, ".tabulator-cell");
    const pressed = event.composedPath()[0], root = row?.getRootNode();
    press.start = row && cell && { pressed, root, name: nameOf(row), field: fieldOf(cell), event };
  },

  up(event) {
    const { start } = press;
    press.start = null;
    const moved = start && Math.hypot(event.clientX - start.event.clientX, event.clientY - start.event.clientY);
    if (start && !start.pressed.isConnected && moved < 5) press.clickReplacement(start, performance.now() + 500);
  },

  clickReplacement(start, end) {
    const holder = start.root.querySelector(".tabulator-tableholder");
    const row = holder && rowsOf(holder).find((other) => nameOf(other) === start.name);
    // The cell of a checkbox has no field, and no click of its own.
    const isBox = start.pressed.matches?.("input[type=checkbox]");
    const replacement = row && (isBox ? row.querySelector("input[type=checkbox]") : cellOf(row, start.field));
    if (replacement) replacement.click();
    else if (performance.now() < end) requestAnimationFrame(() => press.clickReplacement(start, end));
  },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const table = closest(event, ".tabulator"), target = event.composedPath()[0];
  if (!table || ["INPUT", "BUTTON", "A", "SELECT"].includes(target.tagName)) return;
  const header = closest(event, ".tabulator-col"), holder = closest(event, ".tabulator-tableholder");
  const row = closest(event, ".tabulator-row");
  const handled = header ? onHeaderKey(table, header, event.key) : holder && onRowKey(table, holder, row, event.key);
  if (handled) event.preventDefault();
}

const LISTENERS = {
  keydown: onKey,
  focusin: (event) => {
    if (!event.composedPath().includes(focusKeeper.holder)) focusKeeper.release();
  },
  wheel: () => focusKeeper.release(),
  pointerdown: (event) => {
    focusKeeper.release();
    press.down(event);
  },
  pointerup: (event) => press.up(event),
  click: (event) => {
    // Arrow keys continue from the clicked row.
    const row = closest(event, ".tabulator-row");
    if (row?.isConnected && event.composedPath()[0].tagName !== "INPUT") focus(row);
  },
};

export function render({ model }) {
  const listeners = Object.entries(LISTENERS);
  for (const [name, listen] of listeners) document.addEventListener(name, listen, { passive: name === "wheel" });
  model.on("remove", () => {
    for (const [name, listen] of listeners) document.removeEventListener(name, listen);
  });
  return document.createElement("span");
}
