// Draw a scene of app/analysis/scene.py on a 2-D canvas, from back to front; see app/widgets/structure_viewer.py.

const PLAIN = 0, FAR = 2;                                // styles of atoms
const FOG_LEVELS = 8, SPRITE = 96, BOND = 0.11;          // BOND: half the width of a bond, Å
const MANY_BONDS = 6000, REST = 200;                     // above MANY_BONDS, bonds are hidden until REST ms after a move
const LABELS = ["none", "element", "index"];
const SIDES = [-1, 0, 1], SAME = 1e-4;                   // cells beside a cell; distances that do not differ, Å
const LINE = 24;                                         // at most the height of one line of the legend, pixels
const PAUSE = 400;                                       // least time between two frames that are played, ms
const ARROW_COLOR = "#d55e00";                           // vermillion of the Okabe–Ito palette
const STYLE = `
  .structure { container-type: size; position: relative; width: 100%; height: 100%; overflow: hidden; border-radius: 8px;
    background: var(--paper, #fff); color: var(--ink, #1a2733); transition: color 1ms, background-color 1ms;
    font: 12px/1.4 Roboto, system-ui, sans-serif; }
  .structure canvas { position: absolute; inset: 0; width: 100%; height: 100%; cursor: grab; touch-action: none;
    border-radius: 8px; outline-color: var(--accent, #0b5a7d); }
  .structure canvas:focus-visible { outline: 2px solid var(--accent, #0b5a7d); outline-offset: -2px; }
  .structure .views { position: absolute; top: 4px; right: 4px; display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 2px;
    max-width: calc(100% - 8px); }
  .structure .steps { display: contents; }
  .structure:not(:fullscreen) .steps { display: none; }
  .structure .views button { font: inherit; color: var(--muted, #5c6873); background: var(--paper, #fff); opacity: .85;
    border: 1px solid var(--line, #ccc); border-radius: 5px; min-width: 22px; height: 22px; padding: 0 5px; cursor: pointer; }
  .structure .views button:hover, .structure .views button:focus-visible { color: var(--ink, #1a2733); opacity: 1; }
  .structure .views button[aria-pressed=true] { color: var(--paper, #fff); background: var(--accent, #0b5a7d); opacity: 1; }
  .structure .measures { position: absolute; left: 8px; top: 6px; pointer-events: none; max-width: 55%;
    text-shadow: 0 0 3px var(--paper, #fff), 0 0 3px var(--paper, #fff); white-space: pre-line; font-variant-numeric: tabular-nums; }
  .structure .legend { position: absolute; left: 8px; bottom: 6px; display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: center;
    pointer-events: none; max-width: calc(100% - 80px); font-size: 12px; text-shadow: 0 0 3px var(--paper, #fff), 0 0 3px var(--paper, #fff); }
  .structure .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 4px;
    border: 1px solid rgb(0 0 0 / 35%); box-sizing: border-box; }
  .structure .legend .bar { display: inline-block; width: 90px; height: 9px; border-radius: 2px; margin: 0 5px; }
  .structure .hint { position: absolute; pointer-events: none; display: none; padding: 3px 7px; border-radius: 5px; white-space: nowrap;
    background: var(--paper, #fff); border: 1px solid var(--line, #ccc); box-shadow: 0 2px 8px rgb(0 0 0 / 18%); z-index: 3; }
  @container (max-width: 300px) { .structure .views .along { display: none; } }
  @container (max-height: 160px) { .structure .views { display: none !important; } }
`;

// Rotations are 3×3 matrices in row-major order; the rows point right, up, and towards the viewer.
const multiply = (a, b) => [0, 3, 6].flatMap((i) => [0, 1, 2].map((j) => a[i] * b[j] + a[i + 1] * b[j + 3] + a[i + 2] * b[j + 6]));
const aboutX = (t) => [1, 0, 0, 0, Math.cos(t), -Math.sin(t), 0, Math.sin(t), Math.cos(t)];
const aboutY = (t) => [Math.cos(t), 0, Math.sin(t), 0, 1, 0, -Math.sin(t), 0, Math.cos(t)];
const ALONG = {
  x: [0, 1, 0, 0, 0, 1, 1, 0, 0],
  y: [0, 0, 1, 1, 0, 0, 0, 1, 0],
  z: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
const SLANTED = multiply(aboutX(0.45), multiply(aboutY(0.35), [1, 0, 0, 0, 0, 1, 0, -1, 0]));

// Length and angle of vectors in Å, as text.
const length = (a) => `${Math.hypot(...a).toFixed(3)} Å`;
function angle(a, b) {
  const cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (Math.hypot(...a) * Math.hypot(...b));
  return `${(Math.acos(Math.max(-1, Math.min(1, cosine))) * 180 / Math.PI).toFixed(1)}°`;
}

function mix(a, b, share) {
  return a.map((value, i) => Math.round(value + (b[i] - value) * share));
}
const rgb = (c) => `rgb(${c[0]},${c[1]},${c[2]})`;
const parse = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function element(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

// Convert any CSS colour to [r, g, b] by drawing a pixel.
function pageColor(css) {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

// A cache of shaded balls and bond colours, by colour and fog level.
class Paint {
  constructor(palette, paper, ink) {
    Object.assign(this, { colors: palette.map(parse), paper, ink, balls: new Map(), lines: new Map() });
  }
  fogged(color, level) {
    return mix(color, this.paper, level / FOG_LEVELS);
  }
  ball(index, level) {
    const key = index * FOG_LEVELS + level;
    if (!this.balls.has(key)) this.balls.set(key, this.makeBall(this.colors[index], level));
    return this.balls.get(key);
  }
  makeBall(color, level) {
    const canvas = new OffscreenCanvas(SPRITE, SPRITE), context = canvas.getContext("2d"), half = SPRITE / 2;
    const shade = context.createRadialGradient(0.68 * half, 0.62 * half, 0.05 * half, half, half, half);
    const stops = [[0, mix(color, [255, 255, 255], 0.75)], [0.35, mix(color, [255, 255, 255], 0.12)],
      [0.75, mix(color, [0, 0, 0], 0.16)], [1, mix(color, [0, 0, 0], 0.5)]];
    for (const [at, stop] of stops) shade.addColorStop(at, rgb(this.fogged(stop, level)));
    context.fillStyle = shade;
    context.beginPath();
    context.arc(half, half, half - 1, 0, 2 * Math.PI);
    context.fill();
    return canvas;
  }
  line(index, level) {
    const key = index * FOG_LEVELS + level;
    if (!this.lines.has(key)) {
      const color = this.colors[index];
      this.lines.set(key, [mix(color, [0, 0, 0], 0.45), mix(color, [255, 255, 255], 0.1)].map((c) => rgb(this.fogged(c, level))));
    }
    return this.lines.get(key);
  }
}

// The items to draw, sorted by binned depth.
class DepthQueue {
  constructor(size) {
    Object.assign(this, { kind: new Uint8Array(size), item: new Int32Array(size), depth: new Float32Array(size), length: 0 });
  }
  add(kind, item, depth) {
    this.kind[this.length] = kind;
    this.item[this.length] = item;
    this.depth[this.length++] = depth;
  }
  forEach(visit, reach) {
    const bins = 4096, first = new Int32Array(bins + 1), order = new Int32Array(this.length);
    const bin = (i) => Math.max(0, Math.min(bins - 1, Math.floor((this.depth[i] / reach + 1) * bins / 2)));
    for (let i = 0; i < this.length; i++) first[bin(i) + 1]++;
    for (let b = 0; b < bins; b++) first[b + 1] += first[b];
    for (let i = 0; i < this.length; i++) order[first[bin(i)]++] = i;
    for (const i of order) visit(this.kind[i], this.item[i], this.depth[i]);
  }
}

const ATOM = 0, HALF_BOND = 1, EDGE = 2, ARROW = 3, EDGE_PARTS = 12;

class Picture {
  constructor(root, canvas, legend) {
    Object.assign(this, { root, canvas, legend, context: canvas.getContext("2d"), scene: null, pending: false, moveTimer: 0 });
    this.turn = SLANTED;
    this.zoom = 0;
    this.shift = [0, 0];
    this.labels = LABELS[0];
    this.measured = [];
    this.isMeasuring = false;
    this.cursor = -1;
  }

  // The view is kept when stepping through frames of similar size.
  show(scene) {
    const previous = this.scene;
    if (previous && scene) {
      const growth = scene.extent / previous.extent;
      // Keep the number of pixels per Å.
      if (scene.key === previous.key && growth > 0.4 && growth < 2.5) this.zoom *= growth;
      else this.unfit();
    }
    // Atoms of the same number stay measured from frame to frame, but for images of the environment, which change.
    const isSame = previous && scene && scene.fixed === previous.fixed && `${scene.symbols}` === `${previous.symbols}`;
    this.measured = isSame ? this.measured.filter((i) => i < scene.fixed) : [];
    if (!isSame) this.cursor = -1;
    this.scene = scene;
    this.paint = null;
    this.isNew = true;
    this.draw();
  }
  // Measure one more atom: the fourth begins anew, and one that is clicked again is left out.
  measure(i) {
    const others = this.measured.filter((other) => other !== i);
    if (others.length < this.measured.length) this.measured = others;
    else this.measured = [...(others.length < 3 ? others : []), i];
    this.draw();
  }
  nameOf(i) {
    return `${this.scene.symbols[this.scene.atom[i]]}${this.scene.atom[i]}`;
  }
  // Return the vector from atom i to the nearest image of atom j, and `drawn`, the vector to atom j as it is drawn.
  // Where one atom is measured twice, as two copies, both are the same: its nearest image is itself.
  nearest(i, j) {
    const { positions: p, atom, cell, inverse } = this.scene;
    const drawn = [0, 1, 2].map((axis) => p[3 * j + axis] - p[3 * i + axis]), images = [drawn];
    if (new Set(this.measured.map((one) => atom[one])).size === this.measured.length) {
      const cells = [0, 1, 2].map((k) => Math.round(drawn[0] * inverse[k] + drawn[1] * inverse[3 + k] + drawn[2] * inverse[6 + k]));
      for (const u of SIDES) for (const v of SIDES) for (const w of SIDES) {
        const n = [u - cells[0], v - cells[1], w - cells[2]];
        images.push(drawn.map((x, axis) => x + n[0] * cell[axis] + n[1] * cell[3 + axis] + n[2] * cell[6 + axis]));
      }
    }
    // Of images at the same distance, the drawn one comes first.
    const vector = images.reduce((best, image) => Math.hypot(...image) < Math.hypot(...best) - SAME ? image : best);
    return { vector, drawn, isDrawn: vector === drawn };
  }
  // Return the distances, and the angle at the second of three atoms, between nearest images. Lines are from the second
  // atom, so that they show that angle.
  measures() {
    const [i, j, k] = this.measured;
    if (j === undefined) return [];
    const named = (...atoms) => atoms.map((atom) => this.nameOf(atom)).join("–");
    const distance = (name, { vector, drawn, isDrawn }) => {
      const note = isDrawn ? "" : ` to the nearest image (${length(drawn)} as drawn)`;
      return { name, text: length(vector), note, from: j, vector, isDrawn };
    };
    const a = this.nearest(j, i), lines = [distance(named(i, j), a)];
    if (k === undefined) return lines;
    const b = this.nearest(j, k), isDrawn = a.isDrawn && b.isDrawn;
    const note = isDrawn ? "" : ` between nearest images (${angle(a.drawn, b.drawn)} as drawn)`;
    const corner = { name: named(i, j, k), text: angle(a.vector, b.vector), note, from: j, vector: [0, 0, 0], isDrawn: true };
    return [...lines, distance(named(j, k), b), corner];
  }
  // Move the cursor of the keyboard among the drawn atoms.
  step(by) {
    const n = this.scene.atom.length;
    this.cursor = this.cursor < 0 ? (this.scene.picked < 0 ? 0 : this.scene.picked) : (this.cursor + by + n) % n;
    this.draw();
  }
  reset(turn) {
    this.turn = turn;
    this.unfit();
    this.draw();
  }
  unfit() {
    this.zoom = 0;
    this.chosen = false;
    this.shift = [0, 0];
  }
  // Unless the user has zoomed, adjust the zoom when a new or resized scene would not fit or be too small.
  adjustZoom(fit) {
    if (!this.zoom || (this.isNew && !this.chosen && (this.zoom > 1.02 * fit || this.zoom < 0.6 * fit))) this.zoom = fit;
    this.isNew = false;
  }
  // The largest zoom at which everything is visible in this orientation.
  fit(width, height) {
    const { scene, turn } = this;
    let [x, y] = [1, 1];
    const reach = (points, i, r) => {
      x = Math.max(x, r + Math.abs(turn[0] * points[i] + turn[1] * points[i + 1] + turn[2] * points[i + 2]));
      y = Math.max(y, r + Math.abs(turn[3] * points[i] + turn[4] * points[i + 1] + turn[5] * points[i + 2]));
    };
    if (scene.sphere) reach(scene.positions, 3 * scene.picked, scene.sphere + (scene.around ? 0.8 : 0));
    if (!scene.around) {
      scene.radius.forEach((r, i) => reach(scene.positions, 3 * i, r));
      for (let i = 0; i < scene.edges.length; i += 3) reach(scene.edges, i, 0);
    }
    return Math.min(width / x, height / y) * scene.extent / Math.min(width, height);
  }
  rotate(x, y) {
    this.turn = multiply(multiply(aboutX(y), aboutY(x)), this.turn);
    this.moved();
  }
  scale(factor) {
    this.chosen = true;
    this.zoom = Math.max(0.2, Math.min(20, this.zoom * factor));
    this.moved();
  }
  move(x, y) {
    this.chosen = true;
    this.shift = [this.shift[0] + x, this.shift[1] + y];
    this.moved();
  }
  moved() {
    clearTimeout(this.moveTimer);
    this.moveTimer = setTimeout(() => {
      this.moveTimer = 0;
      this.draw();
    }, REST);
    this.draw();
  }
  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas, context, scene } = this;
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      // The scene may not fit into the new size.
      this.isNew = true;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!scene) return;
    const style = getComputedStyle(this.root), page = style.backgroundColor + style.color;
    if (!this.paint || this.page !== page) {
      this.page = page;
      this.paint = new Paint(scene.palette, pageColor(style.backgroundColor), pageColor(style.color));
    }
    // The structure is drawn above its legend.
    const room = height - this.legend.offsetHeight - 6;
    this.adjustZoom(this.fit(width - 16, room - 16));
    this.pixels = this.zoom * Math.min(width - 16, room - 16) / 2 / scene.extent;
    this.center = [width / 2 + this.shift[0], room / 2 + this.shift[1]];
    this.screen = this.project(scene.positions);
    this.drawSphere();
    this.queue().forEach((kind, item, depth) => this.drawItem(kind, item, depth), 1.05 * scene.extent);
    this.drawRing();
    this.drawMeasures();
    this.drawAxes(width, height);
    this.drawArrowScale(height);
  }

  // Return x and y in pixels, and the depth towards the viewer in Å.
  project(points) {
    const [a, b, c, d, e, f, g, h, i] = this.turn, [cx, cy] = this.center, s = this.pixels;
    const screen = new Float32Array(points.length);
    for (let p = 0; p < points.length; p += 3) {
      const x = points[p], y = points[p + 1], z = points[p + 2];
      screen[p] = cx + s * (a * x + b * y + c * z);
      screen[p + 1] = cy - s * (d * x + e * y + f * z);
      screen[p + 2] = g * x + h * y + i * z;
    }
    return screen;
  }

  // Return the pixel that a vector in Å leads to from a pixel.
  offset(x, y, [dx, dy, dz]) {
    const [a, b, c, d, e, f] = this.turn, s = this.pixels;
    return [x + s * (a * dx + b * dy + c * dz), y - s * (d * dx + e * dy + f * dz)];
  }

  queue() {
    const { scene, screen } = this, n = scene.atom.length, allBonds = scene.bonds.length / 2;
    const nBonds = this.moveTimer && allBonds > MANY_BONDS ? 0 : allBonds;
    this.edges = this.project(scene.edges);
    this.arrows = this.project(scene.arrows);
    const nEdges = scene.edges.length / 6, nArrows = scene.arrows.length / 6;
    const queue = new DepthQueue(n + 2 * nBonds + EDGE_PARTS * nEdges + nArrows);
    for (let i = 0; i < n; i++) queue.add(ATOM, i, screen[3 * i + 2]);
    for (let i = 0; i < 2 * nBonds; i++) {
      const own = screen[3 * scene.bonds[i] + 2], other = screen[3 * scene.bonds[i ^ 1] + 2];
      queue.add(HALF_BOND, i, 0.7 * own + 0.3 * other);
    }
    for (let i = 0; i < EDGE_PARTS * nEdges; i++) {
      const at = 6 * Math.floor(i / EDGE_PARTS), share = (i % EDGE_PARTS + 0.5) / EDGE_PARTS;
      queue.add(EDGE, i, this.edges[at + 2] * (1 - share) + this.edges[at + 5] * share);
    }
    for (let i = 0; i < nArrows; i++) queue.add(ARROW, i, (this.arrows[6 * i + 2] + 3 * this.arrows[6 * i + 5]) / 4);
    return queue;
  }

  fog(depth, style) {
    const share = 0.5 - depth / (2 * this.scene.extent);
    const faded = style === FAR ? 0.45 : 0;
    return Math.max(0, Math.min(FOG_LEVELS - 1, Math.floor(FOG_LEVELS * (faded + (0.55 - 0.4 * faded) * share))));
  }

  drawItem(kind, item, depth) {
    if (kind === ATOM) this.drawAtom(item);
    else if (kind === HALF_BOND) this.drawHalfBond(item);
    else if (kind === EDGE) this.drawEdge(item, depth);
    else this.drawArrow(item, depth);
  }

  pixelRadius(i) {
    return this.pixels * this.scene.radius[i];
  }

  drawAtom(i) {
    const { scene, screen, context } = this, r = this.pixelRadius(i), x = screen[3 * i], y = screen[3 * i + 1];
    context.drawImage(this.paint.ball(scene.color[i], this.fog(screen[3 * i + 2], scene.style[i])), x - r, y - r, 2 * r, 2 * r);
    if (this.labels !== LABELS[0]) this.drawLabel(i, x, y, r);
  }

  // On top of its atom, and so behind those in front.
  drawLabel(i, x, y, r) {
    const { scene, context } = this, atom = scene.atom[i];
    const color = this.paint.colors[scene.color[i]], isLight = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2] > 130;
    context.font = `600 ${Math.max(9, Math.min(15, 0.95 * r))}px Roboto, system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 2.5;
    context.strokeStyle = isLight ? "rgb(255 255 255 / 75%)" : "rgb(0 0 0 / 60%)";
    context.fillStyle = isLight ? "#000" : "#fff";
    const text = this.labels === "index" ? String(atom) : scene.symbols[atom];
    context.strokeText(text, x, y + 0.5);
    context.fillText(text, x, y + 0.5);
  }

  // Drawn last: rings around measured atoms and the cursor, and dashed lines with their lengths.
  drawMeasures() {
    const { scene, screen, context } = this, accent = getComputedStyle(this.canvas).outlineColor;
    const ring = (i, more) => {
      context.beginPath();
      context.arc(screen[3 * i], screen[3 * i + 1], this.pixelRadius(i) + more, 0, 2 * Math.PI);
      context.stroke();
    };
    context.save();
    context.strokeStyle = accent;
    context.lineWidth = 2.5;
    for (const i of this.measured) ring(i, 2);
    context.setLineDash([4, 3]);
    if (this.cursor >= 0 && this.cursor < scene.atom.length) ring(this.cursor, 5);
    context.font = "600 12px Roboto, system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const { text, from, vector, isDrawn } of this.measures()) {
      const [x0, y0] = [screen[3 * from], screen[3 * from + 1]], [x1, y1] = this.offset(x0, y0, vector);
      context.setLineDash([4, 3]);
      context.lineWidth = 1.8;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      // An open circle where the nearest image is, which may not be drawn.
      if (!isDrawn) {
        context.moveTo(x1 + 4, y1);
        context.arc(x1, y1, 4, 0, 2 * Math.PI);
      }
      context.stroke();
      const x = (x0 + x1) / 2, y = (y0 + y1) / 2 - (vector.some((part) => part) ? 0 : this.pixelRadius(from) + 12);
      context.setLineDash([]);
      context.lineWidth = 4;
      context.strokeStyle = rgb(this.paint.paper);
      context.strokeText(text, x, y);
      context.fillStyle = rgb(this.paint.ink);
      context.fillText(text, x, y);
      context.strokeStyle = accent;
    }
    context.restore();
  }

  // Drawn last, so that the picked atom is visible inside a crystal.
  drawRing() {
    const { scene, screen, context } = this, i = scene.picked;
    if (i < 0) return;
    context.strokeStyle = rgb(this.paint.ink);
    context.lineWidth = 2;
    context.beginPath();
    context.arc(screen[3 * i], screen[3 * i + 1], this.pixelRadius(i) + 2.5, 0, 2 * Math.PI);
    context.stroke();
  }

  drawHalfBond(k) {
    const { scene, screen, context } = this, i = scene.bonds[k], j = scene.bonds[k ^ 1];
    const dx = screen[3 * j] - screen[3 * i], dy = screen[3 * j + 1] - screen[3 * i + 1];
    const dz = screen[3 * j + 2] - screen[3 * i + 2];
    const length = Math.hypot(dx, dy, dz * this.pixels) || 1, from = 0.85 * Math.min(0.5, this.pixelRadius(i) / length);
    const [dark, light] = this.paint.line(scene.color[i], this.fog(screen[3 * i + 2] + dz / 4, scene.style[i]));
    const width = Math.max(1, 2 * BOND * this.pixels);
    context.beginPath();
    context.moveTo(screen[3 * i] + from * dx, screen[3 * i + 1] + from * dy);
    context.lineTo(screen[3 * i] + 0.5 * dx, screen[3 * i + 1] + 0.5 * dy);
    context.lineWidth = width;
    context.strokeStyle = dark;
    context.stroke();
    if (width < 2.5) return;
    context.lineWidth = 0.55 * width;
    context.strokeStyle = light;
    context.stroke();
  }

  drawEdge(item, depth) {
    const at = 6 * Math.floor(item / EDGE_PARTS), part = item % EDGE_PARTS, e = this.edges, { context } = this;
    const along = (share) => [e[at] + (e[at + 3] - e[at]) * share, e[at + 1] + (e[at + 4] - e[at + 1]) * share];
    context.beginPath();
    context.moveTo(...along(part / EDGE_PARTS));
    context.lineTo(...along((part + 1) / EDGE_PARTS));
    context.lineWidth = 1.1;
    context.strokeStyle = rgb(this.paint.fogged(mix(this.paint.ink, this.paint.paper, 0.35), this.fog(depth, PLAIN)));
    context.stroke();
  }

  drawArrow(item, depth) {
    const a = this.arrows.subarray(6 * item, 6 * item + 6);
    this.arrow(a[0], a[1], a[3], a[4], rgb(this.paint.fogged(parse(ARROW_COLOR), this.fog(depth, PLAIN))));
  }

  arrow(x0, y0, x1, y1, color) {
    const { context } = this, length = Math.hypot(x1 - x0, y1 - y0), head = Math.min(length, Math.max(6, 0.22 * this.pixels));
    if (length < 0.5) return;
    const ux = (x1 - x0) / length, uy = (y1 - y0) / length, bx = x1 - head * ux, by = y1 - head * uy;
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = Math.max(1.6, 0.07 * this.pixels);
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(bx, by);
    context.stroke();
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(bx - 0.45 * head * uy, by + 0.45 * head * ux);
    context.lineTo(bx + 0.45 * head * uy, by - 0.45 * head * ux);
    context.fill();
  }

  // Draw the cutoff sphere as a disc with great circles in the three coordinate planes.
  drawSphere() {
    const { scene, screen, context } = this;
    if (scene.picked < 0 || !scene.sphere) return;
    const x = screen[3 * scene.picked], y = screen[3 * scene.picked + 1], r = this.pixels * scene.sphere;
    const accent = pageColor(getComputedStyle(this.canvas).outlineColor);
    context.fillStyle = `rgba(${accent},0.07)`;
    context.strokeStyle = `rgba(${accent},0.85)`;
    context.lineWidth = 1.3;
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    context.strokeStyle = `rgba(${accent},0.3)`;
    context.lineWidth = 1;
    for (const [u, v] of [[0, 1], [1, 2], [2, 0]]) {
      context.beginPath();
      for (let k = 0; k <= 72; k++) {
        const c = Math.cos(k * Math.PI / 36), s = Math.sin(k * Math.PI / 36);
        context.lineTo(x + r * (this.turn[u] * c + this.turn[v] * s), y - r * (this.turn[3 + u] * c + this.turn[3 + v] * s));
      }
      context.stroke();
    }
  }

  drawAxes(width, height) {
    const { context } = this, x = width - 32, y = height - 30;
    context.font = "11px Roboto, system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = context.fillStyle = rgb(mix(this.paint.ink, this.paint.paper, 0.3));
    context.lineWidth = 1.4;
    ["x", "y", "z"].forEach((name, axis) => {
      const dx = this.turn[axis], dy = -this.turn[3 + axis];
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 17 * dx, y + 17 * dy);
      context.stroke();
      context.fillText(name, x + 24 * dx, y + 24 * dy);
    });
  }

  // Draw a scale arrow above the legend, for 1, 2 or 5 times a power of ten eV/Å.
  drawArrowScale(height) {
    const scale = this.scene.arrow_scale * this.pixels;
    if (!scale || !this.scene.arrows.length) return;
    const power = 10 ** Math.floor(Math.log10(60 / scale));
    const value = [5, 2, 1].map((step) => step * power).find((step) => step * scale <= 60) || power;
    const x = 10, y = height - this.legend.offsetHeight - 18, { context } = this;
    this.arrow(x, y, x + value * scale, y, ARROW_COLOR);
    context.fillStyle = rgb(this.paint.ink);
    context.font = "12px Roboto, system-ui, sans-serif";
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(`force ${Number(value.toPrecision(1))} eV Å⁻¹`, x + value * scale + 8, y);
  }

  // Return the frontmost atom at a position, or -1.
  at(x, y) {
    const { scene, screen } = this;
    let best = -1, depth = -Infinity;
    for (let i = 0; scene && screen && i < scene.atom.length; i++) {
      const r = Math.max(5, this.pixelRadius(i)), dx = x - screen[3 * i], dy = y - screen[3 * i + 1];
      const inside = r * r - dx * dx - dy * dy;
      if (inside < 0) continue;
      const front = screen[3 * i + 2] + Math.sqrt(inside) / this.pixels;
      if (front > depth) [best, depth] = [i, front];
    }
    return best;
  }
}

function listen(picture, canvas, hint, pick, keys) {
  let last = null, travelled = 0;
  const position = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    [last, travelled] = [position(event), 0];
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = position(event);
    if (!last) return showHint(picture, canvas, hint, x, y);
    const dx = x - last[0], dy = y - last[1];
    [last, travelled] = [[x, y], travelled + Math.abs(dx) + Math.abs(dy)];
    hint.style.display = "none";
    if (event.shiftKey || event.buttons === 2) picture.move(dx, dy);
    else picture.rotate(0.01 * dx, 0.01 * dy);
  });
  canvas.addEventListener("pointerup", (event) => {
    const atom = picture.at(...position(event));
    if (last && travelled < 4 && event.button === 0 && atom >= 0) pick(atom);
    last = null;
  });
  canvas.addEventListener("pointercancel", () => { last = null; });
  canvas.addEventListener("pointerleave", () => { hint.style.display = "none"; });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", () => picture.reset(SLANTED));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    picture.scale(Math.exp(-0.0015 * event.deltaY));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const action = {
      ArrowLeft: () => picture.rotate(-0.1, 0), ArrowRight: () => picture.rotate(0.1, 0),
      ArrowUp: () => picture.rotate(0, -0.1), ArrowDown: () => picture.rotate(0, 0.1),
      "+": () => picture.scale(1.15), "=": () => picture.scale(1.15), "-": () => picture.scale(1 / 1.15),
      Home: () => picture.reset(SLANTED),
      "[": () => picture.step(-1), "]": () => picture.step(1),
      Enter: () => { if (picture.cursor >= 0) pick(picture.cursor); },
      ...keys,
    }[event.key];
    if (!action || !picture.scene || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}

function showHint(picture, canvas, hint, x, y) {
  const atom = picture.at(x, y);
  canvas.style.cursor = atom < 0 ? "grab" : "pointer";
  hint.style.display = atom < 0 ? "none" : "block";
  if (atom < 0) return;
  hint.textContent = picture.scene.hints[picture.scene.atom[atom]];
  hint.style.left = `${Math.max(0, Math.min(x + 12, canvas.clientWidth - hint.offsetWidth - 4))}px`;
  hint.style.top = `${Math.max(0, y - hint.offsetHeight - 8)}px`;
}

// Show no more names of a legend than fit into a quarter of the picture.
function showLegend(root, legend, about) {
  legend.replaceChildren();
  if (!about) return;
  if (about.title) {
    const bar = element("span", "", legend);
    element("span", "", bar, `${about.title} ${about.low}`);
    element("span", "bar", bar).style.background = `linear-gradient(to right, ${about.colors.join(",")})`;
    element("span", "", bar, `≥ ${about.high}`);
  }
  for (const [name, color] of about.names || []) {
    const item = element("span", "", legend);
    element("i", "", item).style.background = color;
    item.append(name);
  }
  for (let n = 1; legend.offsetHeight > Math.max(LINE, root.clientHeight / 4) && legend.children.length > 1; n++) {
    if (n > 1) legend.lastChild.remove();
    legend.lastChild.remove();
    element("span", "", legend, `+ ${n} more`);
  }
}

// Panel may pass dictionaries as maps.
const plain = (value) => value instanceof Map ? Object.fromEntries([...value].map(([k, v]) => [k, plain(v)])) : value;

// The buttons over the picture, and the same actions by key.
function makeButtons(root, picture, model, measures) {
  const views = element("div", "views", root), steps = element("div", "steps", views);
  const add = (parent, name, title, act) => {
    const button = element("button", name in ALONG ? "along" : "", parent, name);
    button.title = title;
    button.setAttribute("aria-label", title);
    button.addEventListener("click", act);
    return button;
  };
  const step = (by) => { model.stepped = [by, model.stepped[1] + 1]; };
  const play = () => { model.playing = !model.playing; };
  if (model.steps) {
    add(steps, "‹", "Previous frame (Page Up)", () => step(-1));
    const button = add(steps, "▶", "Play or pause (space)", play);
    add(steps, "›", "Next frame (Page Down)", () => step(1));
    model.on("playing", () => { button.textContent = model.playing ? "⏸" : "▶"; });
  }
  const showMeasures = () => {
    const lines = picture.scene ? picture.measures() : [];
    const first = picture.isMeasuring ? "Click two atoms for a distance, a third for an angle." : "";
    measures.textContent = lines.map(({ name, text, note }) => `${name}: ${text}${note}`).join("\n") || first;
  };
  const label = () => {
    picture.labels = LABELS[(LABELS.indexOf(picture.labels) + 1) % LABELS.length];
    labels.textContent = picture.labels === LABELS[0] ? "labels" : picture.labels;
    labels.setAttribute("aria-pressed", picture.labels !== LABELS[0]);
    picture.draw();
  };
  const measure = () => {
    picture.isMeasuring = !picture.isMeasuring;
    if (!picture.isMeasuring) picture.measured = [];
    ruler.setAttribute("aria-pressed", picture.isMeasuring);
    showMeasures();
    picture.draw();
  };
  const fill = () => document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
  const labels = add(views, "labels", "Label atoms by element, by index, or not (L)", label);
  const ruler = add(views, "measure", "Measure distances and angles between nearest periodic images (M)", measure);
  labels.setAttribute("aria-pressed", false);
  ruler.setAttribute("aria-pressed", false);
  for (const [name, turn] of [...Object.entries(ALONG), ["reset", SLANTED]]) {
    const title = name === "reset" ? "Reset the view (Home)" : `View along ${name}`;
    add(views, name, title, () => picture.reset(turn));
  }
  const keys = { l: label, m: measure };
  if (document.fullscreenEnabled) {
    add(views, "full", "Full screen (F); Escape leaves it", fill);
    keys.f = fill;
  }
  if (model.steps) Object.assign(keys, { PageUp: () => step(-1), PageDown: () => step(1), " ": play });
  return { views, keys, showMeasures };
}

// Ask for the next frame some time after the last one has come, so that a slow server is not asked twice.
function playFrames(model, canvas) {
  let timer = null;
  const next = () => {
    if (!model.playing) return;
    if (!canvas.clientWidth || document.hidden) model.playing = false;
    else model.stepped = [1, model.stepped[1] + 1];
  };
  const schedule = () => {
    clearTimeout(timer);
    if (model.playing) timer = setTimeout(next, PAUSE);
  };
  model.on("playing", schedule);
  model.on("remove", () => clearTimeout(timer));
  return schedule;
}

export function render({ model }) {
  const root = element("div", "structure");
  element("style", "", root, STYLE);
  const canvas = element("canvas", "", root), legend = element("div", "legend", root);
  const measures = element("div", "measures", root), hint = element("div", "hint", root);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  measures.setAttribute("role", "status");
  const picture = new Picture(root, canvas, legend);
  const { views, keys, showMeasures } = makeButtons(root, picture, model, measures);
  const pick = (i) => {
    if (picture.isMeasuring) picture.measure(i);
    else model.clicked = [picture.scene.atom[i], model.clicked[1] + 1];
    showMeasures();
  };
  listen(picture, canvas, hint, pick, keys);
  const schedule = playFrames(model, canvas);
  const update = () => {
    const scene = plain(model.scene), exists = scene && scene.atom;
    canvas.setAttribute("aria-label", exists ? scene.label : "No structure");
    views.style.display = exists ? "flex" : "none";
    hint.style.display = "none";
    names();
    picture.show(exists ? scene : null);
    showMeasures();
    schedule();
  };
  const names = () => showLegend(root, legend, plain(model.scene)?.legend);
  model.on("scene", update);
  const sizes = new ResizeObserver(() => {
    names();
    picture.draw();
  });
  sizes.observe(root);
  // A change of theme starts a transition of the colours.
  root.addEventListener("transitionend", () => picture.draw());
  model.on("remove", () => sizes.disconnect());
  update();
  return root;
}
