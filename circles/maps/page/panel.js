"use strict";
// The title, the legend and the switches of the map's layers.
circlesMap.panel = (() => {
  const { fill, h, sign, swatch } = circlesMap;
  const NARROW = 640;
  const POPUP_WIDTH = 380;

  function control(position, element) {
    const made = L.control({ position });
    made.onAdd = () => {
      L.DomEvent.disableClickPropagation(element);
      L.DomEvent.disableScrollPropagation(element);
      return element;
    };
    return made;
  }

  function title(data) {
    return h("div", { class: "circles-title" },
      data.fictional ? h("p", { class: "circles-fictional", title: data.fictional_note }, data.fictional) : null,
      h("h1", {}, h("bdi", {}, data.name)),
      h("p", {}, data.standard),
      data.as_of ? h("p", { class: "circles-date" }, data.as_of) : null);
  }

  const count = (list, value) => list.filter((entry) => entry === value).length;

  function legend(view, verdicts) {
    return h("ul", { class: "circles-legend" }, ...verdicts.map((word, verdict) => {
      const number = count(view.verdicts, verdict);
      return h("li", { class: number ? "" : "absent" }, swatch(verdict), h("span", {}, word),
        h("b", {}, String(number)));
    }));
  }

  // A bar from nothing to all: what is met, what lacks data, and where the target lies.
  function bar({ low, high, needed }) {
    if (low === null) return null;
    const part = (name, from, to) => {
      const piece = h("i", { class: name });
      piece.style.left = `${from * 100}%`;
      piece.style.width = `${(to - from) * 100}%`;
      return piece;
    };
    return h("div", { class: "circles-bar" }, part("met", 0, low), part("open", low, high),
      part("target", needed, needed));
  }

  function rollups(view) {
    return h("div", { class: "circles-rollups" }, ...view.rollups.map((rollup) =>
      h("div", {}, h("p", {}, h("span", {}, rollup.text), h("b", {}, rollup.target)), bar(rollup))));
  }

  function viewSection({ communities }, { words, verdicts }) {
    const result = h("div", {});
    const choose = (number) => {
      communities.choose(number);
      result.replaceChildren(legend(communities.views[number], verdicts),
        rollups(communities.views[number]));
    };
    const many = communities.views.length > 3;
    const switcher = many
      ? h("select", { class: "circles-select", "aria-label": words.view,
        change: (event) => choose(event.target.selectedIndex) },
        ...communities.views.map(({ name }) => h("option", {}, name)))
      : h("div", { class: "circles-tabs", role: "radiogroup", "aria-label": words.view },
        ...communities.views.map(({ name }, number) => h("label", {},
          h("input", { type: "radio", name: "circles-view", checked: number === 0 && "",
            change: () => choose(number) }),
          h("span", {}, name))));
    choose(0);
    return h("section", { class: "circles-views" }, h("h2", {}, words.view), switcher, result);
  }

  function facilitySection({ facilities }, { words }) {
    const boxes = facilities.services.map((service) => h("input", { type: "checkbox", checked: "",
      change: (event) => facilities.show(service, event.target.checked) }));
    const set = (wanted) => facilities.services.forEach((service, number) => {
      boxes[number].checked = wanted(service);
      facilities.show(service, boxes[number].checked);
    });
    set(() => true);
    const button = (word, wanted) => h("button", { type: "button", click: () => set(wanted) }, word);
    const section = h("section", { class: "circles-services" },
      h("h2", {}, words.facilities,
        h("span", {}, button(words.all, () => true), button(words.none, () => false))),
      h("ul", {}, ...facilities.services.map((service, number) => h("li", {}, h("label", {},
        boxes[number], sign(service), h("span", {}, service.name),
        h("b", {}, String(service.names.length)))))));
    return { section, only: (ids) => set(({ id }) => ids.includes(id)), all: () => set(() => true) };
  }

  // Choosing a need shows the facilities that meet it and no others.
  function reachSection({ reach }, { words }, services) {
    const limits = h("div", { class: "circles-limits" });
    const note = h("p", { class: "circles-note", hidden: "" }, words.reach_note);
    const choose = (number) => {
      const need = reach.needs[number];
      const shown = need ? need.limits.map(() => true) : [];
      const draw = () => reach.show(number, shown);
      limits.replaceChildren(...(need?.limits ?? []).map((limit, at) => h("label", {},
        h("input", { type: "checkbox", checked: "",
          change: (event) => { shown[at] = event.target.checked; draw(); } }),
        h("i", { class: `circles-reach step-${Math.min(at, 3)}` }), h("span", {}, limit))));
      note.hidden = !need;
      if (need) services.only(need.services);
      else services.all();
      draw();
    };
    return h("section", { class: "circles-reaches" }, h("h2", {}, words.reach),
      h("select", { class: "circles-select", "aria-label": words.reach,
        change: (event) => choose(event.target.selectedIndex - 1) },
        h("option", {}, words.reach_none),
        ...reach.needs.map(({ name }) => h("option", {}, name))),
      limits, note);
  }

  function groundSection(map, { ground, communities }, { words }) {
    const item = (word, layer) => h("li", {}, h("label", {},
      h("input", { type: "checkbox", checked: "",
        change: (event) => (event.target.checked ? map.addLayer(layer) : map.removeLayer(layer)) }),
      h("span", {}, word)));
    map.addLayer(communities.labels);
    return h("section", { class: "circles-grounds" },
      h("ul", {}, item(words.labels, communities.labels), item(words.ground, ground)),
      h("p", { class: "circles-note" }, words.scale_note));
  }

  function warningSection({ warnings, words }) {
    return h("details", { class: "circles-warnings" },
      h("summary", {}, `${words.warnings} (${warnings.length})`),
      h("ul", {}, ...warnings.map((words) => h("li", {}, h("bdi", {}, words)))));
  }

  function sheet(data, sections) {
    const toggle = h("button", { type: "button", class: "circles-toggle", "aria-expanded": "true",
      click: () => open(!panel.classList.contains("open")) },
      h("span", {}, data.words.layers));
    const panel = h("div", { class: "circles-panel open" }, toggle,
      h("div", { class: "circles-sections" }, ...sections));
    const open = (wanted) => {
      panel.classList.toggle("open", wanted);
      toggle.setAttribute("aria-expanded", String(wanted));
    };
    open(window.innerWidth > NARROW);
    return panel;
  }

  // Bring the communities into the part of the map that no card covers.
  function fit(map, communities, card, panel) {
    const narrow = window.innerWidth <= NARROW;
    if (!map.getSize().x) return;
    const top = narrow ? card.offsetHeight + 14 : 16;
    const right = narrow ? 10 : panel.offsetWidth + 24;
    communities.freeWidth = () => map.getSize().x - right;
    const width = Math.min(POPUP_WIDTH, map.getSize().x - 56);
    Object.assign(communities.getPopup().options, {
      minWidth: width,
      maxWidth: width,
      autoPanPaddingTopLeft: [narrow ? 10 : 56, card.offsetHeight + 24],
      autoPanPaddingBottomRight: [right, 10],
    });
    map.setMinZoom(0);
    map.fitBounds(communities.getBounds(), {
      animate: false,
      paddingTopLeft: [narrow ? 10 : 56, top],
      paddingBottomRight: [right, narrow ? 44 + 34 : 30],
    });
    map.setMinZoom(map.getZoom() - 2);
    map.getContainer().classList.add("circles-ready");
  }

  // Fit again when the page gets another size, but not once a reader has moved the map. A frame
  // may start without a size and hear of it only when it comes into view, so ask until it has one.
  function keepFitted(map, refit) {
    const stop = () => map.off("resize", refit);
    map.on("resize", refit);
    for (const event of ["pointerdown", "wheel", "keydown"]) {
      map.getContainer().addEventListener(event, stop, { once: true, passive: true });
    }
    const settle = () => {
      map.invalidateSize({ pan: false });
      if (!map.getSize().x) setTimeout(settle, 100);
    };
    refit();
    settle();
  }

  return (map, layers, data) => {
    layers.communities.say(data);
    layers.facilities.say(data);
    const services = facilitySection(layers, data);
    const card = title(data);
    const panel = sheet(data, [
      viewSection(layers, data),
      ...(layers.reach.needs.length ? [reachSection(layers, data, services)] : []),
      ...(layers.facilities.services.length ? [services.section] : []),
      groundSection(map, layers, data),
      ...(data.warnings.length ? [warningSection(data)] : []),
    ]);
    control("topleft", card).addTo(map);
    L.control.zoom({ position: "topleft" }).addTo(map);
    control("topright", panel).addTo(map);
    L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
    control("bottomright", h("div", { class: "circles-attribution" }, data.attribution)).addTo(map);
    const lift = () => map.getContainer().style.setProperty("--sheet", `${panel.offsetHeight}px`);
    new ResizeObserver(lift).observe(panel);
    keepFitted(map, () => fit(map, layers.communities, card, panel));
  };
})();
