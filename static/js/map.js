/* A map beside a list that says the same: contours of communes, points, no tile server, no third party.

   <div class="map" data-map data-points="points" data-contours="/donnees/communes.geojson"></div>
   {{ points|json_script:"points" }}

   data-points       id of a JSON script element: a list of
                     {lat, lon, title, text, url, mark, kind}
                       lat, lon  degrees
                       title     what it is (« Gare d’Argentan »); also the marker's name for screen readers
                       text      optional: one line under it in the popup
                       url       optional: where the title leads
                       mark      optional: one or two characters in the marker (a rank in the list, « G »)
                       kind      optional: "station" draws a square; anything else a disc
                     Points at one position share one marker, whose popup lists them.
   data-contours     optional: address of a GeoJSON of communes, properties code and nom
   data-highlight    optional: the code of the commune to bring out; the map then frames it with the points
   data-frame        optional: "contours" shows them all at first, whatever the points
   data-commune-url  optional: address of a commune's page with 00000 for its code; contours then lead there
   data-label        optional: the map's name for screen readers (« Carte »)

   Load leaflet/leaflet.js before it, both with defer, and css/places.css (which stands in for leaflet.css). Without
   JavaScript the element stays empty, and site.css hides its frame. */
(function () {
  "use strict";

  const CALM = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function readPoints(element) {
    const script = document.getElementById(element.dataset.points || "");
    return script ? JSON.parse(script.textContent) : [];
  }

  /* One entry per position: several things often stand at one mairie. */
  function byPosition(points) {
    const places = new Map();
    for (const point of points) {
      const key = point.lat.toFixed(4) + " " + point.lon.toFixed(4);
      if (!places.has(key)) places.set(key, []);
      places.get(key).push(point);
    }
    return [...places.values()];
  }

  function popupFor(points) {
    const box = document.createElement("div");
    for (const point of points) {
      const part = document.createElement("div");
      part.className = "map-popup";
      const title = document.createElement("p");
      title.className = "map-popup-title";
      if (point.url) {
        const link = document.createElement("a");
        link.href = point.url;
        link.textContent = point.title;
        title.append(link);
      } else {
        title.textContent = point.title;
      }
      part.append(title);
      if (point.text) {
        const text = document.createElement("p");
        text.textContent = point.text;
        part.append(text);
      }
      box.append(part);
    }
    return box;
  }

  function addMarker(map, points) {
    const first = points[0];
    const name = points.map((point) => point.title).join(", ");
    const mark = points.map((point) => point.mark || "").filter(Boolean).join("·").slice(0, 5);
    const size = mark ? 26 + Math.max(0, mark.length - 2) * 7 : 16;
    const kinds = ["map-marker"];
    if (!mark) kinds.push("map-marker-small");
    if (points.every((point) => point.kind === "station")) kinds.push("map-marker-station");
    const label = document.createElement("span");
    label.textContent = mark;
    const marker = L.marker([first.lat, first.lon], {
      icon: L.divIcon({ className: kinds.join(" "), html: label, iconSize: [size, mark ? 26 : 16] }),
      riseOnHover: true,
    }).addTo(map);
    const element = marker.getElement();
    element.setAttribute("aria-label", name);
    if (mark.length > 2) element.style.borderRadius = "13px";
    marker.bindPopup(popupFor(points), { minWidth: 150, autoPanPaddingTopLeft: [64, 20], autoPanPaddingBottomRight: [20, 20] });
    /* role=button answers to the space bar too; Leaflet only knows Enter. */
    element.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      marker.openPopup();
    });
    return marker;
  }

  /* The focus follows the popup opened from the keyboard, and comes back to its marker. */
  function tieFocus(map) {
    let opener = null;
    map.on("popupopen", (event) => {
      const close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) close.setAttribute("aria-label", "Fermer");
      opener = event.popup._source && event.popup._source.getElement ? event.popup._source.getElement() : null;
      if (!opener) return;
      opener.classList.add("map-marker-open");
      if (document.activeElement === opener) {
        const target = event.popup.getElement().querySelector("a[href]:not([href='#close'])") || close;
        if (target) target.focus({ preventScroll: true });
      }
    });
    map.on("popupclose", (event) => {
      if (!opener) return;
      opener.classList.remove("map-marker-open");
      const popup = event.popup.getElement(); // already out of the page: the focus in it fell back to the body
      const lost = document.activeElement === document.body || (popup && popup.contains(document.activeElement));
      if (lost) opener.focus({ preventScroll: true });
      opener = null;
    });
    /* Leaflet closes on Escape only while the map itself has the focus. */
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });
  }

  function drawContours(map, element, collection) {
    const { highlight, communeUrl } = element.dataset;
    let here = null;
    const layer = L.geoJSON(collection, {
      interactive: Boolean(communeUrl),
      style: (feature) => ({
        className: feature.properties.code === highlight ? "map-commune map-commune-here" : "map-commune",
        weight: 1,
      }),
      onEachFeature: (feature, contour) => {
        const { code, nom } = feature.properties;
        if (code === highlight) here = contour;
        if (!communeUrl) return;
        contour.bindTooltip(nom, { sticky: true });
        contour.on("click", () => window.location.assign(communeUrl.replace("00000", code)));
      },
    }).addTo(map);
    if (here) here.bringToFront();
    return { all: layer.getBounds(), here: here && here.getBounds() };
  }

  /* The buttons stand at the top left: a point there would be under them. */
  function frame(map, bounds, left = 64) {
    if (!bounds.isValid()) return;
    map.fitBounds(bounds, {
      paddingTopLeft: [left, 24],
      paddingBottomRight: [24, 24],
      maxZoom: 13,
      animate: false,
    });
  }

  function start(element) {
    const points = readPoints(element);
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", element.dataset.label || "Carte");
    const map = L.map(element, {
      zoomControl: false,
      zoomSnap: 0.25,
      scrollWheelZoom: false, // the wheel scrolls the page
      dragging: !window.matchMedia("(pointer: coarse)").matches, // one finger too; two move the map
      fadeAnimation: false,
      zoomAnimation: !CALM,
      markerZoomAnimation: !CALM,
      inertia: !CALM,
      minZoom: 7,
      maxZoom: 15,
    });
    map.attributionControl.setPrefix(false);
    L.control.zoom({ zoomInTitle: "Agrandir la carte", zoomOutTitle: "Réduire la carte" }).addTo(map);
    map.setView([48.6, 0.1], 9, { animate: false }); // the middle of the Orne, until better is known
    tieFocus(map);
    const around = L.latLngBounds(points.map((point) => [point.lat, point.lon]));
    for (const place of byPosition(points)) addMarker(map, place);
    frame(map, around);
    if (!element.dataset.contours) return;
    fetch(element.dataset.contours)
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .then((collection) => {
        const drawn = drawContours(map, element, collection);
        map.attributionControl.addAttribution("Contours\u00a0: IGN");
        if (drawn.here) around.extend(drawn.here);
        if (around.isValid() && element.dataset.frame !== "contours") frame(map, around);
        else frame(map, drawn.all, 12);
      })
      .catch(() => {}); // the points stay, and the list says everything
  }

  document.querySelectorAll("[data-map]").forEach(start);
})();
