// Step back, play or pause, step on, and a slider: all with names, all of them by the keyboard.
function render({ model, el }) {
  const what = model.get("what");
  const row = document.createElement("div");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", `walk along the ${what}s`);
  row.className = "kubesim-choices";
  let timer = null;

  const go = (step) => {
    model.set("value", Math.min(Math.max(step, 0), model.get("last")));
    model.save_changes();
  };
  const button = (name, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = name;
    made.addEventListener("click", action);
    row.append(made);
    return made;
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    show();
  };
  const back = button("◀ step back", () => { stop(); go(model.get("value") - 1); });
  const play = button("▶ play", () => {
    if (timer !== null) return stop();
    if (model.get("value") >= model.get("last")) go(0);
    timer = setInterval(() => {
      go(model.get("value") + 1);
      if (model.get("value") >= model.get("last")) stop();
    }, model.get("interval"));
    show();
  });
  const on = button("step on ▶", () => { stop(); go(model.get("value") + 1); });
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = 0;
  slider.max = model.get("last");
  slider.setAttribute("aria-label", what);
  slider.addEventListener("change", () => { stop(); go(Number(slider.value)); });
  slider.addEventListener("keydown", (event) => event.stopPropagation());
  const place = document.createElement("span");
  row.append(slider, place);

  function show() {
    const [step, last] = [model.get("value"), model.get("last")];
    slider.value = step;
    slider.setAttribute("aria-valuetext", `${what} ${step} of ${last}`);
    place.textContent = `${what} ${step} of ${last}`;
    play.textContent = timer === null ? "▶ play" : "❚❚ pause";
    play.setAttribute("aria-pressed", String(timer !== null));
    back.disabled = step <= 0;
    on.disabled = step >= last;
  }
  model.on("change:value", show);
  show();
  el.append(row);
  return () => { clearInterval(timer); model.off("change:value", show); };
}

export default { render };
