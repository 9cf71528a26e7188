"use strict";
const at = (id) => document.getElementById(id);
const NS = "http://www.w3.org/2000/svg";
let model = "", talk = [], running = null, marks = [];

function headers(more = {}) {
  const key = at("key").value;
  return key ? { ...more, Authorization: `Bearer ${key}` } : more;
}

// Server-sent events over fetch, which, unlike EventSource, can send a key and a body.
async function* events(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) {
    const told = await response.json().catch(() => null);
    const error = new Error(told?.error?.message ?? `the server says ${response.status}`);
    error.status = response.status;
    throw error;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield part.slice(6);
  }
}

function bar(slot) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("viewBox", "0 0 100 1");
  svg.setAttribute("aria-hidden", "true");
  const whole = slot.prompt + slot.limit;
  const read = 100 * Math.min(slot.read, slot.prompt) / whole, made = 100 * slot.made / whole;
  for (const [kind, x, width] of [["read", 0, read], ["made", 100 * slot.prompt / whole, made]]) {
    const box = document.createElementNS(NS, "rect");
    for (const [name, value] of Object.entries({ class: kind, x, width, y: 0, height: 1 })) box.setAttribute(name, value);
    svg.append(box);
  }
  return svg;
}

function row(slot, number) {
  const line = document.createElement("li"), name = document.createElement("b");
  name.textContent = number;
  if (slot) {
    const count = document.createElement("span"), tail = document.createElement("span");
    count.textContent = slot.made ? `${slot.made} of ${slot.limit}` : `reading ${slot.read} of ${slot.prompt}`;
    tail.textContent = slot.tail.replaceAll("\n", " ");
    tail.className = "tail";
    line.append(bar(slot), name, count, tail);
  } else {
    const free = document.createElement("span");
    free.textContent = "free";
    free.className = "quiet";
    line.append(name, free);
  }
  return line;
}

function show(state) {
  model = state.model;
  at("model").textContent = model;
  at("health").textContent = state.health.ok ? "well" : state.health.why;
  at("health").className = state.health.ok ? "good" : "bad";
  for (const name of ["running", "waiting", "tokens"]) at(name).textContent = state[name].toLocaleString("en");
  const now = performance.now();
  marks.push([now, state.tokens]);
  while (marks.length > 2 && now - marks[0][0] > 3000) marks.shift();
  const [then, had] = marks[0];
  at("rate").textContent = now > then ? (1000 * (state.tokens - had) / (now - then)).toFixed(1) : "–";
  if (state.pages) {
    at("pages").textContent = `${state.pages.used} of ${state.pages.total}`;
    at("pages-bar").max = state.pages.total;
    at("pages-bar").value = state.pages.used;
  }
  at("slots").replaceChildren(...state.slots.map(row));
}

async function watch() {
  for (;;) {
    try {
      for await (const data of events("events", { headers: headers() })) show(JSON.parse(data));
      at("health").textContent = "the server has ended";
    } catch (error) {
      at("health").textContent = error.status === 401 ? "give the API key below" : "no connection";
    }
    at("health").className = "bad";
    await new Promise((again) => setTimeout(again, 1000));
  }
}

function say(kind, text) {
  const line = document.createElement("p");
  line.className = kind;
  line.textContent = text;
  at("talk").append(line);
  at("talk").scrollTop = at("talk").scrollHeight;
  return line;
}

async function ask(question) {
  talk.push({ role: "user", content: question });
  say("user", question);
  const line = say("assistant", "");
  running = new AbortController();
  at("send").disabled = true;
  at("stop").disabled = false;
  const body = JSON.stringify({ model, messages: talk, stream: true });
  try {
    const options = { method: "POST", body, headers: headers({ "Content-Type": "application/json" }), signal: running.signal };
    for await (const data of events("v1/chat/completions", options)) {
      if (data === "[DONE]") break;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Error(chunk.error.message);
      line.textContent += chunk.choices[0]?.delta?.content ?? "";
      at("talk").scrollTop = at("talk").scrollHeight;
    }
  } catch (error) {
    if (error.name !== "AbortError") say("error", error.message);
  }
  if (line.textContent) talk.push({ role: "assistant", content: line.textContent });
  else talk.pop();
  running = null;
  at("send").disabled = false;
  at("stop").disabled = true;
  at("question").focus();
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  if (!question || running) return;
  at("question").value = "";
  ask(question);
});
at("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("form").requestSubmit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running) running.abort();
});
at("stop").addEventListener("click", () => running?.abort());
at("clear").addEventListener("click", () => {
  running?.abort();
  talk = [];
  at("talk").replaceChildren();
  at("question").focus();
});
watch();
