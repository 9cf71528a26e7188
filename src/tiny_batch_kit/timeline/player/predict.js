// Predict first: a question before a frame is shown. It counts nothing, can be skipped, and can be turned off.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});
    const OUTCOMES = ["GOES_ON", "LAST_TOKEN", "WASTED", "EMPTY", "ENTERS", "STANDS", "SENT_BACK"];

    // What can be chosen, said of the request that has the slot now, if any.
    const choice = (name, outcome) => ({
        GOES_ON: `${name} goes on`,
        LAST_TOKEN: `${name} gets its last token`,
        WASTED: "It is computed for nobody",
        EMPTY: "It is empty",
        ENTERS: name ? "Another request enters" : "A request enters",
        STANDS: `${name} stands still`,
        SENT_BACK: `${name} is sent back to the queue`,
    })[outcome];

    // Why, in words from the trace; a chapter may have better ones.
    const reason = (run, before, after, slot, outcome) => {
        const cell = after.cells[slot], request = cell.request >= 0 ? cell.request : before.cells[slot].request;
        const name = run.trace.names[cell.request], limit = run.asked[request]?.[1];
        const own = run.trace.why[outcome];
        const full = run.budget && tb.words.spent(after) >= run.budget;
        switch (outcome) {
            case "GOES_ON": return `${name} has ${cell.made} of ${tb.words.plural(limit, "token")} now.`;
            case "LAST_TOKEN": return `${name} wanted ${tb.words.plural(limit, "token")}, and this was the last.`;
            case "ENTERS": return before.waiting.includes(cell.request)
                ? `${name} was waiting, and the slot was to be had.` : `${name} has just come, and the slot was to be had.`;
            case "EMPTY":
                if (!after.waiting.length) return "Nobody waits.";
                return full ? "The tokens of this step were spent." : own ?? "Who waits can't begin yet.";
        }
        return own ? tb.words.fill(run, own, request, 0) : "";
    };

    // The question that belongs between a frame and the next one, if there is one.
    tb.question = (run, frame) => run.questions.find((each) => each[0] === frame);

    // Shows a question in `box`. answered(): the next frame may be shown now.
    tb.ask = (box, run, [frame, slot, right, ...choices], answered) => {
        const before = run.frames[frame], after = run.frames[frame + 1];
        const name = run.trace.names[before.cells[slot].doing === tb.doing.WASTED ? -1 : before.cells[slot].request] ?? "";
        const settle = (chosen) => {
            const verdict = chosen === null ? "" : chosen === right ? "Right. " : "Not this time. ";
            const why = reason(run, before, after, slot, OUTCOMES[right]);
            box.replaceChildren(tb.make("p", {}, tb.make("strong", {}, verdict),
                `${tb.words.slot(run, slot, after.cells[slot])} ${why}`.trim()));
            answered();
        };
        const buttons = choices.map((each) => {
            const button = tb.make("button", { type: "button", class: "tb-choice" }, choice(name, OUTCOMES[each]));
            button.addEventListener("click", () => settle(each));
            return button;
        });
        const skip = tb.make("button", { type: "button", class: "tb-skip" }, "Show me");
        skip.addEventListener("click", () => settle(null));
        box.replaceChildren(tb.make("p", {}, tb.make("strong", {}, "Predict: "), `what does slot ${slot} do in the next step?`),
            tb.make("div", { class: "tb-choices" }, ...buttons, skip));
    };
})();
