"use strict";
// Streets, water and green from the extract itself: the base map that needs no network.
circlesMap.ground = (map, data) => {
  const { apart, box, colour, shapes } = circlesMap;
  const { make, trace, traceShape } = circlesMap.sheet;
  const PATH_ZOOM = 15;
  const BLOCK = 300;

  // Streets in blocks of neighbours, so that those far from what is shown are passed over together.
  function blocks(text) {
    const [whole] = text ? shapes(text) : [];
    const lines = whole ? whole.polygons.flat() : [];
    const made = [];
    for (let first = 0; first < lines.length; first += BLOCK) {
      const own = { lines: lines.slice(first, first + BLOCK), box: box() };
      for (const flat of own.lines) {
        for (let i = 0; i < flat.length; i += 2) {
          own.box.west = Math.min(own.box.west, flat[i]);
          own.box.east = Math.max(own.box.east, flat[i]);
          own.box.north = Math.min(own.box.north, flat[i + 1]);
          own.box.south = Math.max(own.box.south, flat[i + 1]);
        }
      }
      made.push(own);
    }
    return made;
  }

  const kept = {};
  const once = (name, make) => (kept[name] ??= make());
  const LOOKS = [
    { rank: 3, colour: "street-path", width: 1.1, least: 0.5, dash: [4, 3] },
    { rank: 2, colour: "street", width: 2, least: 0.45 },
    { rank: 1, colour: "street-main", width: 4, least: 0.9 },
  ];

  function areas(context, at, name) {
    context.fillStyle = colour(name);
    for (const shape of once(name, () => shapes(data[name]))) {
      if (apart(shape.box, at.box)) continue;
      context.beginPath();
      traceShape(context, at, shape);
      context.fill("evenodd");
    }
  }

  function streets(context, at, { rank, colour: name, width, least, dash }) {
    if (rank === 3 && at.zoom < PATH_ZOOM) return;
    context.strokeStyle = colour(name);
    context.lineWidth = Math.max(least, width * 2 ** ((at.zoom - 16) * 0.75));
    context.setLineDash(dash ?? []);
    for (const block of once(`streets-${rank}`, () => blocks(data.streets[rank - 1]))) {
      if (apart(block.box, at.box)) continue;
      context.beginPath();
      for (const line of block.lines) trace(context, at, line, false);
      context.stroke();
    }
    context.setLineDash([]);
  }

  return make(map, "ground", 210, (context, at) => {
    context.lineJoin = "round";
    areas(context, at, "green");
    areas(context, at, "water");
    for (const look of LOOKS) streets(context, at, look);
  });
};
