// A live region: it stays in the page, so a screen reader reads what its text becomes.
function render({ model, el }) {
  const region = document.createElement("p");
  region.setAttribute("role", "status");
  region.setAttribute("aria-live", "polite");
  region.className = model.get("unseen") ? "kubesim-unseen" : "kubesim-outcome";
  const show = () => {
    region.textContent = model.get("text");
  };
  model.on("change:text", show);
  show();
  el.append(region);
  return () => model.off("change:text", show);
}

export default { render };
