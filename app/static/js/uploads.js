// Photos of several megabytes are made smaller before they are sent, and those of a kind that is not taken (a phone's
// HEIC, which its own browser can read) become JPEGs. What cannot be read here is sent as it is.
"use strict";

const MOST_BYTES = 1500000, LONGEST_EDGE = 2400;

const TAKEN = ["image/jpeg", "image/png"];

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_EDGE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
  return made && (!TAKEN.includes(file.type) || made.size < file.size) ? new File([made], "photo.jpg", { type: "image/jpeg" }) : file;
}

for (const input of document.querySelectorAll("input[type=file][data-shrink]")) {
  input.addEventListener("change", async () => {
    const others = input.form.querySelectorAll(`input[type=file][name="${input.name}"]`);
    // Of the two ways the last one counts.
    others.forEach((other) => { if (other !== input) other.value = ""; });
    const file = input.files[0];
    if (!file?.type.startsWith("image/") || (TAKEN.includes(file.type) && file.size <= MOST_BYTES)) return;
    const buttons = input.form.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const list = new DataTransfer();
      list.items.add(await smaller(file));
      input.files = list.files;
    } catch { /* The server says what it cannot read. */ }
    buttons.forEach((button) => { button.disabled = false; });
  });
}
