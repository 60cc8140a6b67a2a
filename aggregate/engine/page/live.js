// Keeps the page up to date: takes the parts that changed from a fresh copy of it,
// and leaves alone what somebody is reading or has the keyboard in.
const seconds = Number(document.documentElement.dataset.refresh);
let busy = false;
setInterval(async () => {
  if (busy || document.hidden) return;
  busy = true;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const next = fresh.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (!next) return location.reload();
      if (part.outerHTML !== next.outerHTML && !part.contains(document.activeElement) && !part.querySelector("details[open]")) part.replaceWith(next);
    }
  } catch { /* offline: the next time */ } finally {
    busy = false;
  }
}, seconds * 1000);
