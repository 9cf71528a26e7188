// What a frame shows, in words: for the live region, and for everybody.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});
    const { EMPTY, PREFILL, DECODE, WASTED } = tb.doing;

    const seconds = (value) => `${value.toFixed(2)} s`;
    const list = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
    const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
    const names = (run, requests) => list(requests.map((each) => run.trace.names[each]));

    // "token 3 of 6"; of how many is not known of every run.
    const token = (run, cell) => {
        const limit = run.asked?.[cell.request]?.[1];
        return limit ? `token ${cell.made} of ${limit}` : `token ${cell.made}`;
    };

    const slot = (run, cell) => {
        const name = run.trace.names[cell.request];
        if (cell.doing === EMPTY) return "empty";
        if (cell.doing === PREFILL) {
            return `${name} reads ${plural(cell.tokens, "token")}${cell.sampled ? ` and gets ${token(run, cell)}` : ""}`;
        }
        if (cell.doing === DECODE) return `${name} gets ${token(run, cell)}`;
        if (cell.doing === WASTED) return `computed for nobody${name ? `, ${name} has finished` : ""}`;
        return `${name} stands still`;
    };

    const happening = (run, each) => {
        const verb = ["arrives", "is sent back to the queue", "finishes"][each.what];
        return `${run.trace.names[each.request]} ${verb}.`;
    };

    const spent = (frame) => frame.cells.reduce((sum, cell) => sum + (cell.doing === EMPTY ? 0 : cell.tokens), 0);

    // "0 to 3, 5": numbers in rows.
    const ranges = (numbers) => {
        const out = [];
        for (const each of numbers) {
            const last = out.at(-1);
            if (last && last[1] === each - 1) last[1] = each;
            else out.push([each, each]);
        }
        return out.map(([from, to]) => from === to ? `${from}` : `${from} to ${to}`).join(", ");
    };

    const pages = (run, frame) => {
        const owned = new Map();
        frame.pages.forEach(({ kept, users }, page) => {
            const whose = users.length ? names(run, users) : kept ? "nobody, but kept" : "free";
            owned.set(whose, [...(owned.get(whose) ?? []), page]);
        });
        const parts = [...owned].map(([whose, numbers]) => `${whose}: ${ranges(numbers)}`);
        return `${run.trace.pages}s. ${parts.join("; ")}.`;
    };

    const fill = (run, text, request, n) =>
        text.replaceAll("{request}", run.trace.names[request] ?? "it").replaceAll("{n}", n);

    tb.words = {
        seconds, list, plural, names, fill, spent,
        lead: (run, frame) => frame.step === null
            ? `No step runs, to ${seconds(frame.end)}.`
            : `Step ${frame.step} of ${run.steps}, to ${seconds(frame.end)}.`,
        // All of a frame's state: a list of sentences.
        state(run, frame) {
            const out = frame.happenings.map((each) => happening(run, each));
            for (let at = 0; at < frame.said.length; at += 3) {
                out.push(fill(run, run.trace.sentences[frame.said[at]], frame.said[at + 1], frame.said[at + 2]));
            }
            frame.cells.forEach((cell, number) => out.push(`Slot ${number}: ${slot(run, cell)}.`));
            out.push(frame.waiting.length ? `Waiting: ${names(run, frame.waiting)}.` : "Nobody waits.");
            if (frame.finished.length) out.push(`Finished: ${names(run, frame.finished)}.`);
            if (run.budget) out.push(`Tokens: ${spent(frame)} of ${run.budget} were spent.`);
            if (run.memory) out.push(`Memory: ${frame.used} of ${run.memory} tokens.`);
            if (frame.pages) out.push(pages(run, frame));
            return out;
        },
        // What it came to, when all is done.
        total(run) {
            let rows = 0, wasted = 0;
            for (const cell of run.frames.flatMap((frame) => frame.cells)) {
                rows += [PREFILL, DECODE, WASTED].includes(cell.doing) ? 1 : 0;
                wasted += cell.doing === WASTED ? 1 : 0;
            }
            return `All done after ${seconds(run.seconds)} and ${plural(run.steps, "step")}; ` +
                `${wasted} of ${plural(rows, "row-step")} computed for nobody.`;
        },
        slot: (run, number, cell) => `Slot ${number}: ${slot(run, cell)}.`,
    };
})();
