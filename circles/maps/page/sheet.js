"use strict";
// Canvases that move and zoom with the map. One is drawn anew whenever the map comes to rest; what
// is on it is found again by asking the layers, so that none of them stands in another's way.
circlesMap.sheet = (() => {
  const SPARED = 0.6;  // pixels: points nearer to the last one than this are not drawn
  const FINEST = 2;
  const PRINTED = 2.5;

  const Sheet = L.Renderer.extend({
    options: { padding: 0.25 },

    initialize(draw, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._draw = draw;
    },

    _initContainer() {
      this._container = L.DomUtil.create("canvas", "circles-sheet");
      this._container.setAttribute("aria-hidden", "true");
    },

    _destroyContainer() {
      L.Util.cancelAnimFrame(this._asked);
      this._container.remove();
      delete this._container;
    },

    _update() {
      if (!this._map || (this._map._animatingZoom && this._bounds)) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const fine = Math.min(FINEST, window.devicePixelRatio || 1);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.round(size.x * fine);
      this._container.height = Math.round(size.y * fine);
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      this._fine = fine;
      this._paint();
    },

    _updatePaths() {},

    // Draw once more, at the next frame, because what is drawn has changed.
    again() {
      if (!this._map || this._asked) return;
      this._asked = L.Util.requestAnimFrame(() => {
        this._asked = null;
        if (this._map && this._bounds) this._paint();
      });
    },

    _paint() {
      const context = this._container.getContext("2d");
      context.setTransform(this._fine, 0, 0, this._fine, 0, 0);
      context.clearRect(0, 0, this._container.width, this._container.height);
      this._draw(context, view(this._map, this._bounds));
    },
  });

  // How places of the world come to lie on a canvas, and what part of the world it shows.
  function view(map, bounds) {
    const zoom = map.getZoom();
    const scale = map.options.crs.scale(zoom);
    const corner = map.getPixelOrigin().add(bounds.min);
    const size = bounds.getSize();
    return {
      zoom, scale, width: size.x, height: size.y,
      east: (x) => x * scale - corner.x,
      down: (y) => y * scale - corner.y,
      box: { west: corner.x / scale, north: corner.y / scale,
        east: (corner.x + size.x) / scale, south: (corner.y + size.y) / scale },
    };
  }

  // The same for the map as it is seen, to find what is under the pointer.
  function seen(map) {
    const origin = map.containerPointToLayerPoint([0, 0]);
    return view(map, L.bounds(origin, origin.add(map.getSize())));
  }

  // All sheets of a map on one canvas, for paper: printed one over the other, each would wipe out
  // those below it.
  function paper(map) {
    const size = map.getSize();
    const whole = document.createElement("canvas");
    whole.width = Math.round(size.x * PRINTED);
    whole.height = Math.round(size.y * PRINTED);
    const context = whole.getContext("2d");
    context.scale(PRINTED, PRINTED);
    const sheets = [];
    map.eachLayer((layer) => { if (layer instanceof Sheet) sheets.push(layer); });
    const height = (sheet) => Number(map.getPane(sheet.options.pane).style.zIndex);
    sheets.sort((one, other) => height(one) - height(other));
    for (const sheet of sheets) {
      context.save();
      context.globalCompositeOperation = sheet.options.blend ?? "source-over";
      sheet._draw(context, seen(map));
      context.restore();
    }
    const shown = document.createElement("canvas");
    shown.className = "circles-print";
    shown.width = whole.width;
    shown.height = whole.height;
    shown.getContext("2d").drawImage(whole, 0, 0);
    return shown;
  }

  function trace(context, at, flat, closed) {
    let lastX = Infinity, lastY = Infinity;
    for (let i = 0; i < flat.length; i += 2) {
      const x = at.east(flat[i]), y = at.down(flat[i + 1]);
      if (i === 0) context.moveTo(x, y);
      else if (Math.abs(x - lastX) + Math.abs(y - lastY) < SPARED && i < flat.length - 2) continue;
      else context.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
    if (closed) context.closePath();
  }

  function traceShape(context, at, shape) {
    for (const rings of shape.polygons) for (const ring of rings) trace(context, at, ring, true);
  }

  function pane(map, name, zIndex) {
    const made = map.createPane(`circles-${name}`);
    made.style.zIndex = zIndex;
    made.style.pointerEvents = "none";
    return `circles-${name}`;
  }

  const make = (map, name, zIndex, draw, options) =>
    new Sheet(draw, { ...options, pane: pane(map, name, zIndex) });

  return { make, paper, seen, trace, traceShape };
})();
