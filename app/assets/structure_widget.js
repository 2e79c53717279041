// Follows structure.js in one module: lets `render`, which takes a model of Panel, run as an anywidget.
export default {
  render({ model, el }) {
    const listeners = [], atEnd = [];
    const on = (name, callback) => {
      if (name === "remove") atEnd.push(callback);
      else {
        listeners.push([`change:${name}`, callback]);
        model.on(`change:${name}`, callback);
      }
    };
    const adapted = new Proxy({}, {
      get: (_, name) => (name === "on" ? on : model.get(name)),
      set: (_, name, value) => {
        model.set(name, value);
        model.save_changes();
        return true;
      },
    });
    const box = document.createElement("div");
    box.style.height = `${model.get("height")}px`;
    // Hosts have variables of the same names for something else, such as marimo.
    for (const name of ["accent", "ink", "line", "muted", "paper"]) box.style.setProperty(`--${name}`, "initial");
    box.append(render({ model: adapted }));
    el.append(box);
    return () => {
      for (const [name, callback] of listeners) model.off(name, callback);
      for (const callback of atEnd) callback();
    };
  },
};
