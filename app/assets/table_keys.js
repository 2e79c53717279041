// Rows of every table by the keyboard: Tab reaches a table, arrows go from row to row, Enter does what a
// click on the row does, Space ticks its box. Above the first row are the heads: Enter sorts.
// A table makes its rows anew when its numbers or its height change: the focus, and a click that is
// half done, pass on to the row of the same frame and atom.
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

const within = (event, selector) =>
  event.composedPath().find((node) => node.matches !== undefined && node.matches(selector));

const rowsOf = (holder) => [...holder.querySelectorAll(".tabulator-row")];
const headsOf = (table) =>
  [...table.querySelectorAll(".tabulator-col.tabulator-sortable")].filter((head) => head.offsetWidth > 0);

const cellOf = (row, field) => row.querySelector(`.tabulator-cell[tabulator-field="${field}"]`);
const textOf = (row, field) => cellOf(row, field)?.textContent ?? "";
const fieldOf = (cell) => cell.getAttribute("tabulator-field");
const nameOf = (row) => `${textOf(row, "frame")} ${textOf(row, "atom")}`;
// Its place on the page of the table, which the rows that are made need not begin with.
const placeOf = (row) => Number(textOf(row, "_index"));

// Keeps the focus on the row that has it, until it goes elsewhere or the user scrolls on.
const kept = {
  observer: new MutationObserver(() => kept.restore()),

  follow(row) {
    kept.letGo();
    Object.assign(kept, { row, name: nameOf(row), place: placeOf(row), holder: row.closest(".tabulator-tableholder") });
    kept.observer.observe(kept.holder, { childList: true, subtree: true });
  },

  restore() {
    clearTimeout(kept.waiting);
    if (!kept.isLost()) return;
    const row = rowsOf(kept.holder).find((other) => nameOf(other) === kept.name);
    if (row) focus(row);
    // It may come into sight yet. If not, as when it was put back, it leaves its place to the next.
    else kept.waiting = setTimeout(() => {
      if (kept.isLost()) focus(rowsOf(kept.holder).filter((other) => placeOf(other) <= kept.place).at(-1));
    }, 500);
  },

  isLost() {
    return !kept.row.isConnected && document.activeElement === document.body;
  },

  letGo() {
    kept.observer.disconnect();
    clearTimeout(kept.waiting);
  },
};

function focus(element) {
  if (!element) return;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  if (element.matches(".tabulator-row")) kept.follow(element);
  else kept.letGo();
}

function reach(element) {
  focus(element);
  element?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function onHead(table, head, key) {
  const heads = headsOf(table), at = heads.indexOf(head);
  if (key === "ArrowDown") reach(rowsOf(table.querySelector(".tabulator-tableholder"))[0]);
  else if (key === "ArrowRight") reach(heads[Math.min(at + 1, heads.length - 1)]);
  else if (key === "ArrowLeft") reach(heads[Math.max(at - 1, 0)]);
  else if (key === "Enter" || key === " ") head.click();
  else return false;
  return true;
}

function choose(row, key) {
  const box = row.querySelector("input[type=checkbox]");
  if (key === " " && box) return box.click();
  // The first that holds data: a check box has a cell of its own.
  [...row.querySelectorAll(".tabulator-cell")]
    .find((cell) => cell.offsetWidth > 0 && !cell.querySelector("input[type=checkbox]"))?.click();
}

function onRows(table, holder, row, key) {
  const rows = rowsOf(holder), at = rows.indexOf(row);
  if (key in STEPS) {
    // Before any row was reached, the first one that is seen is.
    const top = holder.getBoundingClientRect().top;
    const first = rows.findIndex((other) => other.getBoundingClientRect().bottom > top + 1);
    if (at === 0 && key === "ArrowUp") reach(headsOf(table)[0]);
    else reach(rows[at < 0 ? first : Math.min(Math.max(at + STEPS[key], 0), rows.length - 1)]);
  } else if (key === "Home" || key === "End") {
    holder.scrollTop = key === "Home" ? 0 : holder.scrollHeight;
    // Rows that come into sight are made then.
    requestAnimationFrame(() => reach(rowsOf(holder).at(key === "Home" ? 0 : -1)));
  } else if (row && (key === "Enter" || key === " ")) choose(row, key);
  else return false;
  return true;
}

// A button pressed on a row that is made anew before it is let go, or has its cells made anew, is a click on
// the cell that came for it, or will shortly: where it stands by then does not matter.
const press = {
  down(event) {
    const row = within(event, ".tabulator-row"), cell = within(event, ".tabulator-cell");
    const pressed = event.composedPath()[0], root = row?.getRootNode();
    press.begun = row && cell && { pressed, root, name: nameOf(row), field: fieldOf(cell), at: event };
  },

  up(event) {
    const { begun } = press;
    press.begun = null;
    const moved = begun && Math.hypot(event.clientX - begun.at.clientX, event.clientY - begun.at.clientY);
    if (begun && !begun.pressed.isConnected && moved < 5) press.passOn(begun, performance.now() + 500);
  },

  passOn(begun, end) {
    const holder = begun.root.querySelector(".tabulator-tableholder");
    const row = holder && rowsOf(holder).find((other) => nameOf(other) === begun.name);
    if (row) cellOf(row, begun.field)?.click();
    else if (performance.now() < end) requestAnimationFrame(() => press.passOn(begun, end));
  },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const table = within(event, ".tabulator"), target = event.composedPath()[0];
  if (!table || ["INPUT", "BUTTON", "A", "SELECT"].includes(target.tagName)) return;
  const head = within(event, ".tabulator-col"), holder = within(event, ".tabulator-tableholder");
  const row = within(event, ".tabulator-row");
  const done = head ? onHead(table, head, event.key) : holder && onRows(table, holder, row, event.key);
  if (done) event.preventDefault();
}

const LISTENERS = {
  keydown: onKey,
  focusin: (event) => {
    if (!event.composedPath().includes(kept.holder)) kept.letGo();
  },
  wheel: () => kept.letGo(),
  pointerdown: (event) => {
    kept.letGo();
    press.down(event);
  },
  pointerup: (event) => press.up(event),
  click: (event) => {
    // The arrows go on from the row that was clicked.
    const row = within(event, ".tabulator-row");
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
