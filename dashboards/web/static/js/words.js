// The few texts that scripts show, in the page's language; the server puts them into the page.
const element = document.getElementById("client-words");
export const words = element ? JSON.parse(element.textContent) : {};

const fill = (text, name, value) => text.replace(`%(${name})s`, value);

/** Write a duration of so many milliseconds by its two largest units, as figures.py does. */
export function span(ms) {
  let rest = Math.max(0, Math.floor(ms / 1000)) * 1000;
  const parts = [];
  for (const [size, text] of words.spans) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count || (size === 1000 && !parts.length)) parts.push(fill(text, "n", count));
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

export const lost = (ms) => fill(words.lost, "age", span(ms));
