// Keeps the page up to date, plays, and copies texts. Without it every page
// still shows and changes everything, but only when it is loaded.
import { play } from "/static/player.js";

// morph makes the children of one element those of another, and touches only
// what differs: the focus, the selection and what is open stay.
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

const say = text => {
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
    say("");
    morph(live, parser.parseFromString(e.data, "text/html").body);
    player?.status(document.getElementById("now")?.dataset);
  });
  events.addEventListener("gone", () => {
    events.close();
    say("This is gone: it has been deleted.");
  });
  events.addEventListener("error", () => say("The server does not answer; trying again."));
  // A page that is left must not hold one of the browser's few connections.
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
  } catch { // a page that is not from this machine, nor by HTTPS
    if (from.select) from.select();
    else getSelection().selectAllChildren(from);
    document.execCommand("copy");
  }
  const label = e.target.textContent;
  e.target.textContent = "Copied";
  setTimeout(() => { e.target.textContent = label; }, 1500);
});
