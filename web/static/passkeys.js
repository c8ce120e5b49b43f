// Passkeys: shown at sign-in and to confirm, added at the account page. Without them the forms still work.

const token = document.querySelector('meta[name="csrf-token"]');

async function send(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers["X-CSRF-Token"] = token.content;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

let offer = null; // what the browser offers among the names that it fills in: one question at a time

async function show(button, mediation = "optional") {
  offer?.abort();
  offer = new AbortController();
  const { signal } = offer;
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(await send("/passkeys/challenge", {}));
  const credential = await navigator.credentials.get({ publicKey: options, mediation, signal });
  const next = button.form?.elements.next?.value ?? button.dataset.next;
  return send(button.dataset.passkey, { credential: credential.toJSON(), next });
}

async function add(button) {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await send("/account/passkeys/challenge", {}));
  const credential = await navigator.credentials.create({ publicKey: options });
  const name = document.querySelector("#passkey-name")?.value ?? "";
  return send(button.dataset.passkey, { credential: credential.toJSON(), name });
}

// With the first factor come recovery codes; the session has another token now.
function makeCodes(newToken) {
  const form = document.querySelector("#make-codes");
  form.elements.csrf_token.value = newToken;
  form.submit();
}

async function proceed(act, report) {
  report.textContent = "";
  try {
    const said = await act();
    if (said.csrf_token) makeCodes(said.csrf_token);
    else location.assign(said.next);
  } catch (error) {
    // The person closed the browser's dialogue, or pressed the button: nothing to tell.
    if (error.name !== "NotAllowedError" && error.name !== "AbortError") report.textContent = error.message;
  }
}

for (const button of document.querySelectorAll("button[data-passkey]")) {
  if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  const report = document.querySelector("#passkey-problem");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    await proceed(() => (button.dataset.adds === "" ? add(button) : show(button)), report);
    button.disabled = false;
  });
  if (button.dataset.offered === "" && (await PublicKeyCredential.isConditionalMediationAvailable?.()))
    proceed(() => show(button, "conditional"), report);
}
