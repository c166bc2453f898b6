"use strict";
// Shows what /_referee/events says. All text goes in as text: what a client sent never becomes part of the page.
const SYMBOLS = { pass: "✓ held", fail: "✕ broken", warn: "! not followed", not_testable: "· not yet seen", blocked: "⊘ blocked", not_applicable: "– does not apply", error: "‼ kit error" };

function cell(row, text, name) {
  const made = document.createElement("td");
  made.textContent = text;
  if (name) made.className = name;
  row.append(made);
  return made;
}

function wanted(order) {
  if (!order.is_self_ship) return "leave it alone: not self-ship";
  const end = { delivered: "deliver", rto: "bring back (RTO)", returned: "fetch the return" }[order.expect];
  return order.locked ? `wait while it is locked, then ${end}` : end;
}

function journey(order) {
  const list = document.createElement("ol");
  list.className = "steps";
  for (const step of order.steps) {
    const made = document.createElement("li");
    made.textContent = step.event.replaceAll("_", " ");
    if (step.at !== null) {
      made.className = "done";
      made.title = new Date(step.at * 1000).toLocaleTimeString();
    }
    list.append(made);
  }
  return list;
}

function orderRow(order) {
  const row = document.createElement("tr");
  row.dataset.order = order.id;
  const head = document.createElement("th");
  head.scope = "row";
  head.className = "id";
  head.textContent = order.id;
  row.append(head);
  cell(row, wanted(order), order.is_self_ship ? "" : "decoy");
  const way = cell(row, "");
  if (order.is_self_ship) way.append(journey(order));
  const broke = order.broke.length ? ` · broke ${order.broke.join(", ")}` : "";
  cell(row, (order.ended ? `✓ ${order.state}` : order.state) + broke, broke ? "broke" : order.ended ? "ended" : "");
  cell(row, order.awb ? `${order.awb} (${order.courier})` : "", "id");
  return row;
}

function ruleRow(rule) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = `${rule.id} ${rule.level}`;
  row.append(head);
  cell(row, SYMBOLS[rule.verdict] || rule.verdict, rule.verdict);
  cell(row, rule.statement);
  const told = cell(row, rule.says);
  if (rule.advice && rule.verdict === "not_testable") {
    const advice = document.createElement("div");
    const code = document.createElement("code");
    code.textContent = rule.advice;
    advice.append(code);
    told.append(advice);
  }
  return row;
}

function show(now) {
  document.title = `Referee: ${now.ended} of ${now.given} orders ended`;
  document.getElementById("scenario").textContent = `· ${now.scenario} · ${now.partner}`;
  const comes = now.orders.filter((order) => !order.appeared).length;
  const held = now.rules.filter((rule) => rule.verdict === "pass").length;
  document.getElementById("summary").textContent =
    `${now.calls} calls · ${now.ended} of ${now.given} orders ended as they must · ${held} of ${now.rules.length} rules shown to hold` +
    (comes ? ` · ${comes} more to come` : "") + (now.finished ? " · finished" : "");
  const shown = now.orders.filter((order) => order.appeared).sort((a, b) => b.is_self_ship - a.is_self_ship || a.number - b.number);
  document.querySelector("#orders tbody").replaceChildren(...shown.map(orderRow));
  document.querySelector("#rules tbody").replaceChildren(...now.rules.map(ruleRow));
}

const events = new EventSource("events" + location.search);
const connection = document.getElementById("connection");
events.onmessage = (event) => { connection.hidden = true; show(JSON.parse(event.data)); };
events.onerror = () => { connection.hidden = false; connection.textContent = "The referee does not answer: the session has ended, or it was stopped and can be taken up again."; };
