"use strict";
// The areas from which one need is met within its limits; the shortest limit is the darkest.
circlesMap.reach = (map, data) => {
  const { colour, shapes } = circlesMap;
  const { make, traceShape } = circlesMap.sheet;
  const LOOKS = [
    { fill: 0.26, width: 1.7, dash: [] },
    { fill: 0.14, width: 1.3, dash: [6, 3] },
    { fill: 0.08, width: 1.2, dash: [2, 3] },
  ];
  const look = (step) => LOOKS[Math.min(step, LOOKS.length - 1)];
  const state = { need: -1, limits: [] };
  // Shapes are read from their text only when they are first asked for.
  const areas = (need) => (need.areas ??= shapes(need.shapes));

  const sheet = make(map, "reach", 450, (context, at) => {
    const need = data.needs[state.need];
    if (!need) return;
    for (let step = need.limits.length - 1; step >= 0; step--) {
      if (!state.limits[step]) continue;
      const { fill, width, dash } = look(step);
      context.beginPath();
      traceShape(context, at, areas(need)[step]);
      context.fillStyle = colour("reach");
      context.globalAlpha = fill;
      context.fill("evenodd");
      context.globalAlpha = 1;
      context.strokeStyle = colour("reach-ink");
      context.lineWidth = width;
      context.setLineDash(dash);
      context.stroke();
      context.setLineDash([]);
    }
  });
  const group = L.layerGroup([sheet]);
  return Object.assign(group, {
    needs: data.needs,
    step: (number) => Math.min(number, LOOKS.length - 1),
    state,
    drawn: () => data.needs.filter((need) => need.areas).length,
    show: (need, limits) => {
      Object.assign(state, { need, limits });
      sheet.again();
    },
  });
};
