"""The theme of the page: what the user chose last, at first that of the system."""

import panel as pn
import param


class Theme(pn.custom.JSComponent):
    """Invisible component that remembers the theme in the browser, for all pages of this server."""

    dark = param.Boolean(default=False)

    _esm = """
    export function render({ model }) {
      const key = "quests theme", system = matchMedia("(prefers-color-scheme: dark)");
      // Storage may be forbidden.
      const chosen = () => { try { return localStorage.getItem(key); } catch { return null; } };
      let expected = model.dark;
      const show = (dark) => { expected = dark; if (model.dark !== dark) model.dark = dark; };
      const follow = () => show(chosen() ? chosen() === "dark" : system.matches);
      model.on("dark", () => {
        if (model.dark === expected) return;
        expected = model.dark;
        try { localStorage.setItem(key, model.dark ? "dark" : "light"); } catch {}
      });
      system.addEventListener("change", follow);
      model.on("remove", () => system.removeEventListener("change", follow));
      follow();
      return document.createElement("span");
    }
    """

    def __init__(self, page, **params):
        super().__init__(width=0, height=0, margin=0, **params)
        page.param.watch(lambda event: setattr(self, "dark", event.new), "dark_theme")
        self.param.watch(lambda event: setattr(page, "dark_theme", event.new), "dark")
