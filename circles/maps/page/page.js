"use strict";
// The page around the map: title, scale, north, sources; how it fits its window, paper and host.
circlesMap.page = (map, layers, data) => {
  const { h } = circlesMap;
  const { words } = data;
  const NARROW = 640;
  const SHAPE = 0.66;
  const [LOWEST, HIGHEST] = [420, 900];
  const PAPER = [1010, 700];  // CSS pixels of A4 on its side, within its margins
  const root = map.getContainer();
  const framed = window.parent !== window;

  layers.gaps.of(layers.communities);
  layers.communities.say(data);
  layers.labels = circlesMap.labels(map, layers.communities, layers.facilities.signs);
  const cards = circlesMap.cards(map, layers, data);
  const panel = circlesMap.panel(map, layers, data, cards);

  function control(position, element) {
    const made = L.control({ position });
    made.onAdd = () => {
      L.DomEvent.disableClickPropagation(element);
      L.DomEvent.disableScrollPropagation(element);
      for (const event of ["mousemove", "mouseover"]) L.DomEvent.on(element, event, L.DomEvent.stopPropagation);
      return element;
    };
    return made;
  }

  const title = h("header", { class: "circles-title" },
    data.fictional ? h("p", { class: "circles-fictional", title: data.fictional_note }, data.fictional) : null,
    h("h1", {}, h("bdi", {}, data.name)),
    h("p", {}, h("bdi", {}, data.standard)),
    data.as_of ? h("p", { class: "circles-date" }, data.as_of) : null,
    data.notice ? h("p", { class: "circles-notice" }, data.notice) : null);

  const lines = (list) => h("ul", {}, list.map((text) => h("li", {}, h("bdi", {}, text))));
  const about = h("section", { class: "circles-about" },
    data.warnings.length ? h("details", { class: "circles-warnings" },
      h("summary", {}, `${words.ui_warnings} (${data.warnings.length})`), lines(data.warnings)) : null,
    data.assumptions.length ? h("details", {},
      h("summary", {}, `${words.ui_assumptions} (${data.assumptions.length})`), lines(data.assumptions)) : null,
    data.sources.length ? h("details", { class: "circles-sources" },
      h("summary", {}, words.ui_sources), lines(data.sources)) : null);

  function go(place) {
    const deep = Math.max(map.getZoom(), 16);
    if (place.kind === "community") {
      map.fitBounds(layers.communities.bounds(place.community), { ...padding(), maxZoom: 15.5, animate: false });
    } else {
      const { service, row } = place.facility;
      if (!layers.facilities.visible(service)) panel.choose(0);
      map.setView(layers.facilities.place(service, row), deep, { animate: false });
    }
    if (window.innerWidth <= NARROW) open(false);
    cards.show(place, { focus: false });
  }

  const search = circlesMap.search(layers, data, go);
  const toggle = h("button", { type: "button", class: "circles-toggle", "aria-expanded": "true", "aria-controls": "circles-sections",
    click: () => open(!sheet.classList.contains("open")) }, h("span", {}, words.ui_panel));
  const sheet = h("aside", { class: "circles-panel open", "aria-label": words.ui_panel }, toggle, search,
    h("div", { class: "circles-sections", id: "circles-sections" }, panel.sections, about));
  function open(wanted) {
    sheet.classList.toggle("open", wanted);
    toggle.setAttribute("aria-expanded", String(wanted));
  }
  open(window.innerWidth > NARROW);

  const north = h("div", { class: "circles-north", role: "img", "aria-label": words.ui_north });
  north.append(arrow(), h("span", { "aria-hidden": "true" }, words.ui_north_letter));
  function arrow() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 20 26");
    svg.setAttribute("aria-hidden", "true");
    for (const [points, ink] of [["10,1 18,25 10,19", "#23262b"], ["10,1 2,25 10,19", "#ffffff"]]) {
      const half = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
      half.setAttribute("points", points);
      half.setAttribute("fill", ink);
      half.setAttribute("stroke", "#23262b");
      half.setAttribute("stroke-linejoin", "round");
      svg.append(half);
    }
    return svg;
  }

  const imprint = h("div", { class: "circles-attribution" },
    [data.attribution, data.review].filter(Boolean).map((text) => h("span", {}, text)), circlesMap.credit ?? null);
  control("topleft", h("div", { class: "circles-left" }, title, cards.card)).addTo(map);
  L.control.zoom({ position: "bottomleft", zoomInTitle: words.ui_zoom_in, zoomOutTitle: words.ui_zoom_out }).addTo(map);
  control("bottomleft", north).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  control("topright", sheet).addTo(map);
  control("bottomright", imprint).addTo(map);
  root.setAttribute("role", "application");
  root.setAttribute("aria-label", words.ui_map);

  // Bring the communities into the part of the map that no card covers.
  function padding() {
    if (circlesMap.printing) return { paddingTopLeft: [14, 14], paddingBottomRight: [300, 30] };
    const narrow = window.innerWidth <= NARROW;
    return {
      paddingTopLeft: [narrow ? 10 : 20, narrow ? title.offsetHeight + 14 : 16],
      paddingBottomRight: [narrow ? 10 : sheet.offsetWidth + 24, narrow ? 124 : 30],
    };
  }
  layers.freeWidth = () => map.getSize().x - (window.innerWidth <= NARROW ? 0 : sheet.offsetWidth + 12);

  function fit() {
    if (!map.getSize().x) return;
    map.setMinZoom(0);
    map.fitBounds(layers.communities.bounds(), { animate: false, ...padding() });
    if (!circlesMap.printing) map.setMinZoom(map.getZoom() - 2);
    root.classList.add("circles-ready");
  }

  // Fit again when the page gets another size, but not once a reader has moved the map. A frame
  // may start without a size and hear of it only when it comes into view, so ask until it has one.
  function keepFitted() {
    const stop = () => map.off("resize", fit);
    map.on("resize", fit);
    for (const event of ["pointerdown", "wheel", "keydown"]) root.addEventListener(event, stop, { once: true, passive: true });
    const settle = () => {
      map.invalidateSize({ pan: false });
      if (!map.getSize().x) setTimeout(settle, 100);
    };
    fit();
    settle();
  }

  // On paper the map has a size of its own, and is drawn more finely.
  let before = null;
  function toPaper() {
    if (before) return;
    before = { centre: map.getCenter(), zoom: map.getZoom(), least: map.getMinZoom(), open: sheet.classList.contains("open") };
    circlesMap.printing = true;
    document.documentElement.classList.add("circles-paper");
    open(true);
    Object.assign(root.style, { width: `${PAPER[0]}px`, height: `${PAPER[1]}px` });
    map.invalidateSize({ animate: false, pan: false });
    fit();
    root.append(before.picture = circlesMap.sheet.paper(map));
  }
  function fromPaper() {
    if (!before) return;
    circlesMap.printing = false;
    before.picture.remove();
    document.documentElement.classList.remove("circles-paper");
    Object.assign(root.style, { width: "", height: "" });
    open(before.open);
    map.invalidateSize({ animate: false, pan: false });
    map.setMinZoom(0);
    map.setView(before.centre, before.zoom, { animate: false });
    map.setMinZoom(before.least);
    before = null;
  }
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);

  // A host is told which height suits the width it gives, and the wheel stays its own until the
  // reader takes to the map.
  if (framed || data.fragment) {
    document.documentElement.classList.toggle("circles-fragment", data.fragment);
    map.scrollWheelZoom.disable();
    map.on("click focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
  }
  if (framed) {
    let told = 0;
    const tell = () => {
      const width = document.documentElement.clientWidth;
      const height = width <= NARROW ? 620 : Math.round(Math.max(LOWEST, Math.min(HIGHEST, width * SHAPE)));
      if (!width || height === told) return;
      told = height;
      window.parent.postMessage({ source: "circles", kind: "height", height }, "*");
    };
    new ResizeObserver(tell).observe(document.documentElement);
    tell();
  }

  // For hosts and tests, which cannot see what is on a canvas.
  circlesMap.layers = layers;
  const lift = () => root.style.setProperty("--sheet", `${sheet.offsetHeight}px`);
  new ResizeObserver(lift).observe(sheet);
  map.addLayer(layers.communities);
  map.addLayer(layers.reach);
  panel.start();
  keepFitted();
};
