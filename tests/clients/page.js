// The publisher's page: Prebid.js asks for bids, vast-client reads what it hands over, a <video> plays it.

import pbjs from 'prebid.js';
import 'prebid.js/modules/dvgroupBidAdapter';
import { VASTClient, VASTParser, VASTTracker } from '@dailymotion/vast-client';

// An auction for one video ad unit; the bids as Prebid.js has them. `bidder` is a host and port.
async function auction({ bidder, video, ortb2 }) {
  pbjs.processQueue();
  pbjs.setConfig({ bidderTimeout: 5000 });
  const unit = {
    code: 'player',
    mediaTypes: { video: { context: 'instream', playerSize: [[640, 360]], plcmt: 1, ...video } },
    bids: [{ bidder: 'dvgroup', params: { sspId: 'test', endpoint: bidder } }],
  };
  const { bids = {}, timedOut } = await pbjs.requestBids({ adUnits: [unit], ortb2, timeout: 5000 });
  return { bids: bids.player?.bids ?? [], timedOut };
}

// What a player without Prebid.js does: it posts the request itself, gets VAST, and reads it.
async function ask({ url, request }) {
  const answer = await fetch(url, {
    method: 'POST',
    credentials: 'include',
    headers: { 'Content-Type': 'application/json', Accept: 'application/xml' },
    body: JSON.stringify(request),
  });
  const vast = await answer.text();
  return { status: answer.status, type: answer.headers.get('Content-Type'), ...(await read({ vast })) };
}

// What a player does with a URL: an ad tag, or Prebid.js's `vastUrl`.
async function fetched({ url }) {
  const { ads, version } = await new VASTClient().get(url, { withCredentials: true });
  return { version, titles: ads.map((ad) => ad.title), sequences: ads.map((ad) => ad.sequence) };
}

async function read({ vast }) {
  const { ads, version } = await new VASTParser().parseVAST(new DOMParser().parseFromString(vast, 'text/xml'));
  return { ads, version };
}

// Plays the ad's file of a type to the end, telling the tracker what happens, as a player does.
async function watch({ vast, mime }) {
  const { ad, linear, tracker } = await tracked(vast);
  const { fileURL, width, height } = linear.mediaFiles.find((file) => file.mimeType === mime);
  const video = Object.assign(document.createElement('video'), { muted: true, src: fileURL });
  document.body.append(video);
  video.addEventListener('playing', () => tracker.trackImpression(), { once: true });
  video.addEventListener('timeupdate', () => tracker.setProgress(video.currentTime));
  await new Promise((resolve, reject) => {
    video.addEventListener('ended', resolve);
    video.addEventListener('error', () => reject(new Error(`${fileURL}: ${video.error.message}`)));
    video.play().catch(reject);
  });
  tracker.complete();
  return {
    ad: ad.id,
    ended: video.ended,
    played: video.currentTime,
    duration: video.duration,
    size: [video.videoWidth, video.videoHeight],
    said: { duration: linear.duration, size: [width, height] },
  };
}

// What the viewer and the player may do besides: click, skip, fail. Returns where the click leads to.
async function interrupt({ vast, errorCode }) {
  const { tracker } = await tracked(vast);
  const clicked = new Promise((resolve) => tracker.on('clickthrough', resolve));
  tracker.click();
  tracker.skip();
  tracker.errorWithCode(errorCode);
  return { clickThrough: await clicked, skipDelay: tracker.skipDelay };
}

async function tracked(vast) {
  const { ads } = await read({ vast });
  const linear = ads[0].creatives.find((creative) => creative.type === 'linear');
  return { ad: ads[0], linear, tracker: new VASTTracker(null, ads[0], linear) };
}

// Plays a break with the bidder's own player in a <video> that has content, from its second `at` on. `clicks` are
// buttons of the player that are pressed once they can be. `csp` and `css` apply to the page. `during` names what the page
// does with its video once the ad has started. Says how it went, and how the content is afterwards.
async function show({ bidder, script, content, at = 0, clicks = [], leave, platforms = {}, csp, css = '', during, nowhere, ...options }) {
  await loaded(script);
  if (csp) document.head.append(Object.assign(document.createElement('meta'), { httpEquiv: 'Content-Security-Policy', content: csp }));
  document.head.append(Object.assign(document.createElement('style'), { textContent: css }));
  Object.assign(window, Object.fromEntries(Object.entries(platforms).map(([name, answer]) => [name, platform(answer)])));
  const video = Object.assign(document.createElement('video'), { src: content, controls: true, width: 640, height: 360 });
  const box = document.createElement('div');
  document.body.append(video, box);
  await new Promise((done) => video.addEventListener('loadeddata', done, { once: true }));
  video.currentTime = at;
  const events = [];
  const asked = performance.now();
  let firstFrame, over;
  const press = setInterval(() => {
    const button = video.nextSibling?.shadowRoot?.querySelector(`.${clicks[0]}`);
    if (!button || button.hidden || button.disabled || !events.some(([type]) => type === 'start')) return;
    clicks.shift();
    button.focus();
    button.click();
  }, 50);
  const onEvent = (type, detail) => {
    events.push([type, detail]);
    if (type === 'start') video.requestVideoFrameCallback(() => (firstFrame ??= performance.now() - asked));
    if (type === 'pixel' && ['complete', 'skip', 'error'].includes(detail.event)) over = performance.now();
    if (type === 'start' && during === 'hide') video.style.display = 'none';
    if (type === 'start' && during === 'remove') setTimeout(() => video.remove(), 300);
    if (type === 'start' && during === 'replace') setTimeout(() => video.play(Object.assign(video, { src: `${content}?next` })), 300);
    if (type === 'vast' && leave) setTimeout(() => (location.href = 'about:blank'), leave);
  };
  if (options.companion) options.companions = { [options.companion]: box };
  if (options.hand) options.player = () => {};
  const outcome = await window.bidder.requestAd(nowhere ? null : video, { bidder: `https://${bidder}`, onEvent, ...options });
  clearInterval(press);
  const back = performance.now();
  const { src, controls, paused } = video;
  const position = video.currentTime;
  await new Promise((done) => setTimeout(done, 300)); // pixels of the end
  return {
    outcome, firstFrame, box: box.innerHTML, isFocused: document.activeElement === video, left: document.querySelectorAll('video ~ div').length - 1,
    content: { src, controls, paused, position, tookBack: over && back - over, tookAll: back - asked },
    pixels: events.filter(([type]) => type === 'pixel').map(([, { event }]) => event),
    request: events.find(([type]) => type === 'request')?.[1],
  };
}

function loaded({ src, integrity }) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src, integrity, crossOrigin: 'anonymous' });
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${src} did not load`));
    document.head.append(script);
  });
}

// A consent platform that gives this answer to its listener; null never answers.
const platform = (answer) => (...call) => answer && call.find((each) => typeof each === 'function')(answer, true);

// The player as a module: what it exports.
async function imported({ url }) {
  const module = await import(url);
  return [Object.keys(module).sort(), module.version === module.default.version];
}

window.clients = { auction, ask, fetched, read, watch, interrupt, show, imported };
