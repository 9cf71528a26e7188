// Enhances only: everything in the book works without it.
(() => {
    "use strict";

    // mdBook turns pages with the arrow keys. In what scrolls sideways they scroll.
    const own = ".formula, .picture-frame, .table-wrapper, pre";
    document.addEventListener("keydown", (event) => {
        const arrow = event.key === "ArrowLeft" || event.key === "ArrowRight";
        if (arrow && event.target instanceof Element && event.target.closest(own)) event.stopPropagation();
    }, true);

    // What scrolls sideways must be reachable with the keyboard, and needs no stop where it does not scroll.
    const reachable = () => {
        for (const box of document.querySelectorAll(".formula, .picture-frame, .table-wrapper, main pre > code")) {
            if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
            else box.removeAttribute("tabindex");
        }
    };
    addEventListener("load", reachable);
    addEventListener("resize", reachable);

    // mdBook opens the list of chapters with a label, which only a mouse can press. A button in its place presses it.
    const label = document.getElementById("mdbook-sidebar-toggle");
    const checkbox = document.getElementById("mdbook-sidebar-toggle-anchor");
    if (label && checkbox) {
        const button = document.createElement("button");
        button.type = "button";
        button.id = "chapters-toggle";
        button.className = label.className;
        button.title = label.title;
        button.setAttribute("aria-label", label.title);
        button.setAttribute("aria-controls", "mdbook-sidebar");
        button.append(...label.cloneNode(true).childNodes);
        const tell = () => button.setAttribute("aria-expanded", checkbox.checked);
        button.addEventListener("click", () => label.click());
        checkbox.addEventListener("change", tell);
        tell();
        label.hidden = true;
        label.style.display = "none";
        label.before(button);
    }

    for (const quiz of document.querySelectorAll(".quiz")) {
        const questions = [...quiz.querySelectorAll(".quiz-question")];
        const solved = (question) => {
            const chosen = [...question.querySelectorAll("input:checked")].map((input) => input.value);
            return chosen.length === Number(question.dataset.right) && chosen.every((value) => value === "right");
        };
        quiz.addEventListener("change", (event) => {
            const verdict = event.target.checked ? (event.target.value === "right" ? "Right. " : "Not this one. ") : "";
            quiz.querySelector(".quiz-score").textContent =
                `${verdict}${questions.filter(solved).length} of ${questions.length} questions solved.`;
        });
    }
})();
