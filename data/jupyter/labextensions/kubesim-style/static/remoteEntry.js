// What JupyterLab loads as a federated extension: one style sheet, no program.
(window._JUPYTERLAB = window._JUPYTERLAB || {})["kubesim-style"] = {
  init() {},
  get() {
    return Promise.resolve(() => {
      const sheet = document.createElement("style");
      const text = '.jp-RenderedText:not([data-mime-type="application/vnd.jupyter.stderr"])';
      sheet.textContent = `
        ${text} { overflow-x: auto; }
        ${text} pre { white-space: pre; word-break: normal; overflow-wrap: normal; }
      `;
      document.head.appendChild(sheet);
      return {};
    });
  },
};
