"use strict";
// The search box: communities and facilities by their names, in Chinese or by how they are read.
circlesMap.search = (layers, data, go) => {
  const { fill, h } = circlesMap;
  const { communities, facilities } = layers;
  const { words } = data;
  const MOST = 12;
  const LONGEST = 60;
  const plain = (text) => text.slice(0, LONGEST).normalize("NFKC").toLowerCase();
  const readings = new Map(Object.entries(data.readings).map(([letter, ways]) => [letter, ways.split(" ")]));

  // Everything that has a name; folded once, when it is first searched for.
  let places = null;
  const all = () => (places ??= [
    ...communities.data.names.map((name, community) => ({ name, folded: plain(name), kind: "community", community })),
    ...facilities.services.flatMap((service) => service.names.map((name, row) =>
      ({ name, folded: plain(name), kind: "facility", facility: { service, row } }))),
  ].filter(({ folded }) => folded));

  // Whether letters spell a name from one of its characters on: whole syllables or their beginnings.
  function spells(letters, name, from) {
    if (!letters) return true;
    if (from >= name.length) return false;
    const ways = readings.get(name[from]) ?? [name[from]];
    return ways.some((way) => {
      for (let taken = Math.min(way.length, letters.length); taken > 0; taken--) {
        if (letters.startsWith(way.slice(0, taken)) && spells(letters.slice(taken), name, from + 1)) return true;
      }
      return false;
    });
  }

  // Where a name answers: 0 at its beginning, 1 inside, 2 and 3 the same as it is read; -1 nowhere.
  function rank(name, wanted, letters) {
    const at = name.indexOf(wanted);
    if (at >= 0) return at === 0 ? 0 : 1;
    if (!letters) return -1;
    for (let from = 0; from < name.length; from++) {
      if (spells(letters, name, from)) return from === 0 ? 2 : 3;
    }
    return -1;
  }

  function find(query) {
    const wanted = plain(query.trim());
    if (!wanted) return [];
    const letters = /^[a-z' ]+$/.test(wanted) ? wanted.replace(/[' ]/g, "") : "";
    const ranked = [[], [], [], []];
    for (const place of all()) {
      const own = rank(place.folded, wanted, letters);
      if (own >= 0) ranked[own].push(place);
    }
    return ranked.flat();
  }

  const list = h("ul", { class: "circles-found", role: "listbox", id: "circles-found", "aria-label": words.ui_search, hidden: true });
  const said = h("p", { class: "circles-note", role: "status", "aria-live": "polite" });
  let found = [], at = -1;

  const option = (place, number) => h("li", { role: "option", id: `circles-found-${number}`, "aria-selected": "false",
    mousedown: (event) => event.preventDefault(), click: () => choose(number) },
    place.kind === "community"
      ? h("i", { class: `circles-swatch ${communities.state.looks[place.community]}`, "aria-hidden": "true" })
      : facilities.legend(place.facility.service),
    h("bdi", {}, place.name.slice(0, LONGEST)),
    h("small", {}, place.kind === "community" ? communities.data.streets[place.community] : place.facility.service.name));

  function draw() {
    found = find(input.value);
    at = -1;
    const shown = found.slice(0, MOST);
    list.replaceChildren(...shown.map(option));
    list.hidden = !shown.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
    said.textContent = !input.value.trim() ? ""
      : !found.length ? words.ui_found_none
        : found.length > MOST ? fill(words.ui_found_more, { n: found.length, shown: MOST }) : "";
  }

  function mark(number) {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = number;
    list.children[at]?.setAttribute("aria-selected", "true");
    list.children[at]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", at >= 0 ? `circles-found-${at}` : "");
  }

  function choose(number) {
    const place = found[number];
    if (!place) return;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.value = place.name.slice(0, LONGEST);
    said.textContent = "";
    go(place);
  }

  const input = h("input", {
    type: "search", class: "circles-query", role: "combobox", autocomplete: "off", spellcheck: "false",
    placeholder: readings.size ? words.ui_search_hint : words.ui_search,
    "aria-label": words.ui_search, "aria-controls": "circles-found", "aria-expanded": "false", "aria-autocomplete": "list",
    input: draw,
    focus: () => { if (input.value && !found.length) draw(); },
    blur: () => { list.hidden = true; },
    keydown: (event) => {
      const last = list.children.length - 1;
      if (event.key === "ArrowDown") { if (list.hidden) draw(); mark(Math.min(last, at + 1)); }
      else if (event.key === "ArrowUp") mark(Math.max(0, at - 1));
      else if (event.key === "Enter") choose(Math.max(0, at));
      else if (event.key === "Escape" && !list.hidden) { list.hidden = true; event.stopPropagation(); return; }
      else return;
      event.preventDefault();
    },
  });
  return h("div", { class: "circles-search", role: "search" }, input, list, said);
};
