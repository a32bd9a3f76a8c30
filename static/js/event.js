/* One event on the screens of several people: what others did comes in, what is being typed here stays. */
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const FIELDS = "input:not([type=hidden]), textarea, select";
  const text = document.getElementById("ui-text")?.dataset ?? {};
  const offset = text.now ? new Date(text.now) - Date.now() : 0;
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(text.now ?? "") ?? [];
  const zone = sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0; /* of the house, in minutes */

  /* ── A part is held while a form in it is being filled in ── */
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form");
    if (form) form.dataset.typed = "";
  });
  const isHeld = (part) => Boolean(part.querySelector("form[data-typed]")) || Boolean(document.activeElement?.matches(FIELDS) && part.contains(document.activeElement));

  const fetched = new Set(); /* folds to open anew once their part is in place */
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (!target.matches?.("[data-part]")) return;
    const fresh = fragment.querySelector("[data-part]");
    if (!fresh || fresh.dataset.part === target.dataset.part) {
      event.detail.shouldSwap = false;
      return;
    }
    if (isHeld(target)) {
      event.detail.shouldSwap = false;
      target.dataset.stale = "";
      return;
    }
    /* What was unfolded stays unfolded; a form that was fetched into it, and not sent, is fetched again. */
    all("details[id][open]", target).forEach((fold) => {
      const twin = fresh.querySelector(`#${CSS.escape(fold.id)}`);
      if (!twin) return;
      if (!fold.classList.contains("form-at")) twin.open = true;
      else if (!fold.querySelector("form[data-sent]")) fetched.add(fold.id);
    });
  });

  /* ── A form on its way no longer holds its part; a refused one does again ── */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form && "typed" in form.dataset) {
      form.dataset.sent = "";
      delete form.dataset.typed;
    }
    if (form) document.activeElement?.blur?.();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (!form || !("sent" in form.dataset)) return;
    delete form.dataset.sent;
    if (!event.detail.successful) form.dataset.typed = "";
  });

  /* ── What was held back comes in as soon as nobody types there any more ── */
  const wake = () => {
    const stale = all("[data-part][data-stale]").filter((part) => !isHeld(part));
    const live = document.getElementById("event-live");
    if (!stale.length || !live?.getAttribute("hx-get")) return;
    stale.forEach((part) => delete part.dataset.stale);
    window.htmx?.ajax("GET", live.getAttribute("hx-get").replace(/v=\d+/, "v=0"), { source: live, swap: "none" });
  };
  document.addEventListener("focusout", () => setTimeout(wake, 200));
  setInterval(wake, 5000);

  /* ── Who may no longer see it does not go on looking at it ── */
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target.id === "event-live" && event.detail.xhr.status === 404) location.reload();
  });

  /* ── Fields that are asked for only after a certain answer ── */
  const follow = (form) => {
    all("[data-when]", form).forEach((input) => {
      const box = input.closest(".field");
      const set = all(`[name="${CSS.escape(input.dataset.when)}"]`, form);
      const said = set.find((one) => one.type !== "radio" || one.checked)?.value ?? "";
      if (box) box.hidden = set.length > 0 && !input.dataset.whenIs.split(" ").includes(said);
    });
  };
  document.addEventListener("change", (event) => { if (event.target.form) follow(event.target.form); });

  /* ── A time is mostly now ── */
  const initNow = (input) => {
    if (input.dataset.ready) return;
    input.dataset.ready = "1";
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip now-chip";
    chip.textContent = input.dataset.now;
    chip.addEventListener("click", () => {
      const at = new Date(Date.now() + offset);
      input.value = new Date(at.getTime() + zone * 60000).toISOString().slice(0, 16);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    input.after(chip);
  };

  /* ── How long it has been going on ── */
  const unit = (count, name) => (count ? `${count}${name}` : "");
  const tick = () => all("time[data-since]").forEach((time) => {
    const total = Math.floor((Date.now() + offset - new Date(time.dataset.since)) / 60000);
    if (Number.isNaN(total)) return;
    const days = Math.floor(total / 1440), hours = Math.floor(total / 60) % 24, minutes = total % 60;
    time.textContent = total < 1 ? text.moment : days ? days + text.day + unit(hours, text.hour) : unit(hours, text.hour) + unit(minutes, text.minute);
  });
  const start = (root) => {
    all("form", root).filter((form) => form.querySelector("[data-when]")).forEach(follow);
    all("[data-now]", root).filter((input) => input.matches("input")).forEach(initNow);
    tick();
  };
  start(document);
  document.addEventListener("htmx:load", (event) => {
    start(event.detail.elt);
    all("details.form-at", event.detail.elt).filter((fold) => fetched.delete(fold.id)).forEach((fold) => { fold.open = true; });
  });
  setInterval(tick, 15000);
})();
