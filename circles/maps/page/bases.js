"use strict";
// Online base maps. Their tiles may be drawn in another datum than the data: they are moved by how
// far the two lie apart in the middle of what is seen, which changes by less than a metre across it.
circlesMap.bases = (map, data, groundBox) => {
  const { h } = circlesMap;

  // Degrees east and north at a place, between the points of a grid over the district.
  function shiftAt({ bounds: [west, south, east, north], side, east: easts, north: norths }, { lat, lng }) {
    const last = side - 1;
    const along = (value, from, to) => Math.max(0, Math.min(last, (value - from) / (to - from) * last));
    const x = along(lng, west, east), y = along(lat, south, north);
    const column = Math.min(last - 1, Math.floor(x)), row = Math.min(last - 1, Math.floor(y));
    const u = x - column, v = y - row, first = row * side + column;
    const mix = (grid) => (grid[first] * (1 - u) + grid[first + 1] * u) * (1 - v)
      + (grid[first + side] * (1 - u) + grid[first + side + 1] * u) * v;
    return { east: mix(easts), north: mix(norths) };
  }

  const Shifted = L.TileLayer.extend({
    _moved(centre) {
      const { east, north } = shiftAt(this.options.shift, centre);
      return L.latLng(centre.lat + north, centre.lng + east);
    },
    _setZoomTransform(level, centre, zoom) {
      L.TileLayer.prototype._setZoomTransform.call(this, level, this._moved(L.latLng(centre)), zoom);
    },
    _getTiledPixelBounds(centre) {
      return L.TileLayer.prototype._getTiledPixelBounds.call(this, this._moved(L.latLng(centre)));
    },
  });

  const make = (base) => L.layerGroup(base.urls.map((url) => {
    const options = { maxNativeZoom: base.deepest, maxZoom: map.getMaxZoom(), subdomains: base.subdomains || "a",
      shift: base.shift, className: "circles-tiles" };
    return base.shift ? new Shifted(url, options) : L.tileLayer(url, options);
  }));
  const layers = data.bases.map(make);
  const credit = h("span", { class: "circles-credit" });
  const choose = (number) => {
    layers.forEach((layer, own) => (own === number ? map.addLayer(layer) : map.removeLayer(layer)));
    credit.textContent = data.bases[number]?.credit ?? "";
    // The streets of the extract would lie twice over those of the tiles.
    if (groundBox.box.checked !== number < 0) groundBox.box.click();
  };
  map.getContainer().classList.toggle("circles-online", true);
  circlesMap.credit = credit;
  const names = [data.words.ui_base_own, ...data.bases.map(({ name }) => name)];
  return h("ul", {}, names.map((name, number) => h("li", {}, h("label", {},
    h("input", { type: "radio", name: "circles-base", checked: number === 0, change: () => choose(number - 1) }),
    h("span", {}, name)))));
};
