/* Suggestions under a place field, as one types: the editable combobox of the ARIA Authoring Practices (list
   autocomplete, manual selection). Enhances territory/place_field.html; without it the field is a plain one and the
   server proposes.

   On [data-place-field]:
     data-url  address of the suggestions; `q` is added
     data-go   present: choosing a suggestion that has a page opens it

   A choice fills the field and sends a bubbling `place-chosen` event with the suggestion in `detail`. */
(function () {
  "use strict";

  const SHORTEST = 2;
  const PATIENCE_MS = 150;

  function enhance(root) {
    const input = root.querySelector("input[type=text]");
    if (!input || input.getAttribute("role") === "combobox") return;
    const answers = new Map();
    let shown = [];
    let active = -1;
    let timer = 0;
    let pending = null;

    const list = document.createElement("ul");
    list.className = "place-field-list";
    list.id = input.id + "_list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Propositions");
    const status = document.createElement("p");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    input.after(list, status);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("autocomplete", "off");

    function close() {
      window.clearTimeout(timer);
      if (pending) pending.abort();
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      point(-1);
    }

    function point(index) {
      active = index;
      [...list.children].forEach((option, rank) => option.setAttribute("aria-selected", String(rank === active)));
      if (active < 0) {
        input.removeAttribute("aria-activedescendant");
      } else {
        input.setAttribute("aria-activedescendant", list.children[active].id);
        list.children[active].scrollIntoView({ block: "nearest" });
      }
    }

    function optionFor(suggestion, rank) {
      const option = document.createElement("li");
      option.id = list.id + "_" + rank;
      option.className = "place-field-option";
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const label = document.createElement("span");
      label.textContent = suggestion.label;
      const detail = document.createElement("span");
      detail.className = "place-field-detail";
      detail.textContent = suggestion.detail;
      option.append(label, " ", detail);
      option.addEventListener("click", () => choose(rank));
      return option;
    }

    function show(suggestions) {
      shown = suggestions;
      list.replaceChildren(...shown.map(optionFor));
      list.hidden = shown.length === 0;
      input.setAttribute("aria-expanded", String(shown.length > 0));
      point(-1);
      status.textContent = announcement(shown.length);
    }

    function choose(rank) {
      const suggestion = shown[rank];
      input.value = suggestion.value;
      close();
      status.textContent = suggestion.label + " choisi.";
      forgetProposals();
      input.dispatchEvent(new Event("change", { bubbles: true }));
      input.dispatchEvent(new CustomEvent("place-chosen", { bubbles: true, detail: suggestion }));
      if ("go" in root.dataset && suggestion.url) window.location.assign(suggestion.url);
    }

    /* What the server proposed answered another text: a ticked proposal would win over what is typed now. */
    function forgetProposals() {
      root.querySelectorAll("input[type=radio]:checked").forEach((radio) => { radio.checked = false; });
    }

    function ask() {
      const text = input.value.trim();
      if (text.length < SHORTEST) return close();
      if (answers.has(text)) return show(answers.get(text));
      if (pending) pending.abort();
      pending = new AbortController();
      const address = new URL(root.dataset.url, window.location.href);
      address.searchParams.set("q", text);
      return fetch(address, { signal: pending.signal, headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
        .then(({ suggestions }) => {
          answers.set(text, suggestions);
          if (input.value.trim() === text && document.activeElement === input) show(suggestions);
        })
        .catch(() => {}); // the server will propose when the form is sent
    }

    input.addEventListener("input", () => {
      forgetProposals();
      window.clearTimeout(timer);
      timer = window.setTimeout(ask, PATIENCE_MS);
    });
    input.addEventListener("blur", close);
    /* Pressing an option must not take the focus away before its click. */
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    input.addEventListener("keydown", (event) => {
      const open = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!open) return void ask();
        if (event.altKey && event.key === "ArrowUp") return close();
        const step = event.key === "ArrowDown" ? 1 : -1;
        const from = active < 0 && step < 0 ? 0 : active;
        return point((from + step + shown.length) % shown.length);
      }
      if (event.key === "Escape") {
        event.preventDefault();
        if (open) return close();
        input.value = "";
        return undefined;
      }
      if (event.key === "Enter" && open && active >= 0) {
        event.preventDefault();
        return choose(active);
      }
      return undefined;
    });
  }

  function announcement(count) {
    if (count === 0) return "Aucune proposition.";
    if (count === 1) return "1 proposition, flèche bas pour l’atteindre.";
    return count + " propositions, flèches haut et bas pour les parcourir.";
  }

  document.querySelectorAll("[data-place-field]").forEach(enhance);
})();
