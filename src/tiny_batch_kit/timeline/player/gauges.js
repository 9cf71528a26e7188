// What a step's tokens were spent on, how full memory is, and which page belongs to whom. Pictures of what the words say.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});

    const bar = (label, whole, parts) => {
        const track = tb.make("span", { class: "tb-bar" });
        for (const { size, request } of parts) {
            const part = tb.make("span", { class: request === undefined ? "tb-part" : `tb-part tb-c${tb.colour(request)}` });
            part.style.width = `${100 * size / whole}%`;
            track.append(part);
        }
        return tb.make("div", { class: "tb-gauge" }, tb.make("span", {}, label), track);
    };

    const pages = (run, frame) => {
        const grid = tb.make("div", { class: "tb-pages" });
        frame.pages.forEach(({ kept, users }, number) => {
            const page = tb.make("span", { class: `tb-page${kept ? " tb-kept" : ""}` }, tb.make("small", {}, `${number}`));
            page.append(...users.map((request) => tb.chip(run, request)));
            grid.append(page);
        });
        return grid;
    };

    tb.gauges = (place, run, frame) => {
        const parts = [tb.make("div", { class: "tb-gauge" }, tb.make("span", {}, "Waiting"),
            tb.make("span", { class: "tb-queue" }, ...frame.waiting.map((request) => tb.chip(run, request))))];
        if (run.budget) {
            const spent = frame.cells.filter((cell) => cell.doing && cell.tokens)
                .map((cell) => ({ size: cell.tokens, request: cell.request }));
            parts.push(bar("Tokens", run.budget, spent));
        }
        if (run.memory) parts.push(bar("Memory", run.memory, [{ size: frame.used }]));
        if (frame.pages) parts.push(pages(run, frame));
        place.replaceChildren(...parts);
    };
})();
