// Opens pages with texts that run as scripts if a template does not escape them. The
// Content-Security-Policy is off, so that it cannot hide a missing escape. Prints
// "RAN <page> <what>" for each script that runs, "LEFT <page> <where>" for a page that
// sends the browser elsewhere, and "PAGES <n>" at the end.
//
//	node payloads.js BASE PATH...
'use strict';
const { chromium } = require('playwright-core');

const [base, ...paths] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--mute-audio', '--disable-background-networking'] });
  const context = await browser.newContext({ bypassCSP: true });
  let ran = 0;
  // Every payload calls alert.
  await context.exposeBinding('alert', ({ page }, what) => { ran++; console.log('RAN ' + page.url() + ' ' + what); });
  const newPage = async () => {
    const page = await context.newPage();
    page.on('dialog', d => { console.log('RAN ' + page.url() + ' dialog'); d.dismiss(); });
    return page;
  };

  const trap = await newPage(); // checks that the program notices a script
  await trap.goto(base + '/login');
  await trap.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert("trap")>'); });
  while (ran === 0) await new Promise(soon => setTimeout(soon, 50));

  const look = async (page, path) => {
    await page.goto(base + path, { waitUntil: 'load' });
    // Trigger the handlers that wait for a person.
    await page.evaluate(() => {
      for (const e of document.querySelectorAll('body *')) {
        for (const event of ['mouseover', 'pointerenter', 'focus', 'toggle', 'animationstart']) e.dispatchEvent(new Event(event, { bubbles: true }));
      }
      for (const e of document.querySelectorAll('a')) {
        if (e.protocol !== 'http:' && e.protocol !== 'https:') alert('a link to ' + e.protocol);
      }
    });
    await new Promise(soon => setTimeout(soon, path.startsWith('/channel/') || path === '/' ? 400 : 50)); // time for an event from the server
    if (new URL(page.url()).origin !== base) console.log('LEFT ' + path + ' ' + page.url());
  };
  const left = [...paths];
  await Promise.all([1, 2, 3, 4].map(async () => {
    const page = await newPage();
    while (left.length) await look(page, left.shift());
  }));
  console.log('PAGES ' + paths.length);
  await browser.close();
})();
