// The player of a chapter: sliders choose a run, buttons and keys go through it frame by frame.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});
    const PACE = 700; // milliseconds a frame while playing
    let players = 0;

    const remembered = () => {
        try { return localStorage.getItem("tiny-batch-predict") !== "off"; } catch { return true; }
    };
    const remember = (on) => {
        try { localStorage.setItem("tiny-batch-predict", on ? "on" : "off"); } catch { /* a private window */ }
    };

    const button = (label, act, attributes = {}) => {
        const made = tb.make("button", { type: "button", ...attributes }, label);
        made.addEventListener("click", act);
        return made;
    };

    class Player {
        constructor(root, trace) {
            this.root = root;
            this.trace = trace;
            this.id = `tb-player-${++players}`;
            this.chosen = trace.sliders.map((slider) => slider.start);
            this.timer = null;
            this.asking = false;
            this.runs = new Map();
            this.build();
            this.choose();
            root.hidden = false;
            new ResizeObserver(() => this.redraw()).observe(this.stage);
        }

        build() {
            const { make } = tb;
            this.stage = make("div", {
                class: "tb-stage", tabindex: 0, role: "img", "aria-label": "The timeline so far. Below, it stands in words.",
            });
            this.gauges = make("div", { class: "tb-gauges", "aria-hidden": "true" });
            this.lead = make("p", { class: "tb-lead" });
            this.list = make("ul", {});
            this.words = make("div", { class: "tb-words", "aria-live": "polite", "aria-atomic": "true" }, this.lead, this.list);
            this.box = make("div", { class: "tb-predict", "aria-live": "polite" });
            this.place = make("input", { type: "range", min: 0, value: 0, "aria-label": "Place in the run" });
            this.place.addEventListener("input", () => { this.stop(); this.go(Number(this.place.value)); });
            this.playing = button("Play", () => this.toggle());
            this.predicts = make("input", { type: "checkbox", id: `${this.id}-predict` });
            this.predicts.checked = remembered();
            this.predicts.addEventListener("change", () => {
                remember(this.predicts.checked);
                this.quiet();
            });
            const heading = make("p", { class: "tb-title", id: `${this.id}-title` }, this.trace.title);
            this.root.setAttribute("role", "group");
            this.root.setAttribute("aria-labelledby", heading.id);
            this.root.replaceChildren(heading, make("p", { class: "tb-about" }, this.trace.about), this.sliders(), this.stage,
                make("div", { class: "tb-buttons" },
                    button("First", () => this.jump(0)), button("Back", () => this.jump(this.at - 1)), this.playing,
                    this.next = button("Next", () => this.step()), button("Last", () => this.jump(Infinity)),
                    make("label", { for: this.predicts.id, class: "tb-toggle" }, this.predicts, "Predict first")),
                this.place, this.box, this.gauges, this.words,
                make("p", { class: "tb-help" }, "Keys: arrows step, space plays, Home and End jump. Striped: a prompt is read. " +
                    "Crossed: computed for nobody. Pale: the slot is taken, and stands still. ▾: a request arrives."));
            this.root.addEventListener("keydown", (event) => this.key(event));
        }

        sliders() {
            const box = tb.make("div", { class: "tb-sliders" });
            this.trace.sliders.forEach((slider, place) => {
                const id = `${this.id}-s${place}`, shown = tb.make("output", { for: id });
                const input = slider.choice
                    ? tb.make("select", { id }, ...slider.values.map((text, value) => tb.make("option", { value }, text)))
                    : tb.make("input", { type: "range", id, min: 0, max: slider.values.length - 1 });
                input.value = slider.start;
                const say = () => {
                    const text = slider.values[Number(input.value)];
                    shown.textContent = slider.choice ? "" : text;
                    if (!slider.choice) input.setAttribute("aria-valuetext", text);
                };
                input.addEventListener("input", () => {
                    this.chosen[place] = Number(input.value);
                    say();
                    this.choose();
                });
                say();
                box.append(tb.make("div", { class: "tb-slider" }, tb.make("label", { for: id }, slider.label), input, shown));
            });
            return box;
        }

        // The run of what the sliders say. Who was at the end stays at the end, to compare; others begin anew.
        choose() {
            const last = this.run && this.at === this.run.frames.length - 1;
            const number = this.trace.sliders.reduce((sum, slider, place) => sum * slider.values.length + this.chosen[place], 0);
            if (!this.runs.has(number)) this.runs.set(number, tb.decode(this.trace, this.trace.runs[number]));
            this.stop();
            this.run = this.runs.get(number);
            this.asked = new Set();
            this.place.max = this.run.frames.length - 1;
            this.at = last ? this.run.frames.length - 1 : 0;
            this.redraw();
            this.go(this.at);
        }

        redraw() {
            const width = Math.max(240, this.stage.clientWidth);
            const longest = this.run.seconds;
            this.until = tb.draw(this.stage, this.run, width, longest);
            this.until(this.run.frames[this.at].end);
        }

        // Shows a frame. Nothing else changes what is seen.
        go(at) {
            this.at = Math.max(0, Math.min(at, this.run.frames.length - 1));
            const frame = this.run.frames[this.at], last = this.at === this.run.frames.length - 1;
            this.quiet();
            this.until(frame.end);
            this.place.value = this.at;
            this.place.setAttribute("aria-valuetext", tb.words.lead(this.run, frame));
            this.lead.textContent = tb.words.lead(this.run, frame);
            const said = tb.words.state(this.run, frame);
            if (last) said.push(tb.words.total(this.run));
            this.list.replaceChildren(...said.map((text) => tb.make("li", {}, text)));
            tb.gauges(this.gauges, this.run, frame);
        }

        jump(at) {
            this.stop();
            this.go(at);
        }

        // One frame on; before it a question, once. Who goes on without an answer has skipped it.
        step() {
            const question = tb.question(this.run, this.at);
            if (question && this.predicts.checked && !this.asked.has(this.at)) {
                this.stop();
                this.asked.add(this.at);
                this.asking = true;
                const at = this.at;
                tb.ask(this.box, this.run, question, () => {
                    const verdict = [...this.box.childNodes];
                    this.go(at + 1);
                    this.box.replaceChildren(...verdict);
                    this.next.focus({ preventScroll: true });
                });
            } else if (this.at < this.run.frames.length - 1) {
                this.go(this.at + 1);
            } else {
                this.stop();
            }
        }

        quiet() {
            this.asking = false;
            this.box.replaceChildren();
        }

        toggle() {
            if (this.timer !== null) return this.stop();
            if (this.at === this.run.frames.length - 1) this.go(0);
            this.playing.textContent = "Pause";
            this.words.setAttribute("aria-live", "off"); // a reader is told where it stops, not all on the way
            this.timer = setInterval(() => this.step(), PACE);
        }

        stop() {
            if (this.timer === null) return;
            clearInterval(this.timer);
            this.timer = null;
            this.playing.textContent = "Play";
            this.words.setAttribute("aria-live", "polite");
            this.list.replaceChildren(...this.list.childNodes); // said anew, now that somebody listens
        }

        key(event) {
            if (event.altKey || event.ctrlKey || event.metaKey) return;
            const own = event.target.matches("input, select");
            const act = {
                ArrowRight: () => { this.stop(); this.step(); },
                ArrowLeft: () => this.jump(this.at - 1),
                Home: () => this.jump(0),
                End: () => this.jump(Infinity),
                " ": () => this.toggle(),
            }[event.key];
            if (!act) return;
            event.stopPropagation(); // mdBook would turn the page
            if (own || (event.key === " " && event.target.matches("button"))) return; // it has these keys itself
            event.preventDefault();
            act();
        }
    }

    tb.Player = Player;
    for (const root of document.querySelectorAll(".tb-player[data-trace]")) {
        const data = document.getElementById(root.dataset.trace);
        if (data && root.hidden) new Player(root, JSON.parse(data.textContent));
    }
})();
