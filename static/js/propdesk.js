/* PropDesk in the browser: keyboard, countdowns, drafts, photos. Every page works without it. */
(() => {
  const text = document.getElementById("ui-text")?.dataset ?? {};
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  /* Times are those of the house: the clock of a desk or a telephone may be wrong. */
  const ahead = text.now ? new Date(text.now) - Date.now() : 0;
  const now = () => Date.now() + ahead;
  const clock = () => new Date(now()).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "ic");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${text.sprite}#i-${name}`);
    svg.append(use);
    return svg;
  };

  /* ── Menus and keyboard ── */
  const menus = () => all("details[data-menu]");
  const closeMenus = (except) => menus().forEach((menu) => { if (menu !== except) menu.open = false; });
  const typing = (element) => element?.closest("input, textarea, select, [contenteditable], dialog");
  const rows = () => all("[data-rows] > *").filter((row) => row.offsetParent && row.querySelector("a[href]"));

  const moveRow = (step) => {
    const list = rows();
    if (!list.length) return;
    const old = list.findIndex((row) => "current" in row.dataset);
    const next = list[Math.min(list.length - 1, Math.max(0, old + step))];
    if (old >= 0) delete list[old].dataset.current;
    next.dataset.current = "";
    next.querySelector("a[href]").focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const openNew = () => {
    const menu = menus().find((item) => item.dataset.menu === "new" && item.offsetParent !== null)
      ?? document.querySelector(".rail details[data-menu=new]");
    if (!menu) return;
    menu.open = true;
    menu.querySelector("a")?.focus();
  };

  const openHelp = () => document.getElementById("help")?.showModal();
  const KEYS = {
    n: openNew,
    "/": () => document.getElementById("q")?.focus(),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    ArrowDown: () => moveRow(1),
    ArrowUp: () => moveRow(-1),
    "?": openHelp,
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = menus().find((menu) => menu.open && menu.contains(document.activeElement));
      closeMenus();
      open?.querySelector("summary").focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
    if (event.target.closest("[data-open-help]")) openHelp();
    if (event.target.closest("[data-print]")) print();
  });

  /* ── Countdowns: the wording of clock_text.span() ── */
  const span = (milliseconds) => {
    const total = Math.floor(milliseconds / 60000);
    if (total < 1) return text.moment;
    const days = Math.floor(total / 1440), hours = Math.floor(total / 60) % 24, minutes = total % 60;
    const unit = (count, name) => (count ? `${count}${name}` : "");
    return days ? days + text.day + unit(hours, text.hour) : unit(hours, text.hour) + unit(minutes, text.minute);
  };

  const SOON = 2 * 3600 * 1000;
  const tick = () => all("time[data-due]").forEach((time) => {
    const rest = new Date(time.dataset.due) - now();
    if (Number.isNaN(rest)) return;
    const late = rest < 0;
    const tone = late ? "red" : rest <= SOON ? "orange" : time.dataset.base || "grey";
    const box = time.closest(".due") ?? time;
    box.classList.remove("c-red", "c-orange", "c-grey", "c-blue");
    box.classList.add(`c-${tone}`);
    const word = late ? text.overdue : text.left;
    const whole = time.querySelector("[data-due-text]");
    if (whole) whole.textContent = `${word} ${span(Math.abs(rest))}`;
    else if (!time.querySelector("[data-due-span]")) time.textContent = `${word} ${span(Math.abs(rest))}`;
    const wordPlace = time.querySelector("[data-due-word]"), spanPlace = time.querySelector("[data-due-span]");
    if (wordPlace) wordPlace.textContent = word;
    if (spanPlace) spanPlace.textContent = span(Math.abs(rest));
    box.querySelector("use")?.setAttribute("href", `${text.sprite}#i-${late ? "exclamation-circle-fill" : "hourglass-split"}`);
  });

  /* ── A whole telephone number: masked again the moment its time is over ── */
  const initUntil = (shown) => {
    const hide = () => {
      shown.nextElementSibling?.remove();
      shown.textContent = shown.dataset.mask;
    };
    setTimeout(hide, Math.max(0, new Date(shown.dataset.until) - now()));
  };

  /* ── Coaching: on a phone only what to say stays unfolded, so that the facts are near ── */
  if (matchMedia("(max-width: 991.98px)").matches) all(".coach details + details").forEach((fold) => { fold.open = false; });

  /* ── Drafts: kept on the server, never files, passwords or signatures ── */
  const draftData = (form) => {
    const data = new FormData(form);
    for (const field of form.elements) {
      if (field.name && (field.type === "file" || field.type === "password" || "noDraft" in field.dataset)) data.delete(field.name);
    }
    return data;
  };

  const initDraft = (form) => {
    const note = form.querySelector("[data-draft-state]");
    let dirty = false, sent = false, timer = 0, since = 0;
    const say = (message, name) => note?.replaceChildren(icon(name), ` ${message}`);
    const wait = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(save, milliseconds);
    };
    const save = async () => {
      clearTimeout(timer);
      timer = since = 0;
      dirty = false;
      try {
        const reply = await fetch(form.dataset.draft, { method: "POST", body: draftData(form), credentials: "same-origin", redirect: "error" });
        if (!reply.ok) throw new Error(String(reply.status));
        say(`${text.saved} ${clock()}`, "cloud-check");
      } catch (error) {
        dirty = true;
        if (error.message === "401") return askLogin();
        say(text.unsaved, "cloud-slash");
        if (!sent && form.isConnected) wait(15000);
      }
    };
    /* Three seconds after the last key, ten at the latest: whoever types on is kept, too. */
    form.addEventListener("input", () => {
      dirty = true;
      since ||= Date.now();
      wait(Math.max(0, Math.min(3000, since + 10000 - Date.now())));
    });
    addEventListener("online", () => { if (dirty && !sent && form.isConnected) save(); });
    form.addEventListener("submit", () => {
      sent = true;
      clearTimeout(timer);
      timer = since = 0;
    });
    /* On its way to another page the form is done with: what was typed is stored where it belongs. */
    form.addEventListener("htmx:afterRequest", (event) => { sent = Boolean(event.detail.xhr?.getResponseHeader("HX-Redirect")); });
    addEventListener("pagehide", () => {
      if (dirty && !sent && form.isConnected) navigator.sendBeacon(form.dataset.draft, draftData(form));
    });
  };

  /* ── Photos: shrunk here because the server pays up to 0.8 s for each ── */
  const LONGEST = 1600;
  const draw = (bitmap, longest) => {
    const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  };

  const shrink = async (file) => {
    if (!file.type.startsWith("image/")) return { file };
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
      const thumb = draw(bitmap, 320);
      const blob = await new Promise((done) => draw(bitmap, LONGEST).toBlob(done, "image/jpeg", 0.85));
      bitmap.close();
      if (!blob || (blob.size >= file.size && file.type === "image/jpeg")) return { file, thumb };
      return { file: new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }), thumb };
    } catch {
      return { file }; /* HEIC on most desks: the server converts it. */
    }
  };

  const initPhotos = (input) => {
    const box = document.createElement("ul"), state = document.createElement("div");
    box.className = "thumbs";
    state.className = "upload-state";
    state.setAttribute("role", "status");
    (input.closest(".snap") ?? input).after(box, state);
    let kept = [];
    const show = () => {
      const transfer = new DataTransfer();
      kept.forEach(({ file }) => transfer.items.add(file));
      input.files = transfer.files;
      box.replaceChildren(...kept.map((photo) => {
        const item = document.createElement("li"), name = document.createElement("span"), remove = document.createElement("button");
        name.className = "cap";
        name.textContent = `${photo.file.name} · ${Math.max(1, Math.round(photo.file.size / 1024))} KB`;
        remove.type = "button";
        remove.setAttribute("aria-label", `${text.remove} ${photo.file.name}`);
        remove.append(icon("x-lg"));
        remove.addEventListener("click", () => { kept = kept.filter((other) => other !== photo); show(); });
        if (photo.thumb) item.append(photo.thumb);
        item.append(name, remove);
        return item;
      }));
    };
    input.addEventListener("change", () => {
      const chosen = [...input.files];
      if (!chosen.length) return show();
      state.textContent = text.shrinking;
      const work = Promise.all(chosen.map(shrink)).then((photos) => {
        kept = input.multiple ? [...kept, ...photos] : photos;
        show();
        state.textContent = "";
        pending.delete(work);
      });
      pending.add(work);
    });
  };

  /* ── Submitting: wait for photos, then never twice ── */
  const pending = new Set();
  const buttons = (form) => [...form.elements].filter((element) => element.type === "submit");
  const release = (form) => buttons(form).forEach((button) => { if ("busy" in button.dataset) { button.disabled = false; delete button.dataset.busy; } });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (pending.size && form.querySelector("[data-shrink]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      Promise.all(pending).then(() => form.requestSubmit(submitter));
      return;
    }
    if (form.method !== "post" && !form.hasAttribute("hx-post")) return;
    setTimeout(() => {
      buttons(form).filter((button) => !button.disabled).forEach((button) => { button.disabled = true; button.dataset.busy = ""; });
    });
    setTimeout(() => release(form), 8000); /* A download leaves the page where it is. */
  }, true);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (!form) return;
    release(form);
    all(".upload-state", form).forEach((state) => state.replaceChildren());
  });
  addEventListener("pageshow", (event) => { if (event.persisted) all("form").forEach(release); });

  document.addEventListener("htmx:xhr:progress", (event) => {
    const { loaded, total } = event.detail;
    const state = event.target.querySelector?.(".upload-state");
    if (!state || !total) return;
    const bar = document.createElement("progress");
    bar.max = total;
    bar.value = loaded;
    state.replaceChildren(text.uploading, bar);
  });

  const complain = (...words) => {
    const flash = document.getElementById("flash");
    if (!flash) return;
    const note = document.createElement("div");
    note.className = "flash c-red";
    note.setAttribute("role", "alert");
    note.append(icon("exclamation-triangle-fill"), ...(words.length ? words : [text.failed]));
    flash.replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
  };

  /* ── Logged out while a form was open: text and photos stay here, the log-in opens beside ── */
  let loggedOut = false;
  const askLogin = () => {
    const link = document.createElement("a");
    link.href = text.login;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = text.relogin;
    loggedOut = true;
    complain(text.expired, " ", link);
  };
  /* Back from the log-in: the forms of this page go on, if it is the same person. */
  const comeBack = async () => {
    if (!loggedOut || document.hidden) return;
    const reply = await fetch(location.href, { credentials: "same-origin", redirect: "error" }).catch(() => null);
    if (!reply?.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    const token = fresh.querySelector("input[name=csrfmiddlewaretoken]")?.value;
    if (!token || fresh.getElementById("ui-text")?.dataset.user !== text.user) return;
    all("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
    loggedOut = false;
    complain(text.back);
  };
  document.addEventListener("visibilitychange", comeBack);
  addEventListener("focus", comeBack);
  /* A live page that hears nothing says so once, and takes it back when it hears again. */
  const isLive = (event) => ["board-live", "event-live"].includes(event.target.id);
  let deaf = false;
  const goDeaf = () => {
    if (!deaf) complain(text.deaf);
    deaf = true;
  };
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!deaf || !event.detail.successful || !isLive(event)) return;
    deaf = false;
    document.getElementById("flash")?.replaceChildren();
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (isLive(event)) goDeaf();
    else if (event.target.id !== "shell-poll") complain();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr?.status;
    if (event.target.id === "shell-poll" || (status === 404 && isLive(event))) return;
    if (status === 401) askLogin();
    else if (status >= 500 && isLive(event)) goDeaf();
    else complain();
  });

  /* ── Small helpers of forms ── */
  const initAddRow = (button) => {
    const group = document.getElementById(button.dataset.addRow);
    if (!group) return;
    const filled = (row) => all("input:not([type=hidden]), textarea, select", row).some((field) => field.value && !["checkbox", "radio"].includes(field.type));
    const items = [...group.children];
    const shown = Number(button.dataset.show || 1);
    items.forEach((row, index) => { row.hidden = index >= shown && !filled(row); });
    const update = () => { button.hidden = items.every((row) => !row.hidden); };
    button.addEventListener("click", () => {
      const next = items.find((row) => row.hidden);
      if (next) {
        next.hidden = false;
        next.querySelector("input, textarea, select")?.focus();
      }
      update();
    });
    update();
  };

  const quickTime = (chip) => {
    const target = document.getElementById(chip.dataset.target);
    if (!target) return;
    target.value = chip.dataset.quickTime;
    target.dispatchEvent(new Event("input", { bubbles: true }));
    all("[data-quick-time]", chip.parentElement).forEach((other) => other.setAttribute("aria-pressed", String(other === chip)));
  };

  /* ── A number with − and +, so that a thumb can set it ── */
  const initStepper = (input) => {
    const box = document.createElement("div");
    box.className = "stepper-in";
    input.replaceWith(box);
    const button = (name, step) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "btn btn-quiet";
      made.setAttribute("aria-label", step < 0 ? text.less : text.more);
      made.append(icon(name));
      made.addEventListener("click", () => {
        input.value = Math.max(Number(input.min) || 0, (Number(input.value) || 0) + step);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return made;
    };
    box.append(button("dash-lg", -1), input, button("plus-lg", 1));
  };

  /* ── Places: what is chosen deep in the list shows on its fold, which then closes ── */
  const initPlaces = (box) => {
    const shown = box.querySelector("[data-picked]");
    box.addEventListener("change", (event) => {
      const fold = event.target.closest(".places");
      if (event.target.name !== "place" || !shown) return;
      const branches = [];
      for (let at = event.target.closest(".branch"); at; at = at.parentElement.closest(".branch")) branches.unshift(at.querySelector("summary").textContent.trim());
      shown.textContent = fold ? [...branches, box.querySelector(`label[for="${event.target.id}"]`).textContent.trim()].join(" ") : "";
      if (fold) fold.open = false;
    });
  };

  const initCount = (field) => {
    const place = document.getElementById(`${field.id}_chars`);
    if (!place) return;
    const update = () => { place.textContent = `${[...field.value].length} / ${field.maxLength}`; };
    field.addEventListener("input", update);
    update();
  };

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-quick-time]");
    if (chip) quickTime(chip);
  });

  const start = (root) => {
    const each = (selector, init) => {
      const found = all(selector, root);
      if (root.matches?.(selector)) found.unshift(root);
      found.forEach((element) => {
        if (element.dataset.ready) return;
        element.dataset.ready = "1";
        init(element);
      });
    };
    each("form[data-draft]", initDraft);
    each("input[type=file][data-shrink]", initPhotos);
    each("[data-until]", initUntil);
    each("[data-add-row]", initAddRow);
    each("input[data-stepper]", initStepper);
    each("[data-place-picker]", initPlaces);
    each("textarea[maxlength]", initCount);
    root.querySelector?.(".errors[tabindex]")?.focus();
    tick();
  };
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt));
  setInterval(tick, 30000);
})();
