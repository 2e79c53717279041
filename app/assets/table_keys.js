// Rows of every table by the keyboard: Tab reaches a table, arrows go from row to row, Enter does what a
// click on the row does, Space ticks its box. Above the first row are the heads: Enter sorts.
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

const within = (event, selector) =>
  event.composedPath().find((node) => node.matches !== undefined && node.matches(selector));

const focus = (element) => {
  if (!element) return;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
};

const rowsOf = (holder) => [...holder.querySelectorAll(".tabulator-row")];
const headsOf = (table) =>
  [...table.querySelectorAll(".tabulator-col.tabulator-sortable")].filter((head) => head.offsetWidth > 0);

function onHead(table, head, key) {
  const heads = headsOf(table), at = heads.indexOf(head);
  letGo();
  if (key === "ArrowDown") focus(rowsOf(table.querySelector(".tabulator-tableholder"))[0]);
  else if (key === "ArrowRight") focus(heads[Math.min(at + 1, heads.length - 1)]);
  else if (key === "ArrowLeft") focus(heads[Math.max(at - 1, 0)]);
  else if (key === "Enter" || key === " ") head.click();
  else return false;
  return true;
}

// A table that changes its height draws its rows anew, and what is drawn anew has no focus.
let letGo = () => {};

function keepFocus(holder, at) {
  letGo();
  const observer = new MutationObserver(() => {
    if (!holder.matches(":focus-within") && document.activeElement === document.body) focus(rowsOf(holder)[at]);
  });
  const stop = () => observer.disconnect();
  observer.observe(holder, { childList: true, subtree: true });
  // Whoever scrolls on, or clicks elsewhere, wants it there.
  for (const name of ["wheel", "pointerdown"]) document.addEventListener(name, stop, { once: true });
  setTimeout(stop, 10000);
  letGo = stop;
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
    letGo();
    if (at === 0 && key === "ArrowUp") focus(headsOf(table)[0]);
    else {
      const next = at < 0 ? first : Math.min(Math.max(at + STEPS[key], 0), rows.length - 1);
      focus(rows[next]);
      keepFocus(holder, next);
    }
  } else if (key === "Home" || key === "End") {
    letGo();
    holder.scrollTop = key === "Home" ? 0 : holder.scrollHeight;
    // Rows that come into sight are made then.
    requestAnimationFrame(() => focus(rowsOf(holder).at(key === "Home" ? 0 : -1)));
  } else if (row && (key === "Enter" || key === " ")) {
    keepFocus(holder, at);
    choose(row, key);
  }
  else return false;
  return true;
}

export function render({ model }) {
  const listen = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const table = within(event, ".tabulator"), target = event.composedPath()[0];
    if (!table || ["INPUT", "BUTTON", "A", "SELECT"].includes(target.tagName)) return;
    const head = within(event, ".tabulator-col"), holder = within(event, ".tabulator-tableholder");
    const row = within(event, ".tabulator-row");
    const done = head ? onHead(table, head, event.key) : holder && onRows(table, holder, row, event.key);
    if (done) event.preventDefault();
  };
  document.addEventListener("keydown", listen);
  model.on("remove", () => document.removeEventListener("keydown", listen));
  return document.createElement("span");
}
