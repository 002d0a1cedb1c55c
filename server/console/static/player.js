// Plays a playlist: with the browser's own HLS if it has one, else with hls.js, which
// "make console" adds to this folder.

const pause = 500; // ms between two attempts to play

export const play = video => {
  if (!video) return null;
  const message = document.getElementById("message");
  const delay = document.getElementById("delay");
  const native = video.canPlayType("application/vnd.apple.mpegurl") !== "";
  let hls = null, timer = 0, edge = null, status = null;

  // playable reports whether the playlist has two segments or is complete: Chromium
  // does not play a live playlist of one segment.
  const playable = async () => {
    try {
      const list = await fetch(video.dataset.src, { cache: "no-store" });
      const text = await list.text();
      return list.ok && (text.includes("#EXT-X-ENDLIST") || text.split("#EXTINF").length > 2);
    } catch {
      return true; // the bucket's CORS rules forbid fetch, but not the player
    }
  };

  const retry = () => {
    clearTimeout(timer);
    timer = setTimeout(start, pause);
  };

  const start = async () => {
    const now = document.getElementById("now");
    // Without data-last the channel has no segment, and its playlist does not exist.
    if (now && now.dataset.last === undefined || !await playable()) {
      message.textContent = "Waiting for the stream…";
      retry();
      return;
    }
    if (native) {
      video.src = video.dataset.src;
    } else if (!await startHLS()) {
      message.textContent = "This browser has no HLS player. Use Chrome, Edge or Safari, open the playlist in VLC or ffplay, " +
        "or build osslive with “make console”, which adds a player.";
      return;
    }
    video.play().catch(() => {});
  };

  const startHLS = async () => {
    if (!globalThis.Hls) await load("/static/hls.js/hls.light.min.js");
    if (!globalThis.Hls?.isSupported()) return false;
    hls?.destroy();
    hls = new Hls({ enableWorker: false, liveDurationInfinity: true });
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      hls.destroy();
      hls = null;
      retry();
    });
    hls.loadSource(video.dataset.src);
    hls.attachMedia(video);
    return true;
  };

  video.addEventListener("error", retry); // a new publish may have other parameters
  video.addEventListener("playing", () => { message.textContent = ""; });

  // The name of a segment is its start in Unix milliseconds. The delay to live is the
  // sum of what is buffered ahead of the picture, the segments that the playlist has and
  // the player has not loaded yet, and the age of the playlist's end.
  let loaded = 0;
  new PerformanceObserver(list => {
    for (const { name } of list.getEntries()) {
      loaded = Math.max(loaded, Number(/\/(\d{13})\.ts(\?|$)/.exec(name)?.[1] ?? 0));
    }
  }).observe({ type: "resource", buffered: true });
  setInterval(() => {
    const n = video.buffered.length;
    const behind = n && loaded && edge &&
      video.buffered.end(n - 1) - video.currentTime + Math.max(0, edge.last - loaded) / 1000 + edge.age + (performance.now() - edge.at) / 1000;
    if (delay) delay.textContent = status === "Live" && behind ? behind.toFixed(1) + " s" : "–";
  }, 500);

  if (!native && !video.canPlayType('video/mp4; codecs="avc1.42E01E"')) {
    message.textContent = "This browser cannot play H.264.";
  } else {
    start();
  }

  return {
    // status takes the data attributes of the page's element "now".
    status: now => {
      if (!now) return;
      edge = now.age === undefined ? null : { last: Number(now.last), age: now.age / 1000, at: performance.now() };
      if (status !== null && status !== "Live" && now.status === "Live") retry(); // a new publish
      status = now.status;
    },
  };
};

const load = src => new Promise(done => {
  const script = document.createElement("script");
  script.src = src;
  script.addEventListener("load", done);
  script.addEventListener("error", done);
  document.head.append(script);
});
