// Letters as they look. Their styles stand at their elements, which the content security policy leaves alone; they are
// set here one by one, in a tree of their own.
for (const source of document.querySelectorAll("pre[data-letter]")) {
  const place = document.getElementById(source.dataset.letter);
  const letter = new DOMParser().parseFromString(source.textContent, "text/html");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync([...letter.querySelectorAll("style")].map((one) => one.textContent).join("\n"));
  const body = document.createElement("div");
  body.className = letter.body.className;
  body.style.cssText = letter.body.getAttribute("style") || "";
  body.lang = source.lang;
  const copy = (from, to) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      const made = document.createElement(node.localName);
      for (const { name, value } of node.attributes) {
        if (name === "style") made.style.cssText = value;
        else if (!name.startsWith("on")) made.setAttribute(name, value);
      }
      copy(node, made);
      to.append(made);
    }
  };
  copy(letter.body, body);
  const root = place.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.append(body);
  place.hidden = false;
}
