/* Runs before the first paint: applies the stored colour choice, else the system's. */
(() => {
  const root = document.documentElement;
  const link = document.getElementById("dark-css");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const key = "pd-theme";
  const MEDIA = { auto: "screen and (prefers-color-scheme: dark)", dark: "screen", light: "not all" };

  const read = () => {
    try {
      return localStorage.getItem(key) || "auto";
    } catch {
      return "auto";
    }
  };
  const apply = (choice) => {
    const dark = choice === "dark" || (choice !== "light" && system.matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    root.dataset.themeChoice = choice;
    if (link) link.media = MEDIA[choice] || MEDIA.auto;
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === choice));
    }
  };

  root.classList.add("js");
  apply(read());
  system.addEventListener("change", () => apply(read()));
  document.addEventListener("DOMContentLoaded", () => apply(read()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    try {
      localStorage.setItem(key, button.dataset.themeSet);
    } catch {
      /* Private windows refuse storage; the choice then lasts for this page. */
    }
    apply(button.dataset.themeSet);
  });
})();
