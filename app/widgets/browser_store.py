"""Short lists of texts that the browser keeps."""

import panel as pn
import param

# A list that is longer, or has a longer text, is not the page's own.
MOST_TEXTS, LONGEST_TEXT = 40, 1000


class BrowserStore(pn.custom.JSComponent):
    """Invisible component that keeps a list of texts in the browser's storage.

    What comes from there is untrusted input: anybody can write anything into a storage of their own browser.

    Parameters
    ----------
    key : str
        Name of the list in the storage.
    lasting : bool
        Whether it outlives the browser's tab, and is shared by all tabs of the same browser.
    """

    key = param.String(constant=True)
    lasting = param.Boolean(default=False, constant=True)
    texts = param.Parameter(default=[], doc="The list to keep.")
    kept = param.Parameter(
        default=[], doc="The list kept before the page was loaded, as the browser sent it."
    )

    _esm = """
    export function render({ model }) {
      // A storage that is full or forbidden keeps nothing.
      const storage = () => model.lasting ? localStorage : sessionStorage;
      const key = `quests ${model.key} ${location.pathname}`;
      try {
        const kept = JSON.parse(storage().getItem(key));
        if (Array.isArray(kept) && kept.length) model.kept = kept;
      } catch {}
      model.on("texts", () => { try { storage().setItem(key, JSON.stringify(model.texts)); } catch {} });
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)

    def valid(self) -> list[str]:
        """Return the texts kept before, without what cannot have been kept by the page."""
        kept = self.kept if isinstance(self.kept, list) else []
        return [text for text in kept[:MOST_TEXTS] if isinstance(text, str) and len(text) <= LONGEST_TEXT]
