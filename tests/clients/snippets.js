// The examples of docs/players.md, which a test has written into examples.js as they stand, on a page with a film.

import fluidPlayer from 'fluid-player';
import pbjs from 'prebid.js';
import 'prebid.js/modules/dvgroupBidAdapter';
import videojs from 'video.js';
import * as examples from './examples.js';

const PATIENCE = 15_000; // milliseconds for a break

const until = async (holds) => {
  const deadline = performance.now() + PATIENCE;
  while (!holds() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
};

// Replaces the page's film by an example of HTML, whose film then has `content` without sound, and runs its scripts in order.
async function insert(html, content) {
  const example = Object.assign(document.createElement('template'), { innerHTML: html }).content;
  Object.assign(example.querySelector('video'), { src: content, muted: true });
  const scripts = [...example.querySelectorAll('script')];
  document.body.replaceChildren(example); // a template's scripts do not run
  for (const { src, text } of scripts) {
    const script = document.createElement('script');
    const loaded = src && new Promise((resolve) => (script.onload = resolve));
    document.body.append(Object.assign(script, src ? { src } : { text }));
    await loaded;
  }
}

// Runs an example, presses play, and clicks on the ad once if `click` is set. Returns whether the film plays at the end,
// and the pages that the ad opened. The ad of `country` is chosen by the Prebid.js configuration and by the test's proxy.
async function example({ name, content, country, script, click }) {
  document.body.innerHTML = `<video id="film" class="video-js" controls muted playsinline width="640" height="360"><source src="${content}" type="video/mp4"></video>`;
  const opened = [];
  window.open = (url) => opened.push(url);
  document.addEventListener('click', (event) => {
    if (event.target.target !== '_blank') return;
    opened.push(event.target.href);
    event.preventDefault();
  });
  window.fluidPlayer = fluidPlayer;
  window.pbjs = pbjs;
  pbjs.processQueue();
  pbjs.setConfig({ bidderTimeout: 5000, ortb2: { device: { geo: { country } } } });
  await new Promise((resolve) => document.head.append(Object.assign(document.createElement('script'), { src: script, onload: resolve })));
  const film = () => document.querySelector('#film video, video#film, video');
  let adPlayed = false;
  const watch = setInterval(() => (adPlayed ||= film()?.currentSrc !== content && film().currentTime > 0.1), 20);
  if (typeof examples[name] === 'string') await insert(examples[name], content);
  else await examples[name]();
  const player = videojs.getPlayer('film');
  (player ?? film()).play();
  if (click) {
    await until(() => adPlayed);
    const layer = document.querySelector('.vast_clickthrough_layer, .vast-blocker') ?? film().nextSibling?.shadowRoot?.querySelector('.click');
    (layer ?? film()).click();
    await until(() => film().paused);
    film().play();
  }
  await until(() => film().currentSrc === content && film().currentTime > 0 && !film().paused && (adPlayed || !click));
  clearInterval(watch);
  const back = film().currentSrc === content && !film().paused;
  await new Promise((resolve) => setTimeout(resolve, 300)); // pixels of the end
  return { back, opened };
}

window.clients = { example };
