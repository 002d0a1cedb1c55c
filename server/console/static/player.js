// Plays a live playlist: with the browser's own HLS where there is one, else
// with hls.js, which "make console" puts beside this file.

const pause = 500; // ms between two looks at a list that cannot be played yet

export const play = video => {
  if (!video) return null;
  const message = document.getElementById("message");
  const delay = document.getElementById("delay");
  const native = video.canPlayType("application/vnd.apple.mpegurl") !== "";
  let hls = null, timer = 0, edge = null, status = null;

  // The list exists from the first segment on, which the page knows, and Chromium
  // does not play one of a single segment; so it is looked at first.
  const playable = async () => {
    try {
      const list = await fetch(video.dataset.src, { cache: "no-store" });
      const text = await list.text();
      return list.ok && (text.includes("#EXT-X-ENDLIST") || text.split("#EXTINF").length > 2);
    } catch {
      return true; // the bucket's CORS rules keep it from us, not from the player
    }
  };

  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(start, pause);
  };

  const start = async () => {
    const now = document.getElementById("now");
    if (now && now.dataset.last === undefined || !await playable()) {
      message.textContent = "Waiting for the stream…";
      again();
      return;
    }
    if (native) {
      video.src = video.dataset.src;
    } else if (!await startHLS()) {
      message.textContent = "This browser does not play HLS by itself. Build osslive with “make console”, which adds a player, " +
        "use Chrome, Edge or Safari, or open the playlist in VLC or ffplay.";
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
      again();
    });
    hls.loadSource(video.dataset.src);
    hls.attachMedia(video);
    return true;
  };

  video.addEventListener("error", again); // also when another encoder came
  video.addEventListener("playing", () => { message.textContent = ""; });

  // The name of a segment is when it began. So the picture is behind by what is
  // buffered before it, by what the list has that is not yet loaded, and by how
  // long ago the list ended.
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
    // status is told what the page says of the channel.
    status: now => {
      if (!now) return;
      edge = now.age === undefined ? null : { last: Number(now.last), age: now.age / 1000, at: performance.now() };
      if (status !== null && status !== "Live" && now.status === "Live") again(); // on the air again
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
