// Keeps the page up to date, starts the player, and copies texts. Without JavaScript
// a page shows its state at the time it was loaded, and its forms work.
import { play } from "/static/player.js";

// morph makes the children of old equal to those of fresh. It changes only nodes that
// differ, so that focus, selection and open <details> stay.
const morph = (old, fresh) => {
  const want = [...fresh.childNodes];
  want.forEach((node, i) => {
    const have = old.childNodes[i];
    if (!have) {
      old.append(document.importNode(node, true));
    } else if (have.nodeName !== node.nodeName) {
      have.replaceWith(document.importNode(node, true));
    } else if (node.nodeType !== Node.ELEMENT_NODE) {
      if (have.nodeValue !== node.nodeValue) have.nodeValue = node.nodeValue;
    } else {
      for (const { name } of [...have.attributes]) {
        if (!node.hasAttribute(name) && name !== "open") have.removeAttribute(name);
      }
      for (const { name, value } of node.attributes) {
        if (have.getAttribute(name) !== value) have.setAttribute(name, value);
      }
      morph(have, node);
    }
  });
  while (old.childNodes.length > want.length) old.lastChild.remove();
};

const notify = text => {
  const toast = document.getElementById("connection");
  toast.textContent = text;
  toast.hidden = text === "";
};

const player = play(document.getElementById("player"));
const live = document.getElementById("live");
if (live) {
  const parser = new DOMParser();
  const events = new EventSource(live.dataset.events);
  events.addEventListener("message", e => {
    notify("");
    morph(live, parser.parseFromString(e.data, "text/html").body);
    player?.status(document.getElementById("now")?.dataset);
  });
  events.addEventListener("gone", () => {
    events.close();
    notify("This channel has been deleted.");
  });
  events.addEventListener("error", () => notify("The server does not answer. Trying again…"));
  // A page in the back/forward cache must not hold one of the browser's few connections.
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", e => { if (e.persisted) location.reload(); });
}

document.addEventListener("click", async e => {
  const id = e.target.dataset?.copy;
  if (!id) return;
  const from = document.getElementById(id);
  const text = from.value ?? from.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // browsers have no clipboard API on pages by plain HTTP from another machine
    if (from.select) from.select();
    else getSelection().selectAllChildren(from);
    document.execCommand("copy");
  }
  const label = e.target.textContent;
  e.target.textContent = "Copied";
  setTimeout(() => { e.target.textContent = label; }, 1500);
});
