// Uses the console as a person does, in Chromium: creates a channel, publishes to the
// URL that the page shows, checks that the picture moves and the figures change,
// disables the channel, creates a VOD playlist and plays it.
//
//	node console.js CONSOLE PICTURES CLIP
//
// Prints "STEP <name> ok" or "STEP <name> fail: <why>". Every step stores pictures in
// four looks. It fails on a request to another host, a warning in the browser's log, a
// field without a label, and a page wider than a phone.
'use strict';
const { spawn } = require('child_process');
const path = require('path');
const { chromium } = require('playwright-core');

const [base, pictures, clip] = process.argv.slice(2);
const looks = [];
for (const [size, width, height] of [['desktop', 1280, 860], ['phone', 390, 844]]) {
  for (const colorScheme of ['light', 'dark']) looks.push({ name: size + '-' + colorScheme, width, height, colorScheme });
}
const patience = 30000; // ms, for each wait
const complaints = [];
let page, count = 0;

const expect = (what, ok) => { if (!ok) throw new Error(what); };

const until = async (what, ask) => {
  const end = Date.now() + patience;
  for (let last; ; await new Promise(again => setTimeout(again, 100))) {
    try {
      last = await ask();
      if (last) return last;
    } catch (e) {
      last = e;
    }
    if (Date.now() > end) throw new Error('not within ' + patience / 1000 + ' s: ' + what + ', last ' + last);
  }
};

const picture = async name => {
  const prefix = String(++count).padStart(2, '0') + '-' + name;
  for (const look of looks) {
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await page.setViewportSize({ width: look.width, height: look.height });
    const flaws = await page.evaluate(() => {
      const flaws = [];
      const wide = document.documentElement.scrollWidth;
      if (wide > innerWidth) flaws.push('it is ' + wide + ' px wide in a window of ' + innerWidth);
      if (document.querySelectorAll('h1').length !== 1) flaws.push('it has not one h1');
      for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
        if (!e.labels.length) flaws.push(e.name + ' has no label');
      }
      for (const e of document.querySelectorAll('a, button, summary')) {
        if (!e.textContent.trim() && !e.getAttribute('aria-label')) flaws.push(e.outerHTML + ' has no name');
      }
      for (const e of document.querySelectorAll('svg[role=img], video')) {
        if (!e.getAttribute('aria-label') && !e.getAttribute('aria-describedby')) flaws.push(e.nodeName + ' has no text');
      }
      return flaws;
    });
    for (const f of flaws) complaints.push(name + ', ' + look.name + ': ' + f);
    await page.screenshot({ path: path.join(pictures, prefix + '-' + look.name + '.png'), fullPage: look.name.startsWith('phone') });
  }
  await page.setViewportSize({ width: looks[0].width, height: looks[0].height });
};

const text = selector => page.locator(selector).first().textContent();
const status = async () => (await text('#now .status')).trim();
const time = () => page.evaluate(() => document.getElementById('player').currentTime);

// moves waits until the video plays, and checks that the picture changes.
const moves = async () => {
  const start = await until('the video plays', async () => await time() > 0.2 && await time());
  const first = await page.locator('#player').screenshot();
  await until('the video goes on', async () => await time() > start + 2);
  const second = await page.locator('#player').screenshot();
  expect('the picture stands still', !first.equals(second));
};

let pushes = [];
const push = url => {
  const p = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', url], { stdio: ['ignore', 'ignore', 'pipe'] });
  const run = { errors: '', ended: false, stop: () => p.kill('SIGKILL') };
  p.stderr.on('data', b => { run.errors += b; });
  p.on('exit', () => { run.ended = true; });
  pushes.push(run);
  return run;
};

const create = async (bucket, name) => {
  await page.goto(base + '/new');
  await page.getByLabel('Bucket').selectOption(bucket);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('FragDuration').fill('1');
  await page.getByLabel('FragCount').fill('5');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'Publish to ' + name }).waitFor();
  return text('#url');
};

const steps = {
  overview: async () => {
    await page.goto(base + '/');
    await page.getByRole('heading', { name: 'Live channels' }).waitFor();
    await picture('overview');
  },
  create: async () => {
    // With the keyboard alone, from the start of the page.
    await page.goto(base + '/');
    const tab = async name => {
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()) === name) return;
      }
      throw new Error('the keyboard does not reach ' + name);
    };
    await page.keyboard.press('Tab');
    expect('the first tab stop is not the link to the content', (await page.evaluate(() => document.activeElement.textContent)).startsWith('Skip'));
    await tab('New channel');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New channel' }).waitFor();
    await page.keyboard.type('lecture');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Made by the test');
    await picture('create');
    await page.getByLabel('FragDuration').fill('1');
    await page.getByLabel('FragCount').fill('5');
    await page.getByLabel('FragCount').press('Enter');
    await page.getByRole('heading', { name: 'Publish to lecture' }).waitFor();
  },
  publish: async () => {
    expect('server and stream key of OBS do not make the URL', await page.inputValue('#server') + '/' + await page.inputValue('#key') === await text('#url'));
    await picture('publish');
    await page.getByLabel('Hours that the URL is valid').fill('1');
    await page.getByRole('button', { name: 'Sign again' }).click();
    const hour = 1000 * Number(new URL(await text('#url')).searchParams.get('Expires')) - Date.now();
    expect('the URL is valid for ' + hour / 1000 + ' s, not an hour', hour > 3500e3 && hour < 3700e3);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the profile' }).click()]);
    expect('the profile is called ' + download.suggestedFilename(), download.suggestedFilename() === 'osslive-media-lecture.zip');
  },
  live: async () => {
    const url = await text('#url');
    await page.goto(base + '/channel/media/lecture');
    expect('it is ' + await status(), await status() === 'Idle');
    await picture('idle');
    await page.locator('summary', { hasText: 'Delete' }).focus();
    steps.running = push(url);
    await until('the page says Live by itself', async () => await status() === 'Live');
    await moves();
    const bars = await page.locator('.timeline .bar').count();
    await until('the timeline grows', async () => await page.locator('.timeline .bar').count() > bars + 1);
    await until('the bitrate is there', async () => /[1-9].*bit\/s/.test(await text('#bitrate')));
    await until('the frame rate is there', async () => /^25/.test(await text('#framerate')));
    const delay = await until('the delay to live is there', async () => parseFloat(await text('#delay')));
    expect('the delay to live is ' + delay + ' s', delay > 0.5 && delay < 15);
    expect('the page took the focus away', await page.evaluate(() => document.activeElement.textContent.startsWith('Delete')));
    expect('key frames do not fit: ' + await text('.note'), (await text('.note')).startsWith('Key frames fit'));
    await picture('live');
    console.log('DELAY ' + delay);
  },
  disable: async () => {
    await page.getByRole('button', { name: 'Disable' }).click();
    await until('the page says Disabled', async () => await status() === 'Disabled');
    await until('ffmpeg has ended', async () => steps.running.ended);
    let last = -1;
    await until('the picture stands', async () => {
      await new Promise(soon => setTimeout(soon, 1500));
      const now = await time();
      const stands = now === last;
      last = now;
      return stands;
    });
    await until('the history has the publish', async () => await page.locator('#history ~ table tbody tr').count() === 1);
    await picture('disabled');
  },
  vod: async () => {
    await page.getByRole('link', { name: 'VOD playlist…' }).click();
    await page.getByLabel('Name').fill('take-one.m3u8');
    await page.getByRole('button', { name: 'Create playlist' }).click();
    await page.getByRole('heading', { name: 'lecture/take-one.m3u8' }).waitFor();
    await moves();
    const length = await page.evaluate(() => document.getElementById('player').duration);
    expect('the playlist has a length of ' + length + ' s', length > 3 && length < 120);
    await picture('vod');
    await page.goto(base + '/channel/media/lecture');
    await page.getByRole('link', { name: 'take-one.m3u8' }).waitFor();
  },
  enable: async () => {
    await page.getByRole('button', { name: 'Enable' }).click();
    await until('the page says Idle', async () => await status() === 'Idle');
  },
  objects: async () => {
    await page.goto(base + '/objects/media');
    await page.getByRole('link', { name: 'lecture/' }).click();
    await picture('objects');
    await page.getByRole('link', { name: 'take-one.m3u8' }).click();
    await picture('object');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
    expect('the download is called ' + download.suggestedFilename(), download.suggestedFilename() === 'take-one.m3u8');
    await page.locator('summary', { hasText: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the object' }).click();
    await page.getByRole('heading', { name: 'lecture/' }).waitFor();
    expect('the object is still there', await page.getByRole('link', { name: 'take-one.m3u8' }).count() === 0);
  },
  private: async () => {
    const url = await create('vault', 'secret talk');
    const run = push(url);
    await page.goto(base + '/channel/vault/secret%20talk');
    await moves();
    run.stop();
  },
  hlsjs: async () => {
    const run = push(await create('vault', 'other browser'));
    await page.addInitScript(() => {
      const real = HTMLMediaElement.prototype.canPlayType;
      HTMLMediaElement.prototype.canPlayType = function (type) { return /mpegurl/i.test(type) ? '' : real.call(this, type); };
    });
    await page.goto(base + '/channel/vault/other%20browser');
    await moves();
    expect('it is not hls.js that plays', await page.evaluate(() => !!globalThis.Hls && document.getElementById('player').src.startsWith('blob:')));
    run.stop();
  },
  refusals: async () => {
    const url = new URL((await create('vault', 'refused')).replace('rtmp:', 'http:'));
    url.searchParams.set('Signature', 'bm90IHRoZSByaWdodCBvbmUhISE=');
    const run = push(url.href.replace('http:', 'rtmp:'));
    await until('ffmpeg was refused', async () => run.ended);
    await page.goto(base + '/channel/vault/refused');
    await picture('refused');
    await page.goto(base + '/refusals');
    await picture('refusals');
  },
  snippets: async () => {
    await page.goto(base + '/snippets?bucket=media');
    await picture('snippets');
  },
  delete: async () => {
    await page.goto(base + '/channel/media/lecture');
    await page.locator('summary', { hasText: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the channel' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect('the channel is still there', await page.getByRole('link', { name: 'media/lecture' }).count() === 0);
  },
};

(async () => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio', '--disable-background-networking', '--disable-component-update'],
  });
  page = await browser.newPage();
  page.setDefaultTimeout(patience);
  page.on('console', m => { if (['error', 'warning'].includes(m.type())) complaints.push('the browser says: ' + m.text() + ' ' + m.location().url); });
  page.on('pageerror', e => complaints.push('the script fails: ' + e));
  page.on('request', r => {
    const host = new URL(r.url()).hostname;
    if (!r.url().startsWith('blob:') && host !== '127.0.0.1') complaints.push('a request to ' + r.url());
  });
  for (const [name, step] of Object.entries(steps)) {
    if (typeof step !== 'function') continue;
    complaints.length = 0;
    let why = '';
    try {
      await step();
      why = complaints.join('; ');
    } catch (e) {
      why = String(e.stack || e) + ' ' + complaints.join('; ');
      await page.screenshot({ path: path.join(pictures, 'failed-' + name + '.png'), fullPage: true }).catch(() => {});
    }
    console.log('STEP ' + name + (why ? ' fail: ' + why.replace(/\n/g, ' ') : ' ok'));
  }
  for (const p of pushes) p.stop();
  await browser.close();
})();
