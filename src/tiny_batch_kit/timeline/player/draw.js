// The timeline as far as it has been played: a row a slot, a colour a request, a texture for what the slot did.
(() => {
    "use strict";
    const tb = (window.tinyBatch ??= {});
    const { EMPTY, PREFILL, WASTED, HELD } = tb.doing;
    const LEFT = 48, TOP = 20;
    let drawn = 0;

    // tb.make("p", {class: "quiet"}, "text", child): an element of HTML; svg(…) one of SVG.
    const build = (element, attributes, children) => {
        for (const [name, value] of Object.entries(attributes)) {
            if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
        }
        element.append(...children);
        return element;
    };
    tb.make = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
    const svg = (tag, attributes = {}, ...children) =>
        build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

    tb.colour = (request) => request % 7;

    // Frames in a row in which a slot does the same for the same request, as one box.
    const spans = (run, slot) => {
        const out = [];
        for (const frame of run.frames) {
            const { doing, request } = frame.cells[slot], last = out.at(-1);
            if (last && last.doing === doing && last.request === request) last.end = frame.end;
            else out.push({ doing, request, start: frame.start, end: frame.end });
        }
        return out.filter((each) => each.doing !== EMPTY);
    };

    const box = (run, span, x, y, width, height, id) => {
        const place = { x, y, width: Math.max(width - 0.5, 0.5), height };
        const colour = span.request >= 0 ? `tb-r${tb.colour(span.request)}` : "tb-nobody";
        const parts = [svg("rect", { ...place, class: `${colour} tb-d${span.doing}` })];
        if (span.doing === PREFILL) parts.push(svg("rect", { ...place, fill: `url(#${id}-p)` }));
        if (span.doing === WASTED) parts.push(svg("rect", { ...place, fill: `url(#${id}-w)` }));
        const name = run.trace.names[span.request] ?? "";
        if (width > 9 * name.length + 4 && height > 14 && span.doing !== WASTED && span.doing !== HELD) {
            // At the beginning: in the middle it would tell how long the box becomes.
            const chip = svg("text", { x: x + 9, y: y + height / 2 + 4, class: `tb-on${tb.colour(span.request)}` }, name);
            // The texture of a prompt that is read would cross the letter.
            if (span.doing === PREFILL) parts.push(svg("rect", { x: x + 2, y: y + 3, width: 14, height: height - 6, rx: 3, class: colour }));
            parts.push(chip);
        }
        return parts;
    };

    const patterns = (id) => svg("defs", {},
        svg("pattern", { id: `${id}-p`, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
            svg("rect", { width: 3, height: 7, fill: "#fff", "fill-opacity": 0.62 })),
        svg("pattern", { id: `${id}-w`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
            svg("path", { d: "M0 0L6 6M6 0L0 6", class: "tb-cross" })));

    // Draws a run into `stage`, `width` pixels wide; `scale`: how many seconds the width is. Returns a function that
    // shows it up to a moment in seconds. What is to come is cut off: nobody is told before they have guessed.
    tb.draw = (stage, run, width, scale, slim = false) => {
        const id = `tb-${++drawn}`, row = slim ? 9 : 24, pitch = row + (slim ? 2 : 5);
        const left = slim ? 2 : LEFT, top = slim ? 2 : TOP;
        const height = top + run.slots * pitch + 2;
        const x = (moment) => left + moment / scale * (width - left - 8);
        const past = svg("g", { "clip-path": `url(#${id}-c)` });
        for (let slot = 0; slot < run.slots; slot++) {
            for (const span of spans(run, slot)) {
                past.append(...box(run, span, x(span.start), top + slot * pitch, x(span.end) - x(span.start), row, id));
            }
        }
        if (!slim) {
            for (const frame of run.frames) {
                past.append(svg("path", { d: `M${x(frame.start)} ${top - 3}V${height - 4}`, class: "tb-border" }));
                const arrivals = frame.happenings.filter((each) => each.what === tb.what.ARRIVES);
                arrivals.forEach((each, place) => past.append(svg("path", {
                    d: `M${x(frame.start) + 9 * place} 4h10l-5 9z`, class: `tb-r${tb.colour(each.request)} tb-mark`,
                })));
            }
        }
        const clip = svg("rect", { x: 0, y: 0, width: left, height });
        const cursor = svg("path", { class: "tb-cursor" });
        const picture = svg("svg", { width, height, "aria-hidden": "true", focusable: "false" },
            patterns(id), svg("clipPath", { id: `${id}-c` }, clip));
        for (let slot = 0; slot < run.slots; slot++) {
            const y = top + slot * pitch;
            picture.append(svg("rect", { x: left, y, width: x(scale) - left, height: row, class: "tb-track" }));
            if (!slim) picture.append(svg("text", { x: 0, y: y + row / 2 + 4, class: "tb-slot" }, `slot ${slot}`));
        }
        picture.append(past, cursor);
        stage.replaceChildren(picture);
        return (moment) => {
            const at = x(Math.min(moment, run.seconds));
            clip.setAttribute("width", at);
            cursor.setAttribute("d", `M${at} ${top - 6}V${height - 2}`);
        };
    };

    // A request as a small coloured piece of text.
    tb.chip = (run, request, text = run.trace.names[request]) =>
        tb.make("span", { class: `tb-chip tb-c${tb.colour(request)}` }, text);
})();
