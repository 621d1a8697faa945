// node site.mjs CHROMIUM SCRIPT
// Runs SCRIPT, the script of the built docs, on a page with the theme's elements, of which one is added later. Prints, as
// JSON, the elements with a tab stop at two widths, and the rules of accessibility that the page breaks.

import axe from 'axe-core';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const [executablePath, script] = process.argv.slice(2);
const cells = Array.from({ length: 9 }, (_, index) => `<td>column${index}</td>`).join('');
const table = (id) => `<div class="md-typeset__scrollwrap" id="${id}"><table><tr>${cells}</tr></table></div>`;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-sync'] });
try {
  const page = await browser.newPage();
  await page.setContent(`<!doctype html><html lang="en"><title>Page</title><style>.md-typeset__scrollwrap, code { display: block; overflow: auto }</style>
    <div class="md-search" role="dialog"><p>Search</p></div>
    <main class="md-typeset"><h1>Page</h1>${table('table')}<pre><nav class="md-code__nav"></nav><code id="code">${'word '.repeat(30)}</code></pre>
    <pre><nav class="md-code__nav"></nav><code id="short">x</code></pre></main></html>`);
  await page.addScriptTag({ content: await readFile(script, 'utf8') });
  await page.evaluate((html) => document.querySelector('main').insertAdjacentHTML('beforeend', html), table('later'));
  await page.evaluate(axe.source);
  const stops = {}, violations = {};
  for (const width of [360, 1600]) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    stops[width] = await page.locator('[tabindex]').evaluateAll((boxes) => boxes.map((box) => box.id));
    violations[width] = await page.evaluate(async () => (await window.axe.run({ preload: false })).violations.map(({ id }) => id));
  }
  console.log(JSON.stringify({ stops, violations }));
} finally {
  await browser.close();
}
