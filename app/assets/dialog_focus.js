// Material UI gives the focus back to `document.activeElement`, which is the host of nested shadow roots and takes
// none: the next Tab would start at the top of the page.
const FOCUSABLE = "button, a[href], input, select, textarea, [tabindex]";

const find = (event, selector) => event.composedPath().find((node) => node.matches?.(selector));

export function render({ model }) {
  let opener = null, dialog = null;
  const observer = new MutationObserver(() => {
    if (dialog.isConnected) return;
    observer.disconnect();
    dialog = null;
    // Unless the user has already gone elsewhere.
    if (document.activeElement === document.body) opener?.focus({ preventScroll: true });
  });
  // A dialog is closed by a click or a key in it.
  const listen = (event) => {
    const found = find(event, ".MuiDialog-root");
    if (found && found !== dialog) {
      dialog = found;
      observer.observe(dialog.getRootNode(), { childList: true, subtree: true });
    } else if (!found && event.type === "click") opener = find(event, FOCUSABLE);
  };
  for (const type of ["click", "keydown"]) document.addEventListener(type, listen, true);
  model.on("remove", () => {
    observer.disconnect();
    for (const type of ["click", "keydown"]) document.removeEventListener(type, listen, true);
  });
  return document.createElement("span");
}
