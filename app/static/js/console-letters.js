// Letters as they look. Their styles stand at their elements, which the content security policy leaves alone; they are
// set here one by one, in a tree of their own.
for (const source of document.querySelectorAll("pre[data-letter]")) {
  const place = document.getElementById(source.dataset.letter);
  const sheet = new CSSStyleSheet();
  let rules = "";
  // Under another name: the parser, too, asks the policy.
  const plain = source.textContent
    .replace(/<style>([^<]*)<\/style>/g, (_, text) => ((rules += text), ""))
    .replaceAll(' style="', ' data-style="');
  sheet.replaceSync(rules);
  const letter = new DOMParser().parseFromString(plain, "text/html");
  const body = document.createElement("div");
  body.className = letter.body.className;
  body.style.cssText = letter.body.dataset.style || "";
  body.lang = source.lang;
  const copy = (from, to) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      const made = document.createElement(node.localName);
      for (const { name, value } of node.attributes) {
        if (name === "data-style") made.style.cssText = value;
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
