// The console by keyboard; every page works without it.
{
  const typing = (one) => one.closest('input:not([type="checkbox"]), select, textarea, [contenteditable]');
  const links = () => [...document.querySelectorAll("[data-rows] tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);

  const step = (by) => {
    const rows = links();
    if (!rows.length) return false;
    const row = document.activeElement.closest("tr");
    const at = row ? rows.findIndex((link) => row.contains(link)) : -1;
    rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target)) return;
    const jump = document.getElementById("jump");
    const inRows = event.target.closest("[data-rows]");
    if (event.key === "/" && jump) {
      jump.focus();
      jump.select();
    } else if (event.key === "j" || (event.key === "ArrowDown" && inRows)) {
      if (!step(1)) return;
    } else if (event.key === "k" || (event.key === "ArrowUp" && inRows)) {
      if (!step(-1)) return;
    } else if (event.key === "x" && inRows) {
      const box = event.target.closest("tr")?.querySelector('input[type="checkbox"]');
      if (!box) return;
      box.checked = !box.checked;
    } else return;
    event.preventDefault();
  });
}
