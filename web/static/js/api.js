// @ts-check
// Calls of the public API with the cookie of the browser session.

/** What the server refused, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {string} detail @param {string} code @param {number} [seconds] after which it may be asked again */
  constructor(status, detail, code, seconds = 0) {
    super(detail);
    this.seconds = seconds;
    this.status = status;
    this.code = code;
  }
}

/** The token without which nothing may be changed. */
export function token() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta instanceof HTMLMetaElement ? meta.content : "";
}

/**
 * The answer, or Refused with the sentence that the server gave.
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, headers?: Record<string, string>, raw?: BodyInit, signal?: AbortSignal}} [options]
 */
export async function call(method, path, { body, headers = {}, raw, signal } = {}) {
  const sent = { ...headers, ...(method === "GET" || method === "HEAD" ? {} : { "X-CSRF-Token": token() }) };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers: sent,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    credentials: "same-origin",
    signal,
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, problem.detail ?? "The server cannot be reached now.", problem.code ?? "", Number(answer.headers.get("Retry-After") ?? 0));
}
