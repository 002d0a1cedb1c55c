"use strict";
// Plays the live playlist with the browser's own HLS. Before the first segment
// the playlist does not exist yet, and a live list can stall when the publisher
// reconnects: load it again then.
const video = document.getElementById("player");
if (video) {
  const message = document.getElementById("message");
  const retry = 2000; // ms
  const load = () => {
    video.src = video.dataset.src;
    video.play().catch(() => {});
  };
  if (!video.canPlayType("application/vnd.apple.mpegurl")) {
    message.textContent = "This browser does not play HLS by itself, as Firefox does not. " +
      "Use Chrome, Edge or Safari, or open the playlist below in VLC or ffplay.";
  } else {
    video.addEventListener("error", () => {
      message.textContent = "Waiting for the stream…";
      setTimeout(load, retry);
    });
    video.addEventListener("playing", () => { message.textContent = ""; });
    load();
  }
}
