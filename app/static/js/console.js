// The console by keyboard; every page works without it.
{
  const root = document.documentElement;
  const rail = document.querySelector(".ops-menu-wide");
  const keys = document.getElementById("keys");
  const wanted = document.getElementById("keys-on");
  const SWITCH = "console-keys";
  const WAIT = 1500; // milliseconds between g and the letter of a page

  // Whoever speaks to the computer, or hits keys by accident, turns them off; this browser remembers it.
  const turn = (on) => {
    root.dataset.keys = on ? "on" : "off";
    wanted.checked = on;
  };
  const kept = () => {
    try {
      return localStorage.getItem(SWITCH);
    } catch {
      return null;
    }
  };
  if (keys && wanted) {
    document.querySelector("[data-keys-open]").hidden = false;
    turn(kept() !== "off");
    wanted.addEventListener("change", () => {
      turn(wanted.checked);
      try {
        localStorage.setItem(SWITCH, wanted.checked ? "on" : "off");
      } catch {
        // It counts for this page.
      }
    });
  }

  // Where one is stands in sight, also far down the navigation.
  const here = rail?.querySelector("[aria-current]");
  if (here && here.offsetTop + here.offsetHeight > rail.clientHeight) rail.scrollTop = here.offsetTop - rail.clientHeight / 2;

  const typing = (one) => one.closest('input:not([type="checkbox"], [type="radio"]), select, textarea, [contenteditable]');
  const link = (row) => row.querySelector("a[href]") ?? row.querySelector('input[type="checkbox"]');
  const links = () => [
    ...[...document.querySelectorAll("[data-rows] tbody tr")].map(link).filter(Boolean),
    ...document.querySelectorAll('.ops-pager [rel="next"]'),
  ];

  const step = (by) => {
    const rows = links();
    if (!rows.length) return false;
    const row = document.activeElement.closest("tr");
    const at = rows.findIndex((one) => one === document.activeElement || row?.contains(one));
    rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
    return true;
  };

  const into = (field) => {
    if (!field) return false;
    field.focus();
    field.select?.();
    return true;
  };

  const follow = (way) => {
    if (!way) return false;
    location.assign(way.href);
    return true;
  };

  const choose = (row) => {
    const box = row?.querySelector('input[type="checkbox"]');
    if (!box) return false;
    box.checked = !box.checked;
    return true;
  };

  let gone = -WAIT;

  const act = ({ key, target, timeStamp }) => {
    const went = timeStamp - gone < WAIT;
    gone = -WAIT;
    if (went) return follow([...rail.querySelectorAll("[data-go]")].find((way) => way.dataset.go === key));
    const inRows = target.closest("[data-rows]");
    switch (key) {
      case "g":
        gone = timeStamp;
        return true;
      case "/":
        return into(document.getElementById("jump"));
      case "f":
        return into(document.querySelector(".ops-filters :is(input, select)"));
      case "u":
        return follow([...document.querySelectorAll(".ops-trail a")].at(-1));
      case "?":
        keys.showModal();
        return true;
      case "j":
        return step(1);
      case "k":
        return step(-1);
      case "ArrowDown":
        return inRows && step(1);
      case "ArrowUp":
        return inRows && step(-1);
      case "x":
        return inRows && choose(target.closest("tr"));
      default:
        return false;
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || (root.dataset.keys === "off" && event.key.length === 1)) return;
    if (act(event)) event.preventDefault();
  });
}
