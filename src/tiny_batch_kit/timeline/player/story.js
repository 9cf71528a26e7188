// Several ways to serve the same requests, on one scale of seconds: ten seconds for the slowest, text as it was made.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});
    const LASTS = 10; // seconds that the whole story takes

    // For each request, when each of its tokens came.
    const timesOf = (run) => {
        const out = run.trace.names.map(() => []);
        for (const frame of run.frames) {
            for (const { request, sampled } of frame.cells) {
                for (let token = 0; token < sampled; token++) out[request].push(frame.end);
            }
        }
        return out;
    };

    class Way {
        constructor(trace, data) {
            this.run = tb.decode(trace, data);
            this.times = timesOf(this.run);
            this.label = data.label;
            this.pieces = data.text; // the text of each token of each request; none if nobody kept it
            this.ends = this.run.frames.flatMap((frame) =>
                frame.happenings.filter((each) => each.what === tb.what.FINISHES).map(() => frame.end));
            this.stage = tb.make("div", { class: "tb-stage", "aria-hidden": "true" });
            this.count = tb.make("span", { class: "tb-count" });
            this.text = tb.make("p", { class: "tb-text" });
            this.element = tb.make("div", { class: "tb-way" }, tb.make("p", {}, tb.make("strong", {}, this.label), " ", this.count),
                this.stage, ...(this.pieces ? [this.text] : []));
        }

        draw(scale) {
            this.until = tb.draw(this.stage, this.run, Math.max(240, this.stage.clientWidth), scale, true);
        }

        said(now) {
            const by = (times) => times.filter((time) => time <= now + 1e-9).length;
            const tokens = this.times.reduce((sum, times) => sum + by(times), 0);
            const state = now >= this.run.seconds ? `, done after ${tb.words.seconds(this.run.seconds)}` : "";
            return `${tb.words.plural(tokens, "token")}, ${by(this.ends)} of ${this.run.trace.names.length} finished${state}`;
        }

        show(now, followed) {
            this.until(now);
            this.count.textContent = this.said(now);
            if (this.pieces) {
                const made = this.times[followed].filter((time) => time <= now + 1e-9).length;
                this.text.textContent = this.pieces[followed].slice(0, made).join("").replace(/\s+/g, " ").trim() || "…";
            }
        }
    }

    class Story {
        constructor(root, trace) {
            this.root = root;
            this.trace = trace;
            this.ways = trace.ways.map((data) => new Way(trace, data));
            this.seconds = Math.max(...this.ways.map((way) => way.run.seconds)) || 1;
            this.followed = trace.names.length - 1;
            this.now = 0;
            this.frame = null;
            this.build();
            root.hidden = false;
            // The pictures of the page show the same at once; they are for who has no script, and for paper.
            for (const still of document.querySelectorAll("[data-still]")) still.hidden = true;
            this.redraw();
            new ResizeObserver(() => this.redraw()).observe(this.ways[0].stage);
            const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
            if (calm) this.show(this.seconds);
            else this.play();
        }

        build() {
            const { make } = tb;
            this.button = make("button", { type: "button" }, "Play");
            this.button.addEventListener("click", () => this.toggle());
            this.place = make("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": "Seconds" });
            this.place.addEventListener("input", () => {
                this.stop();
                this.show(this.place.value / 1000 * this.seconds);
                this.tell();
            });
            this.words = make("p", { class: "tb-quiet", "aria-live": "polite" });
            this.clock = make("strong", { class: "tb-count" });
            const row = make("div", { class: "tb-buttons" }, this.button, this.clock, ...(this.trace.prompts ? this.choice() : []));
            this.root.setAttribute("role", "group");
            this.root.setAttribute("aria-label", "The same requests, played");
            this.root.replaceChildren(row, this.place, ...this.ways.map((way) => way.element), this.words,
                make("p", { class: "tb-help" }, `Played so that the slowest takes ${LASTS} s. Space plays. Striped: a prompt is read. ` +
                    "Crossed: computed for nobody."));
            this.root.addEventListener("keydown", (event) => {
                if (event.key !== " " || event.target.matches("input, select, button")) return;
                event.preventDefault();
                this.toggle();
            });
        }

        // Whose answer is shown as it grows.
        choice() {
            const options = this.trace.prompts.map((text, number) =>
                tb.make("option", { value: number }, `${this.trace.names[number]}: ${text.slice(0, 60)}`));
            const select = tb.make("select", { id: "tb-followed" }, ...options);
            select.value = this.followed;
            select.addEventListener("change", () => {
                this.followed = Number(select.value);
                this.show(this.now);
            });
            return [tb.make("label", { for: select.id }, "Follow"), select];
        }

        redraw() {
            for (const way of this.ways) way.draw(this.seconds);
            this.show(this.now);
        }

        show(now) {
            this.now = Math.min(now, this.seconds);
            this.place.value = Math.round(1000 * this.now / this.seconds);
            this.place.setAttribute("aria-valuetext", tb.words.seconds(this.now));
            this.clock.textContent = tb.words.seconds(this.now);
            for (const way of this.ways) way.show(this.now, this.followed);
        }

        // For the live region: only where the story stops.
        tell() {
            this.words.textContent = `At ${tb.words.seconds(this.now)}. ` +
                this.ways.map((way) => `${way.label}: ${way.said(this.now)}.`).join(" ");
        }

        play() {
            if (this.now >= this.seconds) this.now = 0;
            this.button.textContent = "Pause";
            let last = null;
            const tick = (time) => {
                this.show(this.now + (last === null ? 0 : (time - last) / 1000 * this.seconds / LASTS));
                last = time;
                if (this.now < this.seconds) {
                    this.frame = requestAnimationFrame(tick);
                } else {
                    this.stop();
                    this.tell();
                }
            };
            this.frame = requestAnimationFrame(tick);
        }

        stop() {
            cancelAnimationFrame(this.frame);
            this.frame = null;
            this.button.textContent = "Play";
        }

        toggle() {
            if (this.frame === null) return this.play();
            this.stop();
            this.tell();
        }
    }

    for (const root of document.querySelectorAll(".tb-player[data-trace]")) {
        const data = document.getElementById(root.dataset.trace);
        if (data && root.hidden) new Story(root, JSON.parse(data.textContent));
    }
})();
