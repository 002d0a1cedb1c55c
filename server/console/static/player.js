"use strict";
// Plays the live playlist with the browser's own HLS. The list exists from the
// first segment on, and Chromium does not play one of a single segment; so it
// is looked at first. A list that breaks off, as when the publisher comes back
// with another encoder, is loaded again.
const video = document.getElementById("player");
const message = document.getElementById("message");
const pause = 500; // ms

const playable = async () => {
  try {
    const list = await fetch(video.dataset.src, { cache: "no-store" });
    return list.ok && (await list.text()).split("#EXTINF").length > 2;
  } catch {
    return true; // the bucket's CORS rules keep it from us, not from the player
  }
};

const start = async () => {
  if (await playable()) {
    video.src = video.dataset.src;
    video.play().catch(() => {});
  } else {
    message.textContent = "Waiting for the stream…";
    setTimeout(start, pause);
  }
};

if (video && !video.canPlayType("application/vnd.apple.mpegurl")) {
  message.textContent = "This browser does not play HLS by itself, as Firefox does not. " +
    "Use Chrome, Edge or Safari, or open the playlist below in VLC or ffplay.";
} else if (video) {
  video.addEventListener("error", () => setTimeout(start, pause));
  video.addEventListener("playing", () => { message.textContent = ""; });
  start();
}
