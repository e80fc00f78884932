// A paper larger, smaller, turned, by buttons and by keys; a digit chooses what is decided. Without it each picture opens
// in a tab of its own.
{
  const view = document.querySelector("[data-viewer]");
  const tools = document.querySelector("[data-viewer-tools]");
  if (view && tools) {
    const sizes = [100, 150, 200, 300, 400];
    let size = 0;
    let turns = 0;
    const draw = () => {
      view.dataset.size = sizes[size];
      view.dataset.turns = turns;
    };
    const acts = {
      in: () => { size = Math.min(size + 1, sizes.length - 1); },
      out: () => { size = Math.max(size - 1, 0); },
      turn: () => { turns = (turns + 1) % 4; },
      fit: () => { size = turns = 0; },
    };
    const act = (name) => {
      acts[name]();
      draw();
    };
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const button = event.target.closest("[data-view]");
      if (button) act(button.dataset.view);
    });
    document.addEventListener("keydown", (event) => {
      if (document.documentElement.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
      if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input:not([type=radio]), select, textarea")) return;
      const choice = document.querySelector(`.ops-verdict input[aria-keyshortcuts="${CSS.escape(event.key)}"]`);
      if (choice) {
        event.preventDefault();
        choice.checked = true;
        choice.focus();
        return;
      }
      const name = { "+": "in", "=": "in", "-": "out", r: "turn", 0: "fit" }[event.key];
      if (!name) return;
      event.preventDefault();
      act(name);
    });
    draw();
  }
}
