/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
(function () {
	"use strict";
	const steps = Array.from(document.querySelectorAll(".step"));
	const get = (id) => document.getElementById(id);
	const all = get("all");
	let at = 0;

	function show(n) {
		at = Math.min(Math.max(n, 0), steps.length - 1);
		steps.forEach((step, i) => { step.hidden = !all.checked && i !== at; });
		document.body.className = all.checked ? "" : "one";
		get("where").textContent = "Step " + at + " of " + (steps.length - 1);
		get("first").disabled = get("back").disabled = at === 0;
		get("last").disabled = get("forth").disabled = at === steps.length - 1;
		if (all.checked)
			steps[at].scrollIntoView({ block: "nearest" });
		try {
			history.replaceState(null, "", "#step-" + at);
		} catch (e) {
			/* Where a page may not do that, a link to a step is all that is lost. */
		}
	}

	const moves = {
		first: () => 0, back: () => at - 1, forth: () => at + 1, last: () => steps.length - 1,
	};
	const keys = { Home: "first", ArrowLeft: "back", ArrowRight: "forth", End: "last" };

	Object.keys(moves).forEach((id) => {
		get(id).addEventListener("click", () => show(moves[id]()));
	});
	all.addEventListener("change", () => show(at));
	document.addEventListener("keydown", (event) => {
		if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey)
			return;
		event.preventDefault();
		show(moves[keys[event.key]]());
	});
	get("controls").hidden = false;
	show(parseInt(location.hash.replace("#step-", ""), 10) || 0);
})();
