"use strict";
// Communities in the colours of one view; their names; and what was found of each.
circlesMap.communities = (map, data) => {
  const { apart, colour, covers, latLng, numbers, points, reader, shapes } = circlesMap;
  const { make, traceShape } = circlesMap.sheet;
  const NEAR_ZOOM = 15;
  const outlines = shapes(data.shapes);
  const middles = points(data.middles);
  const state = { view: 0, group: 0, strict: false, looks: [], hovered: -1, chosen: -1, faint: false };

  // Hatching for what is not known, dots for what does not apply.
  let hatch = null;
  function hatching(context) {
    if (hatch) return hatch;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = colour("insufficient");
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = "#9a9588";
    pen.lineWidth = 1.7;
    for (const shift of [-8, 0, 8]) {
      pen.beginPath();
      pen.moveTo(shift - 1, 9);
      pen.lineTo(shift + 9, -1);
      pen.stroke();
    }
    hatch = context.createPattern(tile, "repeat");
    return hatch;
  }

  const borderWidth = (zoom) => Math.max(0.5, Math.min(1.4, 0.5 + (zoom - 10) * 0.25));

  const sheet = make(map, "communities", 400, (context, at) => {
    const near = at.zoom >= NEAR_ZOOM;
    context.lineJoin = "round";
    context.lineWidth = borderWidth(at.zoom);
    outlines.forEach((shape, number) => {
      if (apart(shape.box, at.box)) return;
      const look = state.looks[number];
      context.beginPath();
      traceShape(context, at, shape);
      context.globalAlpha = (state.faint ? 0.3 : near ? 0.55 : 0.8)
        * (look === "not-applicable" ? 0.6 : 1);
      context.fillStyle = look === "insufficient" ? hatching(context) : colour(look);
      context.fill("evenodd");
      context.globalAlpha = 1;
      context.strokeStyle = colour("border");
      context.setLineDash(look === "not-applicable" ? [3, 3] : []);
      context.stroke();
    });
    context.setLineDash([]);
  }, { blend: "multiply" });

  // Only the outlines of what is pointed at and what is chosen, over the others.
  const marks = make(map, "marks", 410, (context, at) => {
    const outline = (number, width, ink) => {
      if (number < 0) return;
      context.lineJoin = "round";
      context.beginPath();
      traceShape(context, at, outlines[number]);
      context.strokeStyle = "#ffffff";
      context.lineWidth = width + 3;
      context.stroke();
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.stroke();
    };
    outline(state.hovered, 2.4, colour("ink"));
    outline(state.chosen, 3.4, colour("chosen"));
  });

  // What was found of a community: rule, verdict and sentence, the worst first.
  function findings(number) {
    const from = reader(data.told[number] ?? ""), found = [];
    while (!from.done) {
      const codes = Array.from({ length: from.next() }, () => from.next());
      const [rule, verdict, template, ...fillings] = codes;
      const pieces = data.templates[template];
      const words = pieces.map((piece, gap) => piece + (gap < fillings.length ? data.words[fillings[gap]] : ""));
      found.push({ rule, verdict, words: words.join("") });
    }
    return found;
  }

  const group = L.layerGroup([sheet, marks]);
  const view = () => data.views[state.view];
  const chosenGroup = () => view().groups[state.group] ?? view().groups[0];
  const end = () => {
    const { ends } = chosenGroup();
    return ends[state.strict && ends[1] ? 1 : 0];
  };
  const head = (number) => {
    const { heads } = chosenGroup();
    if (!heads?.words) return "";
    heads.numbers ??= numbers(heads.of);
    return heads.words[heads.numbers[number]];
  };
  const missed = () => {
    const own = end();
    if (own.missed === undefined) return null;
    own.missedNumbers ??= numbers(own.missed);
    return own.missedNumbers;
  };

  const mark = (name, number) => {
    if (state[name] === number) return;
    state[name] = number;
    marks.again();
  };

  Object.assign(group, {
    data, outlines, middles, findings, state, view, chosenGroup, end, head, missed,
    count: outlines.length,
    say: ({ looks }) => { group.looks = looks; },
    choose: (wanted) => {
      Object.assign(state, wanted);
      state.looks = Array.from(end().look, (letter) => group.looks[letter.charCodeAt(0) - 97]);
      sheet.again();
    },
    fade: (faint) => { state.faint = faint; sheet.again(); },
    hover: (number) => mark("hovered", number),
    select: (number) => mark("chosen", number),
    at: (x, y) => outlines.findIndex((shape) => covers(shape, x, y)),
    place: (number) => latLng(middles.x[number], middles.y[number]),
    bounds: (number) => {
      const own = number === undefined ? whole() : outlines[number].box;
      if (own.west > own.east) return L.latLngBounds([group.place(number)]);
      return L.latLngBounds(latLng(own.west, own.south), latLng(own.east, own.north));
    },
  });
  const whole = () => outlines.reduce((all, { box }) => ({
    west: Math.min(all.west, box.west), east: Math.max(all.east, box.east),
    north: Math.min(all.north, box.north), south: Math.max(all.south, box.south),
  }), circlesMap.box());
  return group;
};
