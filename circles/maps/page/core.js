"use strict";
// What all parts of the page share. Names and reasons reach the page only as text, never as HTML.
const circlesMap = (() => {
  const DEGREE = 1e5;
  const SHAPE_END = 59, POLYGON_END = 44, PART_END = 32;  // ; , and space

  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  const fill = (words, gaps) => words.replace(/\{(\w+)\}/g, (gap, name) => gaps[name] ?? gap);

  // An element with attributes and children; text children become text nodes.
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child != null && child !== "" && child !== false));
    return element;
  }

  // Google's encoded polyline algorithm, from a place in a text: the numbers, and where they end.
  function reader(text) {
    let at = 0;
    return {
      get done() { return at >= text.length; },
      peek: () => text.charCodeAt(at),
      skip: () => { at++; },
      next() {
        let bits = 0, scale = 1, code;
        do {
          code = text.charCodeAt(at++) - 63;
          bits += (code & 31) * scale;
          scale *= 32;
        } while (code & 32);
        return bits % 2 ? -(bits + 1) / 2 : bits / 2;
      },
    };
  }

  function numbers(text) {
    const found = [], from = reader(text);
    while (!from.done) found.push(from.next());
    return found;
  }

  // Places are kept on the square that web maps are drawn on, 1 wide: east from the 180th meridian,
  // down from the north. Doubled by each step of zoom, they are where they are drawn.
  const worldX = (lon) => lon / 360 + 0.5;
  const worldY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / (2 * Math.PI);
  const latLng = (x, y) => L.latLng(
    Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360 / Math.PI - 90, (x - 0.5) * 360);

  function points(text) {
    const from = reader(text), xs = [], ys = [];
    let x = 0, y = 0;
    while (!from.done) {
      x += from.next();
      y += from.next();
      xs.push(worldX(x / DEGREE));
      ys.push(worldY(y / DEGREE));
    }
    return { count: xs.length, x: Float64Array.from(xs), y: Float64Array.from(ys) };
  }

  const box = () => ({ west: Infinity, north: Infinity, east: -Infinity, south: -Infinity });

  // Shapes: of each its polygons, of each its parts (rings or lines) as flat places, and their box.
  function shapes(text) {
    const found = [], from = reader(text);
    let x = 0, y = 0;
    let shape, part;
    const open = () => { shape = { polygons: [[[]]], box: box() }; part = shape.polygons[0][0]; };
    open();
    while (!from.done) {
      const code = from.peek();
      if (code === SHAPE_END) { found.push(shape); open(); from.skip(); }
      else if (code === POLYGON_END) { part = []; shape.polygons.push([part]); from.skip(); }
      else if (code === PART_END) { part = []; shape.polygons[shape.polygons.length - 1].push(part); from.skip(); }
      else {
        x += from.next();
        y += from.next();
        const east = worldX(x / DEGREE), down = worldY(y / DEGREE);
        part.push(east, down);
        const own = shape.box;
        if (east < own.west) own.west = east;
        if (east > own.east) own.east = east;
        if (down < own.north) own.north = down;
        if (down > own.south) own.south = down;
      }
    }
    if (part.length) found.push(shape);
    return found.map((one) => ({
      box: one.box,
      polygons: one.polygons.map((parts) => parts.map((flat) => Float64Array.from(flat)))
        .filter((parts) => parts[0].length),
    }));
  }

  const apart = (one, other) => one.west > other.east || other.west > one.east
    || one.north > other.south || other.north > one.south;

  function inRing(ring, x, y) {
    let inside = false;
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      if ((ring[i + 1] > y) !== (ring[j + 1] > y)
        && x < (ring[j] - ring[i]) * (y - ring[i + 1]) / (ring[j + 1] - ring[i + 1]) + ring[i]) {
        inside = !inside;
      }
    }
    return inside;
  }

  // Whether a shape covers a place; rings inside rings are holes.
  function covers(shape, x, y) {
    const { box: own, polygons } = shape;
    if (x < own.west || x > own.east || y < own.north || y > own.south) return false;
    return polygons.some((rings) => rings.reduce((inside, ring) => inside !== inRing(ring, x, y), false));
  }

  // The colours that legends and canvases share stand in the style sheet.
  const colours = new Map();
  function colour(name) {
    if (!colours.has(name)) {
      colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
    }
    return colours.get(name);
  }

  return { apart, box, colour, covers, fill, h, latLng, numbers, points, read, reader, shapes,
    worldX, worldY };
})();
