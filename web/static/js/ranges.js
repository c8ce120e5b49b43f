// @ts-check
// Stretches of a recording: which are to be heard, and where to go on from a moment.

/** @typedef {[number, number]} Range start and end in seconds */

/** `"12.5-15 40-"` as ranges; an open end is the end of the recording. @param {string} text @returns {Range[]} */
export function parsed(text) {
  return text
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((part) => {
      const [start, end] = part.split("-");
      return /** @type {Range} */ ([Number(start), end ? Number(end) : Infinity]);
    });
}

/** In order, joined where they touch or nearly do. @param {Range[]} ranges @param {number} [gap] @returns {Range[]} */
export function merged(ranges, gap = 0) {
  /** @type {Range[]} */
  const found = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = found[found.length - 1];
    if (last && start <= last[1] + gap) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

/**
 * Where to be at a moment if only `ranges` (in order) are to be heard: the moment itself, the start of the next
 * range, or null after the last.
 * @param {Range[]} ranges
 * @param {number} at
 */
export function moveTo(ranges, at) {
  for (const [start, end] of ranges) {
    if (at < start) return start;
    if (at < end) return at;
  }
  return null;
}
