// What scripts add to choosing a loan and paying it back. Every figure comes from the server.

// A slider beside the amount, and its figures as it moves.
for (const form of document.querySelectorAll("[data-figures]")) {
  const amount = form.elements.amount, slider = form.querySelector("[data-slider]"), figures = document.getElementById("figures");
  const choices = [...form.querySelectorAll("[data-most]")];
  const chosen = () => choices.find((one) => one.checked);
  let waiting, asked;
  const work = async () => {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ amount: amount.value, months: chosen()?.value ?? "" });
    try {
      const answer = await fetch(`${form.dataset.figures}?${query}`, { signal: asked.signal, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      figures.innerHTML = await answer.text();
      figures.removeAttribute("aria-busy");
    } catch (error) {
      // Without an answer the button says it, by a page.
      if (error.name !== "AbortError") form.querySelector("[data-without-script]").hidden = false;
    }
  };
  const soon = () => {
    figures.setAttribute("aria-busy", "true");
    clearTimeout(waiting);
    waiting = setTimeout(work, 180);
  };
  const draw = () => {
    slider.style.setProperty("--share", `${100 * (slider.value - slider.min) / (slider.max - slider.min)}%`);
    slider.setAttribute("aria-valuetext", slider.value);
  };
  const follow = () => {
    const typed = Number(amount.value.replace(/[^\d.]/g, ""));
    if (typed) slider.value = typed;
    draw();
  };
  const bound = () => { slider.max = chosen()?.dataset.most ?? slider.max; };
  form.querySelector("[data-without-script]").hidden = true;
  slider.hidden = false;
  bound();
  follow();
  slider.addEventListener("input", () => { amount.value = slider.value; draw(); soon(); });
  amount.addEventListener("input", () => { follow(); soon(); });
  for (const one of choices) one.addEventListener("change", () => { bound(); follow(); soon(); });
}

// Typing another amount chooses it; choosing one that is proposed empties it.
for (const form of document.querySelectorAll("[data-repay]")) {
  const amount = form.elements.amount, what = [...form.querySelectorAll("[name=what]")];
  const other = what.find((one) => one.value === form.dataset.repay);
  amount.addEventListener("input", () => { if (amount.value) other.checked = true; });
  for (const one of what) one.addEventListener("change", () => {
    if (one === other) amount.focus();
    else amount.value = "";
  });
}
