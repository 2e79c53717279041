"""Keyboard shortcuts of the page."""

from collections.abc import Callable

import panel as pn
import param


class Shortcuts(pn.custom.JSComponent):
    """Invisible component that handles keyboard shortcuts, except in text fields."""

    # Not a Tuple parameter: the browser sends a list.
    pressed = param.Parameter(default=("", 0), doc="Name of the last shortcut, and the number so far.")

    _esm = """
    export function render({ model }) {
      const name = (event) => {
        if (event.key === "Escape") return "Escape";
        if (!(event.ctrlKey || event.metaKey)) return "";
        const key = event.key.toLowerCase();
        if (key === "y" || (key === "z" && event.shiftKey)) return "redo";
        return key === "z" ? "undo" : "";
      };
      const types = (node) => node && (node.isContentEditable || node.tagName === "TEXTAREA" ||
        (node.tagName === "INPUT" && !["checkbox", "radio", "range", "button"].includes(node.type)));
      const listen = (event) => {
        const shortcut = name(event);
        if (!shortcut || types(event.composedPath()[0])) return;
        if (shortcut !== "Escape") event.preventDefault();
        model.pressed = [shortcut, model.pressed[1] + 1];
      };
      document.addEventListener("keydown", listen);
      model.on("remove", () => document.removeEventListener("keydown", listen));
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)
        self._actions: dict[str, Callable[[], None]] = {}
        self.param.watch(lambda event: self._act(event.new[0]), "pressed")

    def on(self, shortcut: str, action: Callable[[], None]) -> None:
        """Call `action` on the shortcut "Escape", "undo" (Ctrl+Z) or "redo" (Ctrl+Shift+Z, Ctrl+Y)."""
        self._actions[shortcut] = action

    def _act(self, shortcut: str) -> None:
        if shortcut in self._actions:
            self._actions[shortcut]()
