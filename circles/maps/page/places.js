"use strict";
// Facilities, with the sign of their service; small dots when far away.
circlesMap.facilities = (map, data) => {
  const { latLng, numbers, points } = circlesMap;
  const { make } = circlesMap.sheet;
  const SIGN_ZOOM = 14;
  const FINE = 3;
  const FONT = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
  const services = data.services;
  const visible = new Set();
  let drawn = [];

  const radius = (zoom) => (zoom >= SIGN_ZOOM ? 9 : zoom >= SIGN_ZOOM - 1.5 ? 3.6 : 2.4);
  const layout = (service) => (service.at ??= points(service.points));
  const shifts = (service) => (service.shift ??= numbers(service.shifts));
  const off = (service) => (service.offNumbers ??= numbers(service.off));

  // A sign is drawn once for each service and size, and copied from then on.
  function sign(service, size, faint) {
    const key = `${size}${faint}`;
    service.signs ??= new Map();
    if (service.signs.has(key)) return service.signs.get(key);
    const picture = document.createElement("canvas");
    const side = 2 * size + 4;
    picture.width = picture.height = Math.ceil(side * FINE);
    const pen = picture.getContext("2d");
    pen.scale(FINE, FINE);
    pen.translate(side / 2, side / 2);
    pen.beginPath();
    pen.arc(0, 0, size + 0.6, 0, 7);
    pen.fillStyle = "rgba(20, 20, 20, .45)";
    pen.fill();
    pen.beginPath();
    pen.arc(0, 0, size, 0, 7);
    pen.fillStyle = "#ffffff";
    pen.fill();
    pen.beginPath();
    pen.arc(0, 0, size - (size > 5 ? 1.5 : 0.6), 0, 7);
    pen.fillStyle = service.colour;
    pen.globalAlpha = faint ? 0.55 : 1;
    pen.fill();
    pen.globalAlpha = 1;
    if (size > 5) {
      pen.fillStyle = "#ffffff";
      pen.font = `11px ${FONT}`;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(service.sign, 0, 0.5);
      if (faint) {
        pen.strokeStyle = "#ffffff";
        pen.lineWidth = 1.6;
        pen.beginPath();
        pen.moveTo(-5, 5);
        pen.lineTo(5, -5);
        pen.stroke();
      }
    }
    service.signs.set(key, picture);
    return picture;
  }

  // Call with each visible facility: its service, its row, and where it lies on the canvas.
  function each(at, visit) {
    const size = radius(at.zoom), gap = size > 5 ? 8.5 : size * 0.75;
    for (const service of services) {
      if (!visible.has(service)) continue;
      const place = layout(service), shift = shifts(service);
      for (let row = 0; row < place.count; row++) {
        if (place.x[row] < at.box.west || place.x[row] > at.box.east
          || place.y[row] < at.box.north || place.y[row] > at.box.south) continue;
        visit(service, row, at.east(place.x[row]) + shift[row] * gap, at.down(place.y[row]));
      }
    }
  }

  const sheet = make(map, "facilities", 600, (context, at) => {
    const size = radius(at.zoom), side = 2 * size + 4;
    drawn = [];
    each(at, (service, row, x, y) => {
      context.drawImage(sign(service, size, off(service)[row]), x - side / 2, y - side / 2, side, side);
      drawn.push({ west: x - size, east: x + size, north: y - size, south: y + size });
    });
  });

  const group = L.layerGroup([sheet]);
  return Object.assign(group, {
    services,
    origins: data.origins,
    // A service's sign for legends and cards.
    legend: (service) => {
      const disc = circlesMap.h("span", { class: "circles-sign", "aria-hidden": "true" }, service.sign);
      disc.style.backgroundColor = service.colour;
      return disc;
    },
    show: (wanted) => {
      visible.clear();
      services.filter(wanted).forEach((service) => visible.add(service));
      sheet.again();
    },
    visible: (service) => visible.has(service),
    count: () => services.reduce((all, service) => all + (visible.has(service) ? service.names.length : 0), 0),
    signs: (at) => (at.zoom >= SIGN_ZOOM ? drawn : []),
    place: (service, row) => latLng(layout(service).x[row], layout(service).y[row]),
    offNetwork: (service, row) => Boolean(off(service)[row]),
    origin: (service, row) => {
      service.originNumbers ??= numbers(service.origins);
      return data.origins[service.originNumbers[row]];
    },
    at: (at, x, y) => {
      const reach = radius(at.zoom) + 3;
      let found = null, least = reach * reach;
      each(at, (service, row, east, down) => {
        const away = (east - x) ** 2 + (down - y) ** 2;
        if (away <= least) { least = away; found = { service, row }; }
      });
      return found;
    },
  });
};
