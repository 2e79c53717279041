"""Send files created on the server to the browser."""

import panel as pn


class Download(pn.custom.JSComponent):
    """Invisible component that saves files in the browser."""

    _esm = """
    export function render({ model }) {
      model.on("msg:custom", ({ name, content }) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
        link.download = name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      });
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)

    def send(self, name: str, content: bytes) -> None:
        """Save a file in the browser."""
        self._send_msg({"name": name, "content": content})
