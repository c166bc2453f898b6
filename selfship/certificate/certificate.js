"use strict";
// Only comfort: the page is complete without it. Nothing here writes markup, so nothing of a host's can run.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const filters = document.getElementById("filters");
  const controls = all("[data-filter]", filters);
  const rules = all("tr.rule");
  const expand = document.getElementById("expand");

  const apply = () => {
    const wanted = Object.fromEntries(controls.map((control) => [control.dataset.filter, control.value.trim()]));
    const text = wanted.text.toLowerCase();
    let shown = 0;
    for (const rule of rules) {
      const fits = ["verdict", "level", "group"].every((key) => !wanted[key] || rule.dataset[key] === wanted[key]);
      rule.hidden = !(fits && rule.textContent.toLowerCase().includes(text));
      shown += !rule.hidden;
    }
    for (const body of all(".rules tbody")) body.hidden = !all("tr.rule", body).some((rule) => !rule.hidden);
    document.getElementById("shown").textContent = `${shown} of ${rules.length} rules`;
  };
  const choose = (key, value) => {
    for (const control of controls) control.value = control.dataset.filter === key ? value : "";
    apply();
  };
  for (const control of controls) control.addEventListener("input", apply);
  for (const link of all("[data-show]")) link.addEventListener("click", () => choose("verdict", link.dataset.show));

  expand.addEventListener("click", () => {
    const open = expand.getAttribute("aria-pressed") !== "true";
    expand.setAttribute("aria-pressed", String(open));
    for (const fold of all("details.fold")) fold.open = open;
  });

  // A link may lead into something that is folded away or filtered out.
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const rule = target.closest("tr.rule");
    if (rule?.hidden) choose("", "");
    const inside = rule === target ? target.querySelector("details") : null;
    if (inside) inside.open = true;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

  for (const button of all("button.copy")) {
    button.hidden = false;
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(code.textContent);
        label.data = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        label.data = "Selected";
      }
      setTimeout(() => { label.data = "Copy"; }, 2000);
    });
  }
  addEventListener("beforeprint", () => { for (const fold of all("details.evidence")) fold.open = true; });

  filters.hidden = false;
  apply();
  reveal();
})();
