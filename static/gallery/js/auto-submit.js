// Sends a form as soon as something in it is chosen; its button is not needed then.

for (const form of document.querySelectorAll("[data-auto-submit]")) {
  form.querySelector("[type=submit]").remove();
  form.addEventListener("change", () => form.requestSubmit());
}
