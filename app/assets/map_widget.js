// A map of environments as an anywidget: every point is drawn; drag for a lasso, Shift and drag to add to the
// selection, wheel to zoom, Alt and drag to move, double click for the whole map, click for a point.
const STYLE = `
  .quests-map { position: relative; width: 100%; background: #fff; color: #1a2733; font: 12px/1.4 Roboto, system-ui, sans-serif;
    border-radius: 8px; overflow: hidden; }
  .quests-map canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: crosshair; }
  .quests-map .legend { position: absolute; left: 8px; bottom: 6px; pointer-events: none; text-shadow: 0 0 3px #fff, 0 0 3px #fff; }
  .quests-map .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin: 0 4px 0 8px; }
  .quests-map .legend .bar { display: inline-block; width: 90px; height: 9px; margin: 0 5px; }
  .quests-map .note { position: absolute; left: 8px; top: 6px; pointer-events: none; }
`;
// Pixels: how near a click must be, and how far the pointer may move in a click.
const NEAR = 14, STILL = 4;

const numbers = (view, Kind) => new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const rgba = (color) => [1, 3, 5, 7].map((i) => (i < color.length ? parseInt(color.slice(i, i + 2), 16) : 255));

function inside(corners, x, y) {
  let is = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [xi, yi] = corners[i], [xj, yj] = corners[j];
    if ((yi > y) !== (yj > y) && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is;
  }
  return is;
}

export default {
  render({ model, el }) {
    const root = document.createElement("div"), canvas = document.createElement("canvas");
    const legend = document.createElement("div"), note = document.createElement("div"), style = document.createElement("style");
    root.className = "quests-map";
    legend.className = "legend";
    note.className = "note";
    note.setAttribute("role", "status");
    style.textContent = STYLE;
    root.style.height = `${model.get("height")}px`;
    canvas.setAttribute("role", "img");
    root.append(style, canvas, legend, note);
    el.append(root);
    const context = canvas.getContext("2d");
    let xy, frames, colors, view, lasso = [], drag = null;

    const whole = () => {
      let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
      for (let i = 0; i < xy.length; i += 2) {
        left = Math.min(left, xy[i]), right = Math.max(right, xy[i]);
        bottom = Math.min(bottom, xy[i + 1]), top = Math.max(top, xy[i + 1]);
      }
      const [width, height] = [right - left || 1, top - bottom || 1];
      return { x: left - 0.03 * width, y: bottom - 0.03 * height, width: 1.06 * width, height: 1.06 * height };
    };
    const place = (i) => [
      ((xy[2 * i] - view.x) / view.width) * canvas.width,
      canvas.height - ((xy[2 * i + 1] - view.y) / view.height) * canvas.height,
    ];

    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.max(1, Math.round(root.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(root.clientHeight * ratio));
      const image = context.createImageData(canvas.width, canvas.height), data = image.data;
      const palette = model.get("palette").map(rgba), selected = new Set(model.get("selected"));
      const n = xy.length / 2, radius = Math.round(ratio * (n <= 2000 ? 3 : n <= 60000 ? 2 : 1));
      const dot = (i, reach, [r, g, b, a]) => {
        const [x, y] = place(i).map(Math.round);
        for (let dy = -reach; dy <= reach; dy++) {
          for (let dx = -reach; dx <= reach; dx++) {
            const [px, py] = [x + dx, y + dy];
            if (dx * dx + dy * dy > (reach + 0.5) ** 2 || px < 0 || py < 0 || px >= canvas.width || py >= canvas.height) continue;
            data.set([r, g, b, a], 4 * (py * canvas.width + px));
          }
        }
      };
      for (let i = 0; i < n; i++) if (!selected.has(frames[i])) dot(i, radius, palette[colors[i] - 1]);
      // On top, with a ring.
      if (selected.size) {
        for (let i = 0; i < n; i++) if (selected.has(frames[i])) dot(i, radius + 2, [0, 0, 0, 255]);
        for (let i = 0; i < n; i++) if (selected.has(frames[i])) dot(i, radius, palette[colors[i] - 1]);
      }
      context.putImageData(image, 0, 0);
      context.lineWidth = 2 * ratio;
      context.strokeStyle = "#000";
      const clicked = model.get("clicked");
      if (clicked >= 0 && clicked < n) {
        context.beginPath();
        context.arc(...place(clicked), 8 * ratio, 0, 2 * Math.PI);
        context.stroke();
      }
      if (lasso.length > 1) {
        context.beginPath();
        for (const [x, y] of lasso) context.lineTo(x, y);
        context.stroke();
      }
      note.textContent = selected.size ? `${selected.size.toLocaleString("en")} ${selected.size === 1 ? "frame" : "frames"} selected` : "";
    };

    const showLegend = () => {
      legend.replaceChildren();
      const about = model.get("legend");
      if (about.title) {
        const bar = document.createElement("span");
        bar.className = "bar";
        bar.style.background = `linear-gradient(to right, ${about.colors.join(", ")})`;
        legend.append(`${about.title} ${about.low}`, bar, about.high);
      }
      for (const [name, color] of about.names ?? []) {
        const mark = document.createElement("i");
        mark.style.background = color;
        legend.append(mark, name);
      }
    };

    const update = () => {
      xy = numbers(model.get("points"), Float32Array);
      frames = numbers(model.get("frames"), Int32Array);
      colors = numbers(model.get("colors"), Uint8Array);
      view = whole();
      canvas.setAttribute("aria-label", model.get("label"));
      showLegend();
      draw();
    };

    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
    };
    const select = (added) => {
      const found = new Set(added ? model.get("selected") : []);
      for (let i = 0; i < xy.length / 2; i++) if (!found.has(frames[i]) && inside(lasso, ...place(i))) found.add(frames[i]);
      model.set("selected", [...found].sort((a, b) => a - b));
    };
    const click = (x, y) => {
      let best = -1, least = (NEAR * (window.devicePixelRatio || 1)) ** 2;
      for (let i = 0; i < xy.length / 2; i++) {
        const [px, py] = place(i), distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance <= least) [best, least] = [i, distance];
      }
      if (best >= 0) model.set("clicked", best);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      drag = { from: at(event), moves: event.altKey, adds: event.shiftKey };
      lasso = drag.moves ? [] : [drag.from];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) return;
      const [x, y] = at(event);
      if (drag.moves) {
        view.x -= ((x - drag.from[0]) / canvas.width) * view.width;
        view.y += ((y - drag.from[1]) / canvas.height) * view.height;
        drag.from = [x, y];
      } else lasso.push([x, y]);
      draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!drag) return;
      const [x, y] = at(event), { from, moves, adds } = drag;
      drag = null;
      const reach = Math.max(0, ...lasso.map(([lx, ly]) => Math.hypot(lx - from[0], ly - from[1])));
      if (!moves) (reach <= STILL ? click(x, y) : select(adds));
      lasso = [];
      model.save_changes();
      draw();
    });
    canvas.addEventListener("dblclick", () => {
      view = whole();
      draw();
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const [x, y] = at(event), factor = Math.exp(Math.sign(event.deltaY) * 0.15);
      const [u, v] = [x / canvas.width, 1 - y / canvas.height];
      view.x += u * view.width * (1 - factor);
      view.y += v * view.height * (1 - factor);
      view.width *= factor;
      view.height *= factor;
      draw();
    }, { passive: false });

    const watched = [["change:points", update], ["change:colors", update], ["change:legend", showLegend], ["change:selected", draw],
      ["change:clicked", draw]];
    update();
    for (const [name, callback] of watched) model.on(name, callback);
    const sizes = new ResizeObserver(draw);
    sizes.observe(root);
    return () => {
      sizes.disconnect();
      for (const [name, callback] of watched) model.off(name, callback);
    };
  },
};
