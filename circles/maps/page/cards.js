"use strict";
// What is told of a place: in a few words beside the pointer, and in full in a card of its own.
circlesMap.cards = (map, layers, data) => {
  const { fill, h } = circlesMap;
  const { seen } = circlesMap.sheet;
  const { communities, facilities, gaps } = layers;
  const { words, verdicts } = data;
  const TIP_LINES = 5;
  const VERDICT_LOOKS = ["met", "not-met", "insufficient", "not-applicable"];

  const swatch = (look) => h("i", { class: `circles-swatch ${look}`, "aria-hidden": "true" });
  const name = (text) => h("bdi", { class: "circles-name" }, text || words.ui_unnamed);
  const sub = (...parts) => parts.filter(Boolean).join(" · ");

  const legendWord = (number) => {
    const code = communities.end().look.charCodeAt(number) - 97;
    return communities.end().legend.find(([own]) => own === code)?.[1] ?? "";
  };

  function verdictLine(number) {
    const look = communities.state.looks[number];
    const view = communities.view();
    const label = communities.state.group > 0 && communities.chosenGroup().heads
      ? `${view.name} · ${communities.chosenGroup().name}` : view.name;
    return h("p", { class: `circles-verdict ${look}` }, swatch(look), h("span", {}, label),
      h("b", {}, legendWord(number)));
  }

  function heading(number) {
    const own = communities.data;
    return [
      h("header", {}, name(own.names[number]),
        h("span", { class: "circles-setting" }, h("bdi", {}, sub(own.settings[number], own.streets[number])))),
      verdictLine(number),
      communities.head(number) ? h("p", {}, communities.head(number)) : null,
      communities.view().scores[number]
        ? h("p", { class: "circles-facts" }, communities.view().scores[number]) : null,
    ];
  }

  const line = ({ verdict, words: said }, ...rest) => h("li", { class: VERDICT_LOOKS[verdict] },
    swatch(VERDICT_LOOKS[verdict]), h("div", {},
      h("span", { class: "circles-word" }, verdicts[verdict]), h("bdi", { class: "circles-said" }, said), ...rest));

  const inView = (number) => {
    const rules = new Set(communities.view().rules);
    return communities.findings(number).filter(({ rule }) => rules.has(rule));
  };

  function communityTip(number) {
    const found = inView(number);
    const left = found.length - TIP_LINES;
    return [...heading(number), h("ul", {}, found.slice(0, TIP_LINES).map((one) => line(one))),
      h("p", { class: "circles-more" }, left > 0 ? fill(words.ui_more, { n: left }) : words.ui_click)];
  }

  function communityCard(number) {
    const own = communities.data, chosen = new Set(communities.view().rules);
    const told = ({ rule, ...one }) => line(one, own.bases[rule]
      ? h("details", { open: chosen.size === 1 && chosen.has(rule) },
        h("summary", {}, words.ui_basis), h("small", {}, h("bdi", {}, own.bases[rule]))) : null);
    const found = communities.findings(number);
    const first = found.filter(({ rule }) => chosen.has(rule));
    const others = found.filter(({ rule }) => !chosen.has(rule));
    return [...heading(number),
      own.facts[number] ? h("p", { class: "circles-facts" }, own.facts[number]) : null,
      h("ul", {}, first.map(told)),
      others.length ? [h("h3", {}, words.ui_other_rules), h("ul", {}, others.map(told))] : null];
  }

  const facilityTip = ({ service, row }) => [
    h("header", {}, name(service.names[row])),
    h("p", { class: "circles-service" }, facilities.legend(service), h("span", {}, service.name)),
    facilities.offNetwork(service, row) ? h("p", {}, words.ui_off_network) : null,
    h("p", { class: "circles-facts" }, h("bdi", {}, fill(words.ui_origin, { origin: facilities.origin(service, row) }))),
  ];

  const amount = ({ weight, unit }) => (weight
    ? fill(words[`ui_home_${["people", "floor", "frontage"][unit]}`], { value: weight.toLocaleString("en") })
    : unit ? "" : words.ui_home_few);

  function homeTip(found) {
    const far = communities.view().unit === "metres" ? words.ui_home_metres : words.ui_home_minutes;
    return [
      h("header", {}, h("span", { class: "circles-name" }, gaps.cell ? fill(words.ui_cell, { m: gaps.cell }) : words.ui_home)),
      h("p", {}, amount(found)),
      h("p", { class: "circles-facts" }, found.cost < 0 ? words.ui_home_no_way : fill(far, { value: found.cost.toLocaleString("en") })),
    ];
  }

  // --- beside the pointer ---------------------------------------------------------------------
  const tip = h("div", { class: "circles-tip circles-card", role: "tooltip", hidden: true });
  map.getContainer().append(tip);
  let shown = null;

  function hideTip() {
    tip.hidden = true;
    shown = null;
    communities.hover(-1);
    map.getContainer().classList.remove("circles-pointing");
  }

  function showTip(key, content, point) {
    if (shown !== key) tip.replaceChildren(...content().flat().filter(Boolean));
    shown = key;
    tip.hidden = false;
    const frame = map.getSize(), gap = 16;
    const right = layers.freeWidth ? layers.freeWidth() : frame.x;
    const fits = point.x + gap + tip.offsetWidth < right;
    const left = fits ? point.x + gap : Math.max(6, point.x - gap - tip.offsetWidth);
    const top = Math.max(6, Math.min(point.y - 20, frame.y - tip.offsetHeight - 6));
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
  }

  // What lies under a point of the map: a facility before a home, a home before its community.
  function under(point) {
    const at = seen(map);
    const facility = map.hasLayer(facilities) ? facilities.at(at, point.x, point.y) : null;
    if (facility) return { kind: "facility", key: facility.service.id + facility.row, facility };
    const home = gaps.at(at, point.x, point.y);
    if (home) return { kind: "home", key: `home ${point.x} ${point.y}`, home };
    const x = at.box.west + point.x / at.scale, y = at.box.north + point.y / at.scale;
    const community = communities.at(x, y);
    return community >= 0 ? { kind: "community", key: `community ${community}`, community } : null;
  }

  // A finger does not point before it taps; what browsers make of a tap for mice is passed over.
  let touched = false;
  for (const event of ["pointerdown", "pointermove"]) {
    map.getContainer().addEventListener(event, ({ pointerType }) => { touched = pointerType === "touch"; }, true);
  }
  let asked = 0, latest = null;
  function follow(event) {
    if (touched) return;
    latest = event;
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      if (!latest) return;
      const found = under(latest.containerPoint);
      if (!found) { hideTip(); return; }
      map.getContainer().classList.add("circles-pointing");
      communities.hover(found.kind === "community" ? found.community : -1);
      showTip(found.key, () => (found.kind === "facility" ? facilityTip(found.facility)
        : found.kind === "home" ? homeTip(found.home) : communityTip(found.community)), latest.containerPoint);
    });
  }
  map.on("mousemove", follow);
  map.on("mouseout dragstart zoomstart", () => { latest = null; hideTip(); });

  // --- the card -------------------------------------------------------------------------------
  const body = h("div", { class: "circles-card" });
  const close = h("button", { type: "button", class: "circles-close", "aria-label": words.ui_close, click: () => hide() }, "×");
  const card = h("section", { class: "circles-detail", role: "region", "aria-label": words.ui_detail,
    tabindex: "-1", hidden: true }, close, body);
  let open = null, cameFrom = null;

  function fillCard() {
    const content = open.kind === "facility" ? facilityTip(open.facility) : communityCard(open.community);
    body.replaceChildren(...content.flat().filter(Boolean));
  }

  function show(found, { focus = false } = {}) {
    hideTip();
    if (card.hidden) cameFrom = document.activeElement;
    open = found;
    communities.select(found.kind === "community" ? found.community : -1);
    fillCard();
    card.hidden = false;
    body.scrollTop = 0;
    map.getContainer().classList.add("circles-told");
    if (focus) card.focus({ preventScroll: true });
  }

  function hide() {
    if (card.hidden) return;
    const inside = card.contains(document.activeElement);
    card.hidden = true;
    open = null;
    communities.select(-1);
    map.getContainer().classList.remove("circles-told");
    if (inside) (cameFrom?.isConnected ? cameFrom : map.getContainer()).focus({ preventScroll: true });
  }

  map.on("click", ({ containerPoint }) => {
    const found = under(containerPoint);
    if (found && found.kind !== "home") show(found);
    else if (found) showTip(found.key, () => homeTip(found.home), containerPoint);
    else hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { hideTip(); hide(); }
  });
  // With the keyboard on the map itself, Enter tells of the community in its middle.
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== map.getContainer()) return;
    const found = under(map.getSize().divideBy(2));
    if (found) show(found.kind === "home" ? { kind: "community", community: communities.at(...middle()) } : found, { focus: true });
  });
  const middle = () => {
    const at = seen(map), half = map.getSize().divideBy(2);
    return [at.box.west + half.x / at.scale, at.box.north + half.y / at.scale];
  };

  return { card, swatch, show, hide, refresh: () => { hideTip(); if (open) fillCard(); } };
};
