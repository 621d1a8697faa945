// The demo: a film with a preroll and a midroll pod. It shows the requests, the answers, the reasons and the spend.

const MIDROLL_SECOND = 20; // the second of the film at which the pod begins
const POD = { seconds: 60, ads: 3 };
const FILM = 'media/demo-film.mp4';
const DEMO_REQUEST = { device: { geo: { country: 'USA' } }, site: { cat: ['IAB17'], content: { title: 'The long way home', language: 'en' } }, imp: [{ tagid: 'demo' }] };
const FIRST_SPEND = new Map();

const $ = (id) => document.getElementById(id);
const film = $('film');
const config = await (await fetch('demo/config')).json();
const playedBreaks = new Set();
let running = false;

film.src = new URLSearchParams(location.search).get('content') ?? `${config.media ?? ''}${FILM}`;
$('src').textContent = new URL('player.js', location.href);

// Returns the fields of the text area, or null if they are not a JSON object. The page shows the reason.
function parseRequest() {
  const show = (fault) => ($('wrong').textContent = fault);
  show('');
  try {
    const request = JSON.parse($('request').value || '{}');
    if (request && typeof request === 'object' && !Array.isArray(request)) return request;
    show('This is JSON, but not an object of OpenRTB fields such as {"device": {"geo": {"country": "USA"}}}.');
  } catch (error) {
    show(`This is not JSON: ${error.message}`);
  }
  return null;
}

function tag(pod, startdelay) {
  const { device, site } = parseRequest() ?? {};
  const query = new URLSearchParams({ page: location.href, w: film.clientWidth, h: film.clientHeight, startdelay, vast: 4, companions: '300x250' });
  if (device?.geo?.country) query.set('country', device.geo.country);
  if (site?.cat) query.set('cat', [site.cat].flat().join());
  if (pod) query.set('poddur', pod.seconds), query.set('maxads', pod.ads);
  return `${new URL('vast', location.href)}?${query}`;
}

// A third-party player plays in its own element on top of the film. PerformanceObserver reports the URLs that it calls.
let removePlayer = () => {};
async function playWithOtherPlayer(name) {
  removePlayer();
  film.pause();
  const box = Object.assign(document.createElement('div'), { className: 'other' });
  const other = Object.assign(document.createElement('video'), { playsInline: true, muted: film.muted });
  other.append(Object.assign(document.createElement('source'), { src: film.currentSrc, type: 'video/mp4' }));
  box.append(other);
  film.after(box);
  const url = tag(null, 0);
  log('tag', url);
  const end = await window.demoPlayers[name](other, url);
  removePlayer = () => {
    end();
    box.remove();
    removePlayer = () => {};
  };
  explainRequest(await bidder.buildRequest(film, { request: parseRequest() }));
}

if (config.players) {
  document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'demo/players.css' }));
  const script = Object.assign(document.createElement('script'), { src: 'demo/players.js' });
  script.onload = () => {
    for (const name of Object.keys(window.demoPlayers)) $('player').append(new Option(`${name}, by the tag`, name));
  };
  document.head.append(script);
  new PerformanceObserver((list) => {
    for (const { name } of list.getEntries())
      if ($('player').value in (window.demoPlayers ?? {}) && name.includes('/e/')) showEvent('pixel', { event: name.split('/e/')[1].split('/')[0], url: name });
  }).observe({ type: 'resource' });
}

async function playBreak(name) {
  const request = parseRequest();
  if (running || !request) return;
  if ($('player').value in (window.demoPlayers ?? {})) {
    $('play').hidden = true;
    return playWithOtherPlayer($('player').value);
  }
  removePlayer();
  running = true;
  playedBreaks.add(name);
  $('play').hidden = true;
  for (const button of document.querySelectorAll('[data-break]')) button.disabled = true;
  const pod = name === 'mid' ? POD : undefined;
  const by = $('player').value;
  const url = tag(pod, name === 'mid' ? MIDROLL_SECOND : 0);
  film.controls = true;
  film.focus({ preventScroll: true }); // the play button, which had the focus, is hidden
  try {
    if (by === 'vast') await playWithoutPlayer(url);
    else {
      if (by === 'tag') log('tag', url);
      await bidder.requestAd(film, {
        pod, request, companions: { '300x250': $('companion') }, onEvent: showEvent, timeout: 3000, ...(by === 'tag' && { tag: url }),
      });
    }
  } finally {
    running = false;
    for (const button of document.querySelectorAll('[data-break]')) button.disabled = false;
    if (by !== 'post') explainRequest(await bidder.buildRequest(film, { pod, request }));
  }
}

// Plays without an ad player: fetches the tag, plays the first media file, and calls the impression URLs.
async function playWithoutPlayer(url) {
  log('tag', url);
  const text = await fetch(url).then((answer) => answer.text()).catch((error) => log('error', `${error.message}: ${url}`) ?? '<VAST/>');
  log('vast', listTitles(text), text);
  const ad = new DOMParser().parseFromString(text, 'text/xml');
  const file = [...ad.querySelectorAll('MediaFile')].find((each) => film.canPlayType(each.getAttribute('type')));
  const { src, currentTime } = film;
  if (file) {
    film.src = file.textContent.trim();
    film.addEventListener('playing', () => ad.querySelectorAll('Impression').forEach((each) => pixel('impression', each.textContent.trim())), { once: true });
    const end = new Promise((over) => ['ended', 'error'].forEach((type) => film.addEventListener(type, over, { once: true })));
    film.play().catch(() => {});
    if ((await end).type === 'error') log('error', `The media file does not play: ${film.currentSrc}`);
    film.src = src;
    film.currentTime = currentTime;
  }
  await film.play().catch(() => {});
}

function pixel(event, url) {
  fetch(url, { mode: 'no-cors', keepalive: true });
  showEvent('pixel', { event, url });
}

function showEvent(type, detail) {
  if (type === 'request') {
    const { video } = detail.imp[0];
    log('request', `POST /bid · ${video.w} × ${video.h}, start ${video.startdelay}${video.poddur ? `, pod of ${video.poddur} s` : ''}`, JSON.stringify(detail, null, 2));
    explainRequest(detail);
  }
  if (type === 'vast') log('vast', listTitles(detail), detail.replace(/></g, '>\n<'));
  if (type === 'start') log('ad', detail.title ?? detail.id, detail.url);
  if (type === 'pixel') log(detail.event === 'error' ? 'error' : 'pixel', detail.event, detail.url);
  if (type === 'end') log(detail.status === 'error' ? 'error' : 'end', `${detail.status}${detail.code ? `, code ${detail.code}` : ''}${detail.reason ? `: ${detail.reason}` : ''}`);
}

function listTitles(text) {
  const titles = [...new DOMParser().parseFromString(text, 'text/xml').querySelectorAll('AdTitle')].map((each) => each.textContent);
  return titles.length ? titles.join(' · ') : 'no ad';
}

function log(kind, text, more) {
  const list = $('log');
  list.querySelector('.empty')?.remove();
  const entry = document.createElement('li');
  entry.className = kind;
  const row = more ? document.createElement('summary') : Object.assign(document.createElement('div'), { className: 'plain' });
  row.append(
    Object.assign(document.createElement('time'), { textContent: new Date().toTimeString().slice(0, 8) }),
    Object.assign(document.createElement('span'), { className: 'kind', textContent: kind }),
    Object.assign(document.createElement('span'), { className: 'text', textContent: text, dir: 'auto', title: text }),
  );
  if (more) {
    const details = document.createElement('details');
    details.append(row, Object.assign(document.createElement('pre'), { textContent: more, tabIndex: 0 }));
    entry.append(details);
  } else entry.append(row);
  list.prepend(entry);
}

const money = (micros, digits = 2) => `$${(micros / 1e6).toFixed(digits)}`;
// The names of campaigns may be written from right to left.
const element = (name, text, className = '') => Object.assign(document.createElement(name), { textContent: text, className, dir: 'auto' });

function showNoReason(text) {
  $('why').className = 'empty';
  $('why').replaceChildren(text);
}

function clearLog() {
  $('log').replaceChildren(element('li', 'None yet.', 'empty'));
}

function resetRequest() {
  $('request').value = JSON.stringify(DEMO_REQUEST, null, 2);
  showTag();
}

function showTag() {
  if (parseRequest()) $('tag').textContent = tag(null, 0);
}

async function explainRequest(request) {
  if (!config.full) return showNoReason('POST /explain shows the reason to callers with the admin key.');
  const asked = fetch('demo/explain', { method: 'POST', body: JSON.stringify(request), headers: { Accept: 'application/xml' } });
  const { imp, error, no_auction: refused } = await asked.then((answer) => answer.json()).catch(() => ({ error: 'The bidder does not answer.' }));
  if (error) return showNoReason(error);
  const [{ funnel, bids, campaigns = [] }] = imp;
  const winner = element('p', refused ? `No bid: ${refused.reason}.` : bids.length ? '' : 'No campaign fits.', 'winner');
  if (!refused) bids.forEach((bid, n) => winner.append(n ? ', ' : '', element('strong', bid.campaign), ` at ${money(bid.cpm_micros)} CPM`));
  const bars = element('div', '', 'funnel');
  const most = Math.max(1, ...funnel.map(({ left }) => left));
  for (const { rule, left } of funnel.filter(({ left }, n) => !n || left !== funnel[n - 1].left)) {
    const bar = document.createElement('i');
    bar.style.width = `${(left / most) * 100}%`;
    bars.append(element('span', rule === 'all' ? 'all campaigns' : rule.replace('targeting.', '')), bar, element('b', left));
  }
  const others = element('details', '', 'others');
  const table = document.createElement('table');
  for (const each of campaigns.filter(({ rule }) => rule !== 'bids')) {
    const row = table.insertRow();
    const values = [['required', each.wanted], ['seen', each.seen]].filter(([, value]) => value && !each.reason.includes(value));
    const reason = [each.reason, values.map((pair) => pair.join(' ')).join(', ')].filter(Boolean).join(': ');
    row.append(element('td', each.campaign), element('td', reason), element('td', each.cpm_micros ? money(each.cpm_micros) : ''));
  }
  others.append(element('summary', `Why ${table.rows.length} other campaigns do not bid`), table);
  $('why').className = '';
  $('why').replaceChildren(winner, bars, ...(table.rows.length ? [others] : []));
}

async function showSpend() {
  const campaigns = await fetch('demo/spend').then((answer) => answer.ok && answer.json()).catch(() => null);
  $('offline').hidden = !!campaigns;
  if (!campaigns) return;
  const rows = Object.entries(campaigns).map(([id, { name, today_micros: today }]) => {
    if (!FIRST_SPEND.has(id)) FIRST_SPEND.set(id, showSpend.before ? 0 : today);
    return { name, today, more: today - FIRST_SPEND.get(id) };
  });
  showSpend.before = true;
  rows.sort((a, b) => b.more - a.more || b.today - a.today);
  if (!rows.length) return;
  const table = document.createElement('table');
  for (const { name, today, more } of rows.slice(0, 8)) {
    const row = table.insertRow();
    const amount = element('td', money(today, 4));
    if (more) amount.append(document.createElement('br'), element('em', `+${money(more, 4)}`));
    row.append(element('td', name), amount);
  }
  $('spend').className = '';
  $('spend').replaceChildren(table);
}

film.addEventListener('timeupdate', () => {
  if (running) return;
  document.querySelector('#line i').style.width = `${(film.currentTime / film.duration) * 100}%`;
  if (film.currentTime >= MIDROLL_SECOND && !playedBreaks.has('mid')) playBreak('mid');
});
film.addEventListener('loadedmetadata', () => {
  if (!running) document.querySelector('.mid').style.left = `${(MIDROLL_SECOND / film.duration) * 100}%`;
  $('missing').hidden = true;
});
film.addEventListener('error', () => {
  if (running) return;
  $('missing').hidden = false;
  $('missing').textContent = config.full ? 'The film is still being made. This page loads it when it exists.' : 'There is no film. Add one to the URL: /demo?content=https://…';
  if (config.full) setTimeout(() => film.load(), 3000);
});
film.addEventListener('play', () => ($('play').hidden = true));
$('play').onclick = () => playBreak('pre');
$('restart').onclick = () => {
  if (running) return;
  playedBreaks.clear();
  film.currentTime = 0;
  playBreak('pre');
};
for (const button of document.querySelectorAll('[data-break]')) button.onclick = () => playBreak(button.dataset.break);
$('clear').onclick = clearLog;
$('reset').onclick = resetRequest;
$('request').oninput = showTag;
clearLog();
resetRequest();
if (config.full) {
  showSpend();
  setInterval(() => document.hidden || showSpend(), 3000);
} else document.querySelector('.spend').hidden = true;
document.documentElement.dataset.ready = 'yes';
