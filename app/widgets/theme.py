"""The theme of the page: what the user chose last, at first that of the system."""

import panel as pn
import param

# Sent with the request of a page, so that it is built in the theme chosen before.
COOKIE = "quests-theme"


class Theme(pn.custom.JSComponent):
    """Invisible component that remembers the theme in the browser.

    Parameters
    ----------
    page : Page
        Its `dark_theme` follows the component, and the other way round.
    chosen : str
        Value of the cookie: "dark", "light", or "" for the theme of the system.
    """

    dark = param.Boolean(default=False)
    chosen = param.Selector(default="", objects=["", "dark", "light"])
    cookie = param.String(default=COOKIE, constant=True)

    _esm = """
    export function render({ model }) {
      const system = matchMedia("(prefers-color-scheme: dark)");
      let expected = model.dark;
      const follow = () => {
        if (!model.chosen && model.dark !== system.matches) model.dark = expected = system.matches;
      };
      model.on("dark", () => {
        if (model.dark === expected) return;
        expected = model.dark;
        model.chosen = model.dark ? "dark" : "light";
        document.cookie = `${model.cookie}=${model.chosen}; path=/; max-age=31536000; SameSite=Lax`;
      });
      system.addEventListener("change", follow);
      model.on("remove", () => system.removeEventListener("change", follow));
      // Children render before the page listens to changes.
      setTimeout(follow, 100);
      return document.createElement("span");
    }
    """

    def __init__(self, page, chosen: str = "", **params):
        chosen = chosen if chosen in self.param.chosen.objects else ""
        super().__init__(width=0, height=0, margin=0, dark=chosen == "dark", chosen=chosen, **params)
        page.dark_theme = self.dark
        page.param.watch(lambda event: setattr(self, "dark", event.new), "dark_theme")
        self.param.watch(lambda event: setattr(page, "dark_theme", event.new), "dark")
