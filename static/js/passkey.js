/* A passkey is asked of the device and goes into a hidden field; the server says what to ask for. */
(() => {
  const bytes = (text) => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0),
  );
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const decoded = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

  const create = async (options) => {
    const key = await navigator.credentials.create({ publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: decoded(options.excludeCredentials),
      authenticatorSelection: {
        ...options.authenticatorSelection,
        residentKey: "required", requireResidentKey: true, userVerification: "required",
      },
    } });
    return [key, {
      attestationObject: text(key.response.attestationObject),
      transports: key.response.getTransports?.() ?? [],
    }];
  };
  const get = async (options) => {
    const key = await navigator.credentials.get({ publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: decoded(options.allowCredentials),
    } });
    const { authenticatorData, signature, userHandle } = key.response;
    return [key, {
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    }];
  };
  const asked = async (form) => {
    const here = document.getElementById(form.dataset.passkeyOptions ?? "");
    if (here) return JSON.parse(here.textContent).publicKey;
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).request_options.publicKey;
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const button = form.querySelector("[data-passkey-start]");
    const error = form.querySelector("[data-passkey-error]");
    if (!window.PublicKeyCredential) {
      /* Beside a password nobody misses it; on a page of its own somebody waits for it. */
      error.hidden = form.dataset.passkeyOptions === undefined;
      return;
    }
    button.hidden = false;
    button.addEventListener("click", async () => {
      error.hidden = button.disabled = true;
      try {
        const options = await asked(form);
        const [key, response] = await (form.dataset.passkey === "create" ? create : get)(options);
        form.elements.credential.value = JSON.stringify({
          id: key.id,
          rawId: text(key.rawId),
          type: key.type,
          authenticatorAttachment: key.authenticatorAttachment ?? null,
          clientExtensionResults: key.getClientExtensionResults(),
          response: { clientDataJSON: text(key.response.clientDataJSON), ...response },
        });
        form.submit();
      } catch {
        error.hidden = false;
        button.disabled = false;
      }
    });
  });
})();
