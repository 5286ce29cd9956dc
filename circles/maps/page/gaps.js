"use strict";
// Who is out of reach: a disc a community, as large as they are many; near by, their homes.
circlesMap.gaps = (map, data) => {
  const { colour, numbers, points } = circlesMap;
  const { make } = circlesMap.sheet;
  const HOME_ZOOM = 15;
  const LARGEST = 26;
  const LEAST = 3;
  let communities = null;
  let most = 1;

  const shown = () => communities?.missed() ?? null;
  const radius = (people) => Math.max(LEAST, LARGEST * Math.sqrt(people / most));
  const home = () => data.rules[communities?.view().rules[0]];
  const near = (zoom) => zoom >= HOME_ZOOM && Boolean(home()) && communities.state.group === 0;

  function unpacked(rule) {
    rule.at ??= points(rule.points);
    for (const name of ["cost", "weight", "unit", "beyond"]) {
      if (typeof rule[name] === "string") rule[name] = numbers(rule[name]);
    }
    return rule;
  }

  function eachHome(at, visit) {
    const rule = unpacked(home());
    const strict = communities.state.strict && communities.chosenGroup().ends[1];
    for (let row = 0; row < rule.at.count; row++) {
      const x = rule.at.x[row], y = rule.at.y[row];
      if (!strict && !rule.beyond[row]) continue;
      if (x < at.box.west || x > at.box.east || y < at.box.north || y > at.box.south) continue;
      visit(rule, row, at.east(x), at.down(y));
    }
  }

  function homes(context, at) {
    const side = Math.max(4, Math.min(9, 5 * 2 ** (at.zoom - 16)));
    context.fillStyle = colour("gap");
    context.strokeStyle = "#ffffff";
    context.lineWidth = 1;
    eachHome(at, (rule, row, x, y) => {
      context.fillRect(x - side / 2, y - side / 2, side, side);
      context.strokeRect(x - side / 2, y - side / 2, side, side);
    });
  }

  function discs(context, at) {
    const missed = shown();
    if (!missed) return;
    context.lineWidth = 1.3;
    // The large ones first, so that small ones stay on top of them.
    const order = missed.map((_, number) => number).filter((number) => missed[number] > 0)
      .sort((one, other) => missed[other] - missed[one]);
    for (const number of order) {
      const x = at.east(communities.middles.x[number]), y = at.down(communities.middles.y[number]);
      if (x < -LARGEST || y < -LARGEST || x > at.width + LARGEST || y > at.height + LARGEST) continue;
      context.beginPath();
      context.arc(x, y, radius(missed[number]), 0, 7);
      context.globalAlpha = 0.7;
      context.fillStyle = colour("gap");
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = "#ffffff";
      context.stroke();
    }
  }

  const sheet = make(map, "gaps", 550, (context, at) => (near(at.zoom) ? homes : discs)(context, at));
  const group = L.layerGroup([sheet]);
  return Object.assign(group, {
    cell: data.cell_m,
    radius,
    of: (given) => { communities = given; },
    near: () => near(map.getZoom()),
    possible: () => Boolean(shown()),
    total: () => (shown() ?? []).reduce((all, people) => all + people, 0),
    // Round numbers of people whose discs explain the scale.
    steps: () => {
      const largest = Math.max(0, ...(shown() ?? []));
      if (!largest) return [];
      const round = (value) => {
        const power = 10 ** Math.floor(Math.log10(value));
        return Math.max(1, Math.floor(value / power) * power);
      };
      return [...new Set([largest, largest / 4, largest / 20].filter((v) => v >= 1).map(round))].reverse();
    },
    update: () => {
      most = Math.max(1, ...(shown() ?? [0]));
      sheet.again();
    },
    at: (at, x, y) => {
      if (!map.hasLayer(group) || !near(at.zoom)) return null;
      let found = null, least = 64;
      eachHome(at, (rule, row, east, down) => {
        const away = (east - x) ** 2 + (down - y) ** 2;
        if (away <= least) {
          least = away;
          found = { cost: rule.cost[row], weight: rule.weight[row], unit: rule.unit[row] };
        }
      });
      return found;
    },
  });
};
