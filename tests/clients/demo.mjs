// node demo.mjs CHROMIUM FOLDER
// Opens the demo page, whose files are in FOLDER, with answers of this program instead of a bidder. Prints, as JSON, the
// faults of its layout and accessibility by screen, and the texts that it shows for the viewer's and the bidder's mistakes.

import axe from 'axe-core';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const [executablePath, folder] = process.argv.slice(2);
const ORIGIN = 'http://demo.example';
const FILES = { '/demo': 'demo.html', '/demo/demo.css': 'demo.css', '/demo/demo.js': 'demo.js', '/player.js': 'player.js' };
const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' };
const LONG = 'donaudampfschifffahrtsgesellschaft'.repeat(6);
const RIGHT_TO_LEFT = 'حملة إعلانية (2026)';
const SCREENS = {
  desktop: { width: 1440, height: 900 },
  dark: { width: 1440, height: 900, colorScheme: 'dark' },
  'zoom of 200 %': { width: 720, height: 450 },
  phone: { width: 390, height: 844 },
  'small dark phone': { width: 320, height: 640, colorScheme: 'dark' },
  'more contrast': { width: 390, height: 844, contrast: 'more' },
};
const verdict = (campaign, more = {}) => ({ campaign, rule: 'targeting.country', reason: 'country is usa; it takes gbr', seen: 'usa', wanted: 'gbr', cpm_micros: null, ...more });
const EXPLANATION = {
  no_auction: null,
  imp: [{
    funnel: [{ rule: 'all', left: 13 }, { rule: `targeting.${LONG}`, left: 4 }, { rule: 'outbid', left: 1 }],
    bids: [{ campaign: LONG, cpm_micros: 12_500_000 }],
    campaigns: [verdict(LONG), verdict(RIGHT_TO_LEFT, { rule: 'pacing', reason: 'pacing', seen: '16 %', wanted: 'less than 0 %', cpm_micros: 1 })],
  }],
};
const SPEND = Object.fromEntries([LONG, RIGHT_TO_LEFT].map((name) => [name, { name, total_micros: 12_500, today_micros: 12_500 }]));
const VAST = `<VAST version="4.2"><Ad><InLine><AdTitle>${LONG}</AdTitle></InLine></Ad></VAST>`;
const ANSWERS = { '/demo/config': { full: true, media: '', players: false }, '/demo/spend': SPEND, '/demo/explain': EXPLANATION, '/bid': VAST, '/vast': VAST };

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-sync'] });
try {
  const page = await browser.newPage();
  const bidder = { isRunning: true };
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await open(page, bidder);
  const empty = await findFaults(page);
  await playBreak(page);
  const played = await findFaults(page);
  await page.reload();
  console.log(JSON.stringify({ empty, played, ...(await makeMistakes(page, bidder)), faults }));
} finally {
  await browser.close();
}

async function open(page, bidder) {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const name = FILES[pathname], answer = ANSWERS[pathname];
    if (name) return route.fulfill({ body: await readFile(`${folder}/${name}`, 'utf8'), contentType: TYPES[name.split('.').at(-1)] });
    if (!bidder.isRunning) return route.abort('connectionrefused');
    if (!answer) return route.fulfill({ status: 404, body: '' });
    return route.fulfill(typeof answer === 'string' ? { body: answer, contentType: 'application/xml' } : { json: answer });
  });
  await page.goto(`${ORIGIN}/demo`);
  await page.waitForSelector('[data-ready]');
  await page.evaluate(axe.source);
}

async function playBreak(page) {
  await page.click('#play');
  await page.waitForSelector('.others');
  await page.waitForSelector('#spend table');
  await page.waitForSelector('#log .end, #log .error');
  await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
}

// The rules that the page breaks, by screen: axe-core's, no sideways scrolling, and nothing beyond the right edge.
async function findFaults(page) {
  const faults = {};
  for (const [name, { width, height, colorScheme = 'light', contrast = null }] of Object.entries(SCREENS)) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, contrast });
    faults[name] = await page.evaluate(async () => {
      const { violations } = await window.axe.run({ preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
      const { clientWidth, scrollWidth } = document.documentElement;
      const wide = [...document.querySelectorAll('body *')].filter((each) => !each.closest('pre, .text') && each.getBoundingClientRect().right > clientWidth + 1);
      return [
        ...violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target}`)),
        ...wide.map((each) => `too wide: ${each.tagName} ${each.id || each.className}`),
        ...(scrollWidth > clientWidth ? ['scrolls sideways'] : []),
      ];
    });
  }
  return faults;
}

async function makeMistakes(page, bidder) {
  await page.waitForSelector('[data-ready]');
  const text = (selector) => page.locator(selector).textContent();
  const none = await text('#log');
  const tag = await text('#tag');
  const wrong = {};
  for (const request of ['null', '[]', '{"device": ']) {
    await page.fill('#request', request);
    await page.click('[data-break=pre]');
    wrong[request] = await text('#wrong');
  }
  const unasked = await text('#log');
  await page.fill('#request', '{"device": {"geo": {"country": "DEU"}}}');
  const changed = await text('#tag');
  await page.click('#reset');
  const reset = (await text('#tag')) === tag && (await text('#wrong')) === '';
  await page.focus('#play');
  await page.keyboard.press('Enter');
  const focus = await page.evaluate(() => document.activeElement.id);
  await page.waitForSelector('.others');
  const reasons = await page.locator('.others td:nth-child(2)').allTextContents();
  await page.waitForSelector('#log .end, #log .error');
  await page.click('#clear');
  const cleared = await text('#log');
  bidder.isRunning = false;
  await page.waitForSelector('#offline:visible');
  const stopped = {};
  for (const player of ['post', 'tag', 'vast']) {
    await page.selectOption('#player', player);
    await page.click('[data-break=pre]');
    await page.waitForSelector('#log .error');
    await page.waitForSelector('[data-break=pre]:enabled');
    await page.waitForFunction(() => document.querySelector('#why').className === 'empty');
    stopped[player] = [await text('#log .error .kind'), await text('#why')];
    await page.click('#clear');
  }
  bidder.isRunning = true;
  await page.waitForSelector('#offline', { state: 'hidden' });
  return { none, wrong, unasked, changed: changed.includes('country=DEU'), reset, focus, reasons, cleared, stopped };
}
