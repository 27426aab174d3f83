// A row of buttons of which one is pressed: names, a pressed state and the arrow keys, which ipywidgets' own lack.
function render({ model, el }) {
  const row = document.createElement("div");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", model.get("description"));
  row.className = "kubesim-choices";
  const title = document.createElement("span");
  title.textContent = model.get("description");
  title.setAttribute("aria-hidden", "true");
  row.append(title);

  const choose = (value) => {
    model.set("value", value);
    model.save_changes();
  };
  const buttons = model.get("options").map((option, index, options) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = option;
    button.addEventListener("click", () => choose(option));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const next = (index + by + options.length) % options.length;
      buttons[next].focus();
      choose(options[next]);
    });
    row.append(button);
    return button;
  });
  const show = () => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.textContent === model.get("value")));
    }
  };
  model.on("change:value", show);
  show();
  el.append(row);
  return () => model.off("change:value", show);
}

export default { render };
