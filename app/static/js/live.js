// Looks again at what is under way, every two seconds, until the server takes the mark away. Without it one loads the page.
{
  const again = async () => {
    const old = document.querySelector("[data-live]");
    if (!old) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById(old.id);
        if (fresh) {
          const done = !fresh.hasAttribute("data-live");
          old.replaceWith(document.adoptNode(fresh));
          if (done) document.querySelector(".toasts")?.append(said("The file is there."));
        }
      } catch {
        // Away for a moment: the next look may find it.
      }
    }
    setTimeout(again, 2000);
  };
  const said = (words) => {
    const toast = document.createElement("div");
    toast.className = "toast toast-good";
    toast.append(Object.assign(document.createElement("p"), { textContent: words }));
    return toast;
  };
  setTimeout(again, 2000);
}
