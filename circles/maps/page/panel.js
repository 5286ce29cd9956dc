"use strict";
// The switches and the legend: what communities are coloured by, and what is drawn over them.
circlesMap.panel = (map, layers, data, cards) => {
  const { fill, h } = circlesMap;
  const { communities, facilities, gaps, ground, labels, reach } = layers;
  const { words } = data;
  const views = communities.data.views;
  const state = { view: 0, group: 0, strict: false, reach: -1, limits: [], overridden: false };

  const check = (word, checked, change, ...rest) => {
    const box = h("input", { type: "checkbox", checked, change: () => change(box.checked) });
    return { box, element: h("label", {}, box, ...rest, h("span", {}, word)) };
  };
  const section = (name, title, ...content) =>
    h("section", { class: `circles-${name}` }, title ? h("h2", {}, title) : null, ...content);

  // --- what communities are coloured by ---------------------------------------------------------
  const tiers = views.filter((view) => !view.services);
  const option = (view) => h("option", { value: views.indexOf(view) }, view.name);
  const optgroup = (label, list) => (list.length ? h("optgroup", { label }, list.map(option)) : null);
  const viewList = h("select", { class: "circles-select", id: "circles-view", "aria-label": words.ui_view,
    change: () => choose({ view: Number(viewList.value), group: 0 }) },
    optgroup(words.ui_view_tiers, tiers), optgroup(words.ui_view_services, views.filter((view) => view.services)));
  const groupList = h("select", { class: "circles-select", id: "circles-group", "aria-label": words.ui_group,
    change: () => choose({ group: Number(groupList.value) }) });
  const ends = ["lenient", "strict"].map((end, number) => h("label", {},
    h("input", { type: "radio", name: "circles-end", checked: number === 0,
      change: () => choose({ strict: number === 1 }) }), h("span", {}, words[`ui_${end}`])));
  const endRow = h("div", { class: "circles-tabs", role: "radiogroup", "aria-label": words.ui_ends }, ...ends);
  const groupNote = h("p", { class: "circles-note" });
  const result = h("div", { class: "circles-result", "aria-live": "polite" });

  function legend() {
    const { look, legend: classes } = communities.end();
    const count = {};
    for (const letter of look) count[letter] = (count[letter] ?? 0) + 1;
    return h("ul", { class: "circles-legend" }, classes.map(([code, word]) => {
      const number = count[String.fromCharCode(97 + code)] ?? 0;
      return h("li", { class: number ? null : "absent" }, cards.swatch(data.looks[code]), h("span", {}, word),
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
    return h("div", { class: "circles-bar", "aria-hidden": "true" }, part("met", 0, low), part("open", low, high),
      part("target", needed, needed));
  }
  const rollups = () => h("div", { class: "circles-rollups" }, (communities.end().rollups ?? []).map((own) =>
    h("div", {}, h("p", {}, h("span", {}, own.text), h("b", {}, own.target)), bar(own))));

  // --- reach --------------------------------------------------------------------------------------
  const reachList = h("select", { class: "circles-select", id: "circles-reach", "aria-label": words.ui_reach,
    change: () => chooseReach(Number(reachList.value)) },
    h("option", { value: -1 }, words.ui_reach_none), reach.needs.map(({ name }, number) => h("option", { value: number }, name)));
  const limits = h("div", { class: "circles-limits" });
  const reachNote = h("p", { class: "circles-note", hidden: true }, words.ui_reach_note);
  function chooseReach(number) {
    const need = reach.needs[number];
    state.reach = number;
    state.limits = need ? need.limits.map(() => true) : [];
    reachList.value = String(number);
    limits.replaceChildren(...(need?.limits ?? []).map((limit, at) => h("label", {},
      h("input", { type: "checkbox", checked: true,
        change: (event) => { state.limits[at] = event.target.checked; reach.show(number, state.limits); } }),
      h("i", { class: `circles-step step-${reach.step(at)}`, "aria-hidden": "true" }), h("span", {}, limit))));
    reachNote.hidden = !need;
    reachList.closest("section")?.classList.toggle("empty", !need);
    communities.fade(Boolean(need));
    reach.show(number, state.limits);
    if (need && !views[state.view].services) showServices((service) => need.services.includes(service.id));
    else followView();
  }

  // --- facilities -----------------------------------------------------------------------------------
  const boxes = facilities.services.map((service) => check(service.name, true, () => fromBoxes(),
    facilities.legend(service)));
  const services = h("ul", {}, facilities.services.map((service, number) => {
    boxes[number].element.append(h("b", {}, service.names.length.toLocaleString("en")));
    return h("li", {}, boxes[number].element);
  }));
  const button = (word, wanted) => h("button", { type: "button", click: () => showServices(wanted) }, word);
  const fromBoxes = () => showServices((service) => boxes[facilities.services.indexOf(service)].box.checked);
  function showServices(wanted) {
    facilities.services.forEach((service, number) => { boxes[number].box.checked = wanted(service); });
    facilities.show(wanted);
    labels.again();
  }
  function followView() {
    const own = views[state.view].services;
    showServices(own ? (service) => own.includes(service.id) : () => true);
  }

  // --- gaps and the other layers --------------------------------------------------------------------
  const layer = (word, own, shown) => {
    const made = check(word, shown, (on) => { if (on) map.addLayer(own); else map.removeLayer(own); drawGaps(); labels.again(); });
    if (shown) map.addLayer(own);
    return made;
  };
  const facilityBox = layer(words.ui_facilities_shown, facilities, true);
  const gapBox = layer(words.ui_gaps, gaps, false);
  const nameBox = layer(words.ui_labels, labels, true);
  const groundBox = layer(words.ui_ground, ground, true);
  const gapNote = h("div", { class: "circles-gap-note", "aria-live": "polite" });
  function drawGaps() {
    gaps.update();
    const possible = gaps.possible(), on = gapBox.box.checked;
    gapBox.box.disabled = !possible;
    const disc = (people) => {
      const circle = h("i", { class: "circles-disc", "aria-hidden": "true" });
      circle.style.width = circle.style.height = `${2 * gaps.radius(people)}px`;
      return h("li", {}, circle, h("span", {}, fill(words.ui_people, { value: people.toLocaleString("en") })));
    };
    gapNote.replaceChildren(...[
      !possible ? h("p", { class: "circles-note" }, words.ui_gaps_choose) : null,
      possible && on ? h("p", {}, fill(words.ui_gaps_total, { value: gaps.total().toLocaleString("en") })) : null,
      possible && on && gaps.near() ? h("p", { class: "circles-note" }, h("i", { class: "circles-home", "aria-hidden": "true" }),
        fill(gaps.cell ? words.ui_gaps_cells : words.ui_gaps_homes, { m: gaps.cell })) : null,
      possible && on && !gaps.near() ? h("ul", { class: "circles-discs" }, gaps.steps().map(disc)) : null,
      possible && on && !gaps.near() ? h("p", { class: "circles-note" }, words.ui_gaps_zoom) : null,
    ].filter(Boolean));
  }
  map.on("zoomend", drawGaps);

  const bases = data.bases.length ? section("bases", words.ui_base, circlesMap.bases(map, data, groundBox)) : null;

  function choose(wanted) {
    const before = state.view;
    Object.assign(state, wanted);
    const view = views[state.view];
    const many = view.groups.length > 1;
    if (wanted.view !== undefined) {
      groupList.replaceChildren(...view.groups.map(({ name }, number) =>
        h("option", { value: number }, view.services ? name : words.ui_group_tier)));
      groupList.value = "0";
    }
    groupList.disabled = !many;
    communities.choose({ view: state.view, group: state.group, strict: state.strict });
    const own = communities.chosenGroup();
    const differ = view.groups.some((group) => group.ends.length > 1);
    for (const end of ends) end.firstChild.disabled = !differ;
    endRow.title = differ ? "" : words.ui_ends_same;
    groupNote.textContent = !view.services ? words.ui_group_choose : own.heads?.words ? words.ui_group_other : "";
    result.replaceChildren(legend(), rollups());
    drawGaps();
    if (before !== state.view || wanted.view !== undefined) {
      if (state.reach >= 0 && view.services) chooseReach(view.need);
      else followView();
    }
    cards.refresh();
  }

  const row = (label, id, control) => h("div", { class: "circles-row" }, h("label", { for: id }, label), control);
  const sections = [
    section("views", words.ui_view, viewList, row(words.ui_group, "circles-group", groupList), groupNote,
      endRow, result),
    section("layers", words.ui_layers,
      h("ul", {}, [facilityBox, gapBox, nameBox, groundBox].map(({ element }) => h("li", {}, element))), gapNote,
      h("p", { class: "circles-note" }, words.ui_scale_note)),
    reach.needs.length ? section("reaches empty", words.ui_reach, reachList, limits, reachNote) : null,
    bases,
    facilities.services.length ? section("services", null,
      h("h2", {}, words.ui_facilities, h("span", {}, button(words.ui_all, () => true), button(words.ui_none, () => false))),
      services) : null,
  ].filter(Boolean);
  const start = () => choose({ view: 0, group: 0 });
  return { sections, start, state, choose: (view) => { viewList.value = String(view); choose({ view, group: 0 }); } };
};
