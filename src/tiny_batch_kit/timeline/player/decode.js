// From the compact JSON that coding.py writes to frames that can be looked at one by one. Decides nothing: who runs
// when was decided by the course's own schedulers, before this page was made.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});

    tb.doing = { EMPTY: 0, PREFILL: 1, DECODE: 2, WASTED: 3, HELD: 4 };
    tb.what = { ARRIVES: 0, SENT_BACK: 1, FINISHES: 2 };

    // What holds from a frame on, [[frame, value], …], as one value a frame.
    const spread = (changes, count) => {
        const out = [];
        let next = 0, value;
        for (let frame = 0; frame < count; frame++) {
            if (next < changes.length && changes[next][0] === frame) value = changes[next++][1];
            out.push(value);
        }
        return out;
    };

    // [value, how often, value, how often, …] as a list.
    const repeat = (counted) => {
        const out = [];
        for (let at = 0; at < counted.length; at += 2) out.push(...Array(counted[at + 1]).fill(counted[at]));
        return out;
    };

    // Who owns each page in each frame, and whether it is kept.
    const pagesOf = (memory, count) => {
        let now = Array(memory.count).fill(0);
        const changed = new Map(memory.changes.map(([frame, ...rest]) => [frame, rest]));
        const owners = memory.owners.map(([kept, ...users]) => ({ kept: kept === 1, users }));
        return Array.from({ length: count }, (_, frame) => {
            const moved = changed.get(frame) ?? [];
            now = now.slice();
            for (let at = 0; at < moved.length; at += 2) now[moved[at]] = moved[at + 1];
            return now.map((owner) => owners[owner]);
        });
    };

    tb.decode = (trace, run) => {
        const count = run.t.length, pauses = new Set(run.p ?? []);
        const columns = run.rows.map(repeat), waiting = spread(run.w, count);
        const used = run.u && spread(run.u, count), pages = run.m && pagesOf(run.m, count);
        const said = new Map((run.n ?? []).map(([frame, ...rest]) => [frame, rest]));
        const made = Array(trace.names.length).fill(0);
        const finished = [];
        let end = 0, steps = 0;
        const frames = run.t.map((length, frame) => {
            const start = end;
            end += length;
            const cells = columns.map((column) => {
                const [doing, request, tokens, sampled] = run.cells[column[frame]];
                if (request >= 0) made[request] += sampled;
                return { doing, request, tokens, sampled, made: request >= 0 ? made[request] : 0 };
            });
            const happenings = run.e.filter((each) => each[0] === frame)
                .map(([, what, request, slot]) => ({ what, request, slot }));
            finished.push(...happenings.filter((each) => each.what === tb.what.FINISHES).map((each) => each.request));
            return {
                step: pauses.has(frame) ? null : ++steps,
                start: start / 1000,
                end: end / 1000,
                cells,
                waiting: waiting[frame],
                happenings,
                finished: [...finished],
                said: said.get(frame) ?? [],
                used: used?.[frame],
                pages: pages?.[frame],
            };
        });
        return { ...run, trace, frames, steps, seconds: end / 1000, slots: columns.length, questions: run.q ?? [] };
    };
})();
