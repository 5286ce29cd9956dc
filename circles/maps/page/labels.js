"use strict";
// Names of communities, each where it fits without covering a larger community's name.
circlesMap.labels = (map, communities, avoided) => {
  const { apart, colour } = circlesMap;
  const { make } = circlesMap.sheet;
  const { data, middles, outlines } = communities;
  const LONGEST = 12;
  const SHIFTS = [0, -20, 20, -40, 40];
  const size = ({ box }) => Math.max(0, box.east - box.west) * Math.max(0, box.south - box.north);
  const order = outlines.map((_, number) => number).sort((a, b) => size(outlines[b]) - size(outlines[a]));
  // Control characters would turn or break the text around them.
  const plain = (name) => {
    const letters = Array.from(name.slice(0, 8 * LONGEST).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim());
    return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : letters.join("");
  };
  const words = data.names.map(plain);
  const widths = [];

  const sheet = make(map, "labels", 620, (context, at) => {
    context.font = `600 12px ${getComputedStyle(map.getContainer()).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [], signs = avoided(at);
    sheet.shown = [];
    for (const number of order) {
      const { box } = outlines[number];
      if (!words[number] || apart(box, at.box)) continue;
      const across = (box.east - box.west) * at.scale;
      if (across < 24) break;  // all that follow are smaller still, or thin
      const half = (widths[number] ??= context.measureText(words[number]).width) / 2 + 3;
      if (across < 1.6 * half) continue;
      const x = at.east(middles.x[number]), y = at.down(middles.y[number]);
      const high = (box.south - box.north) * at.scale;
      const frame = (shift) => ({ west: x - half, east: x + half, north: y + shift - 9, south: y + shift + 9 });
      const free = SHIFTS.filter((shift) => Math.abs(shift) < high / 3
        && taken.every((other) => apart(other, frame(shift))));
      if (!free.length) continue;
      const shift = free.find((one) => signs.every((other) => apart(other, frame(one)))) ?? free[0];
      taken.push(frame(shift));
      sheet.shown.push(number);
      context.strokeStyle = "rgba(255, 255, 255, .9)";
      context.lineWidth = 3.5;
      context.strokeText(words[number], x, y + shift);
      context.fillStyle = colour("ink");
      context.fillText(words[number], x, y + shift);
    }
  });
  sheet.shown = [];
  return sheet;
};
