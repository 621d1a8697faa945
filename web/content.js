// Saves the content of the page's video element before the ads, and restores it after them.

import { buildStage } from './stage.js';
import { wait } from './timing.js';

// If a browser forbids sound without a user gesture, the ad plays muted.
export function play(video) {
  return video.play().catch((error) => {
    if (error.name !== 'NotAllowedError' || video.muted) return;
    video.muted = true;
    return video.play().catch(() => {});
  });
}

const ATTRIBUTES = ['src', 'poster', 'controls', 'loop', 'autoplay', 'crossorigin'];

// Saves the content. A MediaSource stream could not be restored, so its ad plays in an element on top.
export function take(session) {
  if (session.screen) return;
  const { video } = session;
  const apart = session.options.overlay ?? (!!video.srcObject || video.currentSrc.startsWith('blob:'));
  const kept = ATTRIBUTES.map((name) => [name, video.getAttribute(name)]);
  const tracks = [...video.textTracks].map((track) => [track, track.mode]);
  Object.assign(session, { apart, kept, tracks, at: video.currentTime, ended: video.ended, rate: video.playbackRate });
  video.pause();
  for (const name of ATTRIBUTES) if (!apart || name === 'controls') video.removeAttribute(name);
  for (const [track] of apart ? [] : tracks) track.mode = 'disabled';
  session.screen = apart ? Object.assign(document.createElement('video'), { muted: video.muted, volume: video.volume }) : video;
  session.screen.playsInline = true;
  session.stage = buildStage(session);
}

export async function giveBack({ video, screen, apart, kept, tracks, at, ended, rate, stage, options }) {
  if (screen) {
    stage.remove();
    for (const [name, value] of kept) {
      if (apart && name !== 'controls') continue;
      if (value === null) video.removeAttribute(name);
      else video.setAttribute(name, value);
    }
    if (!apart) {
      video.load();
      for (const [track, mode] of tracks) track.mode = mode;
      video.playbackRate = rate;
      if (at) {
        const seek = () => (video.currentTime = at);
        if (video.readyState) seek();
        else video.addEventListener('loadedmetadata', seek, { once: true });
      }
    }
  }
  if (options.resume && !ended && !video.ended) await Promise.race([play(video), wait(900)]);
}
