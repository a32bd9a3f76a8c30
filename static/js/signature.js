/* A signature drawn on the screen goes into a hidden field; the file input stays for a scan. */
(() => {
  const initSignature = (box) => {
    const canvas = box.querySelector("canvas"), field = box.querySelector("input[type=hidden]");
    if (!canvas || !field || !window.SignaturePad) return;
    const pad = new window.SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.6, penColor: "#10272e" });
    const store = () => { field.value = pad.isEmpty() ? "" : pad.toDataURL("image/png"); };
    /* A signature that came back with an error of another field: nobody signs twice. */
    let kept = "";
    if (field.value) {
      const bytes = Uint8Array.from(atob(field.value.split(",")[1] ?? ""), (letter) => letter.charCodeAt(0));
      kept = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    }
    const redraw = async (strokes) => {
      pad.fromData(strokes);
      if (kept) await pad.fromDataURL(kept, { width: canvas.offsetWidth, height: canvas.offsetHeight });
    };
    const fit = () => {
      const strokes = pad.toData(), ratio = Math.max(devicePixelRatio || 1, 1);
      canvas.width = canvas.offsetWidth * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      redraw(strokes);
    };
    pad.addEventListener("endStroke", store);
    box.querySelector("[data-signature-clear]")?.addEventListener("click", () => { kept = ""; pad.clear(); store(); });
    box.querySelector("[data-signature-undo]")?.addEventListener("click", () => { redraw(pad.toData().slice(0, -1)).then(store); });
    new ResizeObserver(() => { if (canvas.offsetWidth) fit(); }).observe(canvas);
  };

  const start = (root) => {
    const boxes = [...root.querySelectorAll("[data-signature]")];
    if (root.matches?.("[data-signature]")) boxes.unshift(root);
    boxes.forEach((box) => {
      if (box.dataset.ready) return;
      box.dataset.ready = "1";
      initSignature(box);
    });
  };
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.detail.elt));
})();
