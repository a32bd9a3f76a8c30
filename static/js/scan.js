/* Counting tags: the input is free for the next one as soon as one is under way. */
(() => {
  const field = (event) => event.target.closest?.("form[data-scan]")?.querySelector("input:not([type=hidden])");
  let sent = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    const input = field(event);
    if (!input) return;
    sent = input.value;
    input.value = "";
    input.focus();
  });
  const giveBack = (event) => {
    const input = field(event);
    if (input) input.value ||= sent;
  };
  document.addEventListener("htmx:sendError", giveBack);
  document.addEventListener("htmx:responseError", giveBack);
})();
