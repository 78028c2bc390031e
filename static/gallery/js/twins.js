// Says how many photos are ticked to be deleted.

for (const form of document.querySelectorAll("[data-twins]")) {
  const button = form.querySelector("[data-delete-ticked]");
  const tell = () => {
    const count = form.querySelectorAll("input[name=photo]:checked").length;
    button.textContent = count ? `Delete the ${count} ticked` : "Delete what is ticked";
    button.disabled = !count;
  };
  form.addEventListener("change", tell);
  addEventListener("pageshow", tell); // going back keeps the ticks
  tell();
}
