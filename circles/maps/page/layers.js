"use strict";
// The layers of the map. Names and reasons reach the page only as text nodes, never as HTML.
const circlesMap = (() => {
  const DEGREE = 1e5;
  const VERDICTS = ["met", "not-met", "insufficient", "not-applicable"];
  const TIP_LINES = 5;
  const TIP_WIDTH = 380;
  const LABEL_SHIFTS = [0, -22, 22, -44, 44, -66, 66];
  const SIGN_SIZE = 18;
  const SIGN_ZOOM = 14;
  const PATH_ZOOM = 15;

  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  const toggle = (map, name, on) => map.getContainer().classList.toggle(name, on);

  const fill = (words, gaps) => words.replace(/\{(\w+)\}/g, (gap, name) => gaps[name] ?? gap);

  // An element with attributes and children; text children become text nodes.
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child != null && child !== ""));
    return element;
  }

  // A small picture of how communities with a verdict are drawn, for legends and lists.
  function swatch(verdict) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    svg.setAttribute("class", "circles-swatch");
    svg.setAttribute("viewBox", "0 0 20 14");
    svg.setAttribute("aria-hidden", "true");
    for (const [name, value] of [["x", 1], ["y", 1], ["width", 18], ["height", 12], ["rx", 2]]) {
      box.setAttribute(name, value);
    }
    box.setAttribute("class", `circles-area ${VERDICTS[verdict]}`);
    svg.append(box);
    return svg;
  }

  // Text to shapes: a list of polygons, each a list of rings or lines, each a list of [lat, lng].
  function decode(text) {
    const shapes = [[[]]];
    let x = 0, y = 0, at = 0;
    const step = () => {
      let bits = 0, shift = 0, code;
      do {
        code = text.charCodeAt(at++) - 63;
        bits |= (code & 31) << shift;
        shift += 5;
      } while (code & 32);
      return bits & 1 ? ~(bits >> 1) : bits >> 1;
    };
    while (at < text.length) {
      if (text[at] === ",") { shapes.push([[]]); at++; }
      else if (text[at] === " ") { shapes[shapes.length - 1].push([]); at++; }
      else {
        x += step();
        y += step();
        const parts = shapes[shapes.length - 1];
        parts[parts.length - 1].push([y / DEGREE, x / DEGREE]);
      }
    }
    return shapes;
  }

  function pane(map, name, zIndex, { quiet = true } = {}) {
    const made = map.createPane(`circles-${name}`);
    made.style.zIndex = zIndex;
    if (quiet) made.style.pointerEvents = "none";
    return `circles-${name}`;
  }

  // Streets, water and green, drawn once on a canvas under everything else.
  function ground(map, data) {
    const renderer = L.canvas({ pane: pane(map, "ground", 210), padding: 0.4 });
    const fixed = { renderer, interactive: false };
    const areas = (texts, fillColor) => texts.map((text) => L.polygon(decode(text),
      { ...fixed, stroke: false, fillColor, fillOpacity: 1 }));
    const looks = {
      3: { color: "#c9c1b2", width: 1.1, dashArray: "4 3" },
      2: { color: "#cbc5ba", width: 2 },
      1: { color: "#b3ab9d", width: 4 },
    };
    const streets = Object.entries(looks).reverse().map(([rank, look]) => ({
      rank: Number(rank),
      width: look.width,
      lines: data.streets[rank].map((text) => L.polyline(decode(text)[0],
        { ...fixed, color: look.color, dashArray: look.dashArray, lineCap: "butt" })),
    }));
    const restyle = () => {
      const zoom = map.getZoom();
      for (const { rank, width, lines } of streets) {
        const style = {
          stroke: rank < 3 || zoom >= PATH_ZOOM,
          weight: Math.max(rank === 1 ? 0.9 : 0.45, width * 2 ** ((zoom - 16) * 0.75)),
        };
        for (const line of lines) line.setStyle(style);
      }
    };
    const group = L.layerGroup([
      ...areas(data.green, "#e1ead6"),
      ...areas(data.water, "#cfe1ec"),
      ...streets.sort((one, other) => other.rank - one.rank).flatMap(({ lines }) => lines),
    ]);
    group.on("add", () => { map.on("zoomend", restyle); restyle(); });
    group.on("remove", () => map.off("zoomend", restyle));
    return group;
  }

  function findingLine([, verdict, words], ...rest) {
    return h("li", { class: VERDICTS[verdict] }, swatch(verdict), h("span", {}, words, ...rest));
  }

  // Communities coloured by the verdict of one view; reasons on hover, all of them on click.
  function communities(map, data) {
    const renderer = L.svg({ pane: pane(map, "communities", 400, { quiet: false }), padding: 0.5 });
    const group = L.featureGroup();
    let view = 0;
    let words = {};
    let verdicts = [];

    const polygons = data.shapes.map((shape, number) =>
      L.polygon(decode(shape), { renderer, className: "circles-area", weight: 1.3, number }));
    const paint = (polygon) => {
      const element = polygon.getElement();
      if (!element) return;
      element.classList.remove(...VERDICTS);
      element.classList.add(VERDICTS[data.views[view].verdicts[polygon.options.number]]);
    };
    for (const polygon of polygons) polygon.on("add", () => paint(polygon)).addTo(group);

    const head = (number) => {
      const verdict = data.views[view].verdicts[number];
      return [
        h("header", {}, h("bdi", { class: "circles-name" }, data.names[number]),
          h("span", { class: "circles-setting" }, data.settings[number])),
        h("p", { class: `circles-verdict ${VERDICTS[verdict]}` }, swatch(verdict),
          h("span", {}, data.views[view].name), h("b", {}, verdicts[verdict] ?? "")),
        data.views[view].scores[number]
          ? h("p", { class: "circles-facts" }, data.views[view].scores[number]) : null,
      ];
    };
    const inView = (number) => {
      const rules = new Set(data.views[view].rules);
      return data.findings[number].filter(([rule]) => rules.has(rule));
    };
    const tip = ({ options: { number } }) => {
      const findings = inView(number);
      const shown = findings.slice(0, TIP_LINES).map((finding) => findingLine(finding));
      const left = findings.length - shown.length;
      return h("div", { class: "circles-card" }, ...head(number), h("ul", {}, ...shown),
        left > 0 ? h("p", { class: "circles-more" }, fill(words.more ?? "", { n: left })) : null);
    };
    const popup = ({ options: { number } }) => {
      const lines = data.findings[number].map((finding) => {
        const basis = data.bases[finding[0]];
        return findingLine(finding, basis
          ? h("details", {}, h("summary", {}, words.basis ?? ""), h("small", {}, basis))
          : null);
      });
      return h("div", { class: "circles-card circles-all" }, ...head(number),
        data.facts[number] ? h("p", { class: "circles-facts" }, data.facts[number]) : null,
        h("ul", {}, ...lines));
    };

    group.bindTooltip(tip, { sticky: true, opacity: 1, className: "circles-tip" });
    group.bindPopup(popup, { className: "circles-popup" });
    group.on("popupopen", () => group.closeTooltip());
    group.on("tooltipopen", () => { if (group.isPopupOpen()) group.closeTooltip(); });
    group.on("mouseover mousemove", ({ containerPoint }) => {
      const tooltip = group.getTooltip();
      const side = containerPoint.x + TIP_WIDTH < group.freeWidth() ? "right" : "left";
      if (tooltip.options.direction !== side) {
        tooltip.options.direction = side;
        tooltip.update();
      }
      keepInside(map, tooltip.getElement());
    });
    group.freeWidth = () => map.getSize().x;
    group.on("mouseover", ({ layer }) => {
      layer.getElement().classList.add("hovered");
      layer.bringToFront();
    });
    group.on("mouseout", ({ layer }) => layer.getElement().classList.remove("hovered"));
    const near = () => toggle(map, "circles-near", map.getZoom() >= PATH_ZOOM);
    group.on("add", () => { map.on("zoomend", near); near(); });
    group.on("remove", () => map.off("zoomend", near));

    group.views = data.views;
    group.labels = labels(map, data);
    group.say = (said) => ({ words, verdicts } = said);
    group.choose = (number) => {
      view = number;
      map.closePopup();
      polygons.forEach(paint);
    };
    return group;
  }

  // Move a tooltip up or down until it lies inside the map, and below the cards at its top left.
  function keepInside(map, tip) {
    if (!tip) return;
    tip.style.marginTop = "0";
    const box = tip.getBoundingClientRect();
    const frame = map.getContainer().getBoundingClientRect();
    let top = Math.max(frame.top + 6, Math.min(box.top, frame.bottom - 6 - box.height));
    for (const element of map.getContainer().querySelectorAll(".leaflet-top.leaflet-left > *")) {
      const card = element.getBoundingClientRect();
      const across = card.left < box.right && box.left < card.right;
      if (across && card.top < top + box.height && top < card.bottom) top = card.bottom + 6;
    }
    tip.style.marginTop = `${top - box.top}px`;
  }

  // Names of communities, each where it fits without covering a larger community's name.
  function labels(map, data) {
    const place = pane(map, "labels", 620);
    const middles = decode(data.middles)[0][0];
    const boxes = data.shapes.map((shape) => L.latLngBounds(decode(shape).flat(2)));
    const size = (box) => box.isValid()
      && (box.getEast() - box.getWest()) * (box.getNorth() - box.getSouth());
    const order = boxes.map((_, number) => number).sort((one, other) => size(boxes[other]) - size(boxes[one]));
    const markers = middles.map((middle, number) => L.marker(middle, {
      pane: place,
      interactive: false,
      keyboard: false,
      icon: L.divIcon({ className: "circles-label", iconSize: null,
        html: h("bdi", {}, data.names[number]) }),
    }));
    const group = L.layerGroup(markers);
    // Where facilities' signs stand, so that names can keep clear of them.
    const signs = () => map.getContainer().classList.contains("circles-far") ? []
      : [...map.getPane("markerPane").children].map((icon) => {
        const slot = Number(icon.firstChild.style.getPropertyValue("--slot"));
        const middle = L.DomUtil.getPosition(icon).add([slot * SIGN_SIZE, 0]);
        return L.bounds(middle.subtract([SIGN_SIZE / 2, SIGN_SIZE / 2]),
          middle.add([SIGN_SIZE / 2, SIGN_SIZE / 2]));
      });
    const settle = () => {
      const taken = [];
      const avoided = signs();
      for (const number of order) {
        const text = markers[number].getElement()?.firstChild;
        if (!text || !boxes[number].isValid()) continue;
        const middle = map.latLngToLayerPoint(middles[number]);
        const half = L.point(text.offsetWidth / 2 + 3, text.offsetHeight / 2 + 2);
        const span = map.latLngToLayerPoint(boxes[number].getSouthEast())
          .subtract(map.latLngToLayerPoint(boxes[number].getNorthWest()));
        const at = (shift) => L.bounds(middle.subtract(half).add([0, shift]),
          middle.add(half).add([0, shift]));
        const free = LABEL_SHIFTS.filter((shift) => Math.abs(shift) < span.y / 3
          && !taken.some((other) => other.overlaps(at(shift))));
        const best = free.find((shift) => !avoided.some((other) => other.overlaps(at(shift))))
          ?? free[0];
        const fits = span.x > text.offsetWidth * 0.8 && best !== undefined;
        text.classList.toggle("hidden", !fits);
        if (!fits) continue;
        text.style.marginTop = `${best}px`;
        taken.push(at(best));
      }
    };
    group.on("add", () => { map.on("zoomend", settle); map.whenReady(settle); });
    group.on("remove", () => map.off("zoomend", settle));
    return group;
  }

  // The areas from which one need is met within its limits; the shortest limit is the darkest.
  function reach(map, data) {
    const renderer = L.svg({ pane: pane(map, "reach", 450), padding: 0.5 });
    const group = L.layerGroup();
    const areas = (need) => need.areas ??= need.shapes.map((shape, number) => L.polygon(decode(shape),
      { renderer, interactive: false, className: `circles-reach step-${Math.min(number, 3)}` }));
    group.needs = data.needs;
    group.show = (number, limits) => {
      group.clearLayers();
      toggle(map, "circles-reaching", number >= 0);
      if (number < 0) return;
      const drawn = areas(data.needs[number]);
      for (let limit = drawn.length - 1; limit >= 0; limit--) {
        if (limits[limit]) group.addLayer(drawn[limit]);
      }
    };
    return group;
  }

  function sign(service) {
    const disc = h("span", { class: "circles-sign" }, service.sign);
    disc.style.backgroundColor = service.colour;
    return disc;
  }

  // Facilities by service, each with its service's sign; small dots when far away.
  function facilities(map, data) {
    const group = L.layerGroup();
    let words = {};
    const far = () => {
      toggle(map, "circles-far", map.getZoom() < SIGN_ZOOM);
      toggle(map, "circles-farther", map.getZoom() < SIGN_ZOOM - 1.5);
    };

    const tip = (service, row) => h("div", { class: "circles-card" },
      h("header", {}, h("bdi", { class: "circles-name" }, service.names[row] || words.unnamed)),
      h("p", { class: "circles-service" }, sign(service), h("span", {}, service.name)),
      service.off[row] ? h("p", {}, words.off_network) : null,
      h("p", { class: "circles-facts" }, fill(words.origin ?? "", { origin: service.origins[row] })));
    const markers = (service) => L.layerGroup(decode(service.points)[0][0].map((point, row) => {
      const disc = sign(service);
      disc.style.setProperty("--slot", service.slots[row]);
      if (service.off[row]) disc.classList.add("off");
      return L.marker(point, {
        keyboard: false,
        icon: L.divIcon({ className: "circles-facility", iconSize: [0, 0], html: disc }),
      }).bindTooltip(() => tip(service, row), { direction: "top", offset: [0, -8], opacity: 1,
        className: "circles-tip" });
    }));

    const drawn = new Map();
    group.services = data.services;
    group.say = (said) => ({ words } = said);
    group.show = (service, visible) => {
      if (!drawn.has(service)) {
        if (!visible) return;
        drawn.set(service, markers(service));
      }
      if (visible) group.addLayer(drawn.get(service));
      else group.removeLayer(drawn.get(service));
    };
    group.on("add", () => { map.on("zoomend", far); far(); });
    group.on("remove", () => map.off("zoomend", far));
    return group;
  }

  return { communities, facilities, fill, ground, h, reach, read, sign, swatch };
})();
