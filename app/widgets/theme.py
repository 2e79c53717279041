"""The theme of the page: what the user chose last, at first that of the system."""

import panel as pn
import param

# Sent with the request of a page, so that it is built in the theme chosen before.
COOKIE = "quests-theme"


class Theme(pn.custom.JSComponent):
    """Invisible component that follows the theme of the system, and remembers another choice.

    Parameters
    ----------
    page : Page
        Its `dark_theme` is set now; later only the browser can change the theme.
    chosen : str
        Value of the cookie: "dark", "light", or anything else for the theme of the system.
    """

    chosen = param.String(default="", doc='"dark" or "light" once the user has chosen, else "".')
    cookie = param.String(default=COOKIE, constant=True)

    _esm = """
    export function render({ model, view }) {
      const page = view.root?.model?.data, change = page?.properties?.dark_theme?.change;
      const system = matchMedia("(prefers-color-scheme: dark)");
      let chosen = model.chosen, expected = page?.dark_theme;
      const follow = () => {
        if (chosen || !change || page.dark_theme === system.matches) return;
        page.dark_theme = expected = system.matches;
      };
      const remember = () => {
        if (page.dark_theme === expected) return;
        expected = page.dark_theme;
        chosen = expected ? "dark" : "light";
        document.cookie = `${model.cookie}=${chosen}; path=/; max-age=31536000; SameSite=Lax`;
      };
      change?.connect(remember);
      system.addEventListener("change", follow);
      model.on("remove", () => {
        change?.disconnect(remember);
        system.removeEventListener("change", follow);
      });
      // Children render before the page listens to changes.
      setTimeout(follow, 100);
      return document.createElement("span");
    }
    """

    def __init__(self, page, chosen: str = "", **params):
        chosen = chosen if chosen in ("dark", "light") else ""
        super().__init__(width=0, height=0, margin=0, chosen=chosen, **params)
        page.dark_theme = chosen == "dark"
