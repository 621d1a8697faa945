// Players of others, each given a tag's URL as their documentation says. A function plays the tag before the content,
// and says whether an ad was seen, and whether the content plays afterwards.

import { runWaterfall } from '@mailonline/video-ad-sdk';
import { VASTClient, VASTTracker } from '@dailymotion/vast-client';
import fluidPlayer from 'fluid-player';
import videojs from 'video.js';
import 'videojs-contrib-ads';

const PATIENCE = 8000; // milliseconds for a break; what a client does not do by then it does not do

const until = (holds) =>
  new Promise((resolve) => {
    const began = performance.now();
    const timer = setInterval(() => {
      if (!holds() && performance.now() - began < PATIENCE) return;
      clearInterval(timer);
      resolve();
    }, 50);
  });

const players = { vastClient, contribAds, fluid, videoAdSdk };

async function tour({ player, content, tags }) {
  const seen = {};
  for (const [name, tag] of Object.entries(tags)) {
    document.body.innerHTML = `<div id="box" style="position:relative;width:640px;height:360px">
      <video id="film" muted playsinline width="640" height="360"><source src="${content}" type="video/mp4"></video></div>`;
    const film = () => document.querySelector('video');
    let ads = 0, last;
    const watch = setInterval(() => {
      const video = [...document.querySelectorAll('video')].find((each) => each.currentSrc && each.currentSrc !== content && each.currentTime > 0);
      if (video && !(video.currentTime >= last)) ads += 1;
      last = video?.currentTime;
    }, 40);
    // Some start the content before the ad has come.
    const began = performance.now();
    const back = () => (ads || performance.now() - began > 2500) && film()?.currentSrc === content && !film().paused && film().currentTime > 0;
    await players[player](tag, film(), back);
    seen[name] = { ads, back: back() };
    clearInterval(watch);
    await new Promise((resolve) => setTimeout(resolve, 300)); // pixels of the end
  }
  return seen;
}

async function vastClient(tag, film, back) {
  const content = film.currentSrc || film.querySelector('source').src;
  const { ads } = await new VASTClient().get(tag).catch(() => ({ ads: [] }));
  for (const ad of ads) {
    const linear = ad.creatives.find((creative) => creative.type === 'linear');
    const tracker = new VASTTracker(null, ad, linear);
    film.src = linear.mediaFiles[0].fileURL;
    film.ontimeupdate = () => film.currentTime > 0 && (tracker.trackImpression(), tracker.setProgress(film.currentTime));
    const over = new Promise((resolve) => ['ended', 'error'].forEach((type) => (film[`on${type}`] = () => resolve(type))));
    film.play().catch(() => {});
    if ((await over) === 'ended') tracker.complete();
    else tracker.errorWithCode('401');
    film.ontimeupdate = film.onended = film.onerror = null;
  }
  film.src = content;
  film.play();
  await until(back);
}

async function contribAds(tag, film, back) {
  film.className = 'video-js';
  const player = videojs(film, { muted: true });
  player.ads({ timeout: 3000, prerollTimeout: 3000 });
  const { ads } = await new VASTClient().get(tag).catch(() => ({ ads: [] }));
  player.on('readyforpreroll', () => {
    if (!ads.length) return player.trigger('nopreroll');
    player.ads.startLinearAdMode();
    next();
  });
  let tracker;
  const next = () => {
    const ad = ads.shift();
    if (!ad) return player.ads.endLinearAdMode();
    const linear = ad.creatives.find((creative) => creative.type === 'linear');
    tracker = new VASTTracker(null, ad, linear);
    player.src({ src: linear.mediaFiles[0].fileURL, type: linear.mediaFiles[0].mimeType });
    player.play()?.catch(() => {});
  };
  player.on('adtimeupdate', () => player.currentTime() > 0 && (tracker.trackImpression(), tracker.setProgress(player.currentTime())));
  player.on('adended', () => (tracker.complete(), next()));
  player.on('aderror', () => (tracker.errorWithCode('401'), next()));
  player.trigger('adsready');
  player.play();
  await until(back);
}

async function fluid(tag, film, back) {
  fluidPlayer(film, {
    layoutControls: { autoPlay: true, mute: true },
    vastOptions: { adList: [{ roll: 'preRoll', vastTag: tag }], vastTimeout: 3000 },
  });
  await until(back);
}

async function videoAdSdk(tag, film, back) {
  const content = film.querySelector('source').src;
  await new Promise((done) => {
    runWaterfall(tag, document.getElementById('box'), { videoElement: film, onError: () => {}, onRunFinish: done });
    setTimeout(done, PATIENCE);
  });
  film.src = content;
  film.play();
  await until(back);
}

window.clients = { tour };
