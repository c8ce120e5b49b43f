// @ts-check
// Texts of the scripts in the page's language. English is the key; the page brings the translations.

const meta = document.querySelector('meta[name="texts"]');
/** @type {Record<string, string>} */
const texts = meta instanceof HTMLMetaElement ? JSON.parse(meta.content) : {};

/**
 * A text with its values: `text("Only {name}", { name })`.
 * @param {string} english
 * @param {Record<string, string | number>} [values]
 */
export function text(english, values = {}) {
  return (texts[english] ?? english).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
