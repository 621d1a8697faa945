// node browser.mjs CHROMIUM [URL FUNCTION ARGUMENT]
// Calls one of the functions of the page at URL in a new headless Chromium; without a URL, Chromium only has to start.
// Prints, as JSON, what was returned and what the browser complained about.

import { chromium } from 'playwright-core';

// Headless Chromium calls itself that, and what it reports bills nothing: it is a known crawler.
const VIEWER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

const [executablePath, url, name, argument] = process.argv.slice(2);
// `cookies: false` blocks those of other sites, `expected` are complaints that belong to the test. Requests to the address
// of the documentation, https://bid.example, go to `bidder`: a GET with `query` added, and a bid request of a viewer in
// `country`.
const { cookies = true, expected = [], documented, ...given } = JSON.parse(argument ?? '{}');
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--ignore-certificate-errors', '--disable-sync', ...(cookies ? [] : ['--test-third-party-cookie-phaseout']), `--user-agent=${VIEWER}`],
});
try {
  if (url) console.log(JSON.stringify(await call(await browser.newPage())));
} finally {
  await browser.close();
}

async function call(page) {
  const complaints = [];
  const answers = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (said) => said.type() === 'error' && complaints.push(`${said.text()} ${said.location().url}`));
  page.on('request', (request) => answers.push(request.response()));
  if (documented)
    await page.route('https://bid.example/**', (route) => {
      const asked = new URL(route.request().url());
      asked.host = documented.bidder;
      if (route.request().method() === 'GET') asked.search += documented.query;
      else if (asked.pathname === '/bid' && !asked.searchParams.has('gzip')) {
        const { device, ...request } = route.request().postDataJSON();
        return route.continue({ url: `${asked}`, postData: JSON.stringify({ ...request, device: { ...device, geo: { country: documented.country } } }) });
      }
      return route.continue({ url: `${asked}` });
    });
  await page.goto(url);
  const returned = await page.evaluate(([f, given]) => window.clients[f](given), [name, given]);
  // Pixels may be on their way still.
  await Promise.all(answers);
  return { returned, complaints: complaints.filter((each) => ![expected].flat().some((part) => each.includes(part))) };
}
