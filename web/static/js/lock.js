// @ts-check
// Work that must outlive the automatic sign-out: then the screen is covered, and nothing is lost.

/** @param {() => boolean} goesOn whether something runs, or is typed and not saved */
export function keepBehindLock(goesOn) {
  document.addEventListener("sessionscribe:lock", (event) => {
    if (goesOn()) event.preventDefault();
  });
}

/** As above for a form, which also asks before the page is left. @param {HTMLFormElement} form */
export function keepForm(form) {
  let isChanged = false;
  form.addEventListener("input", () => (isChanged = true));
  form.addEventListener("submit", () => (isChanged = false));
  keepBehindLock(() => isChanged);
  addEventListener("beforeunload", (event) => isChanged && event.preventDefault());
}
