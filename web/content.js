// The page's element: taken from the content for the ads, and given back.

import { buildStage } from './stage.js';
import { wait } from './timing.js';

// A browser that forbids sound without a gesture plays without.
export function play(video) {
  return video.play().catch((error) => {
    if (error.name !== 'NotAllowedError' || video.muted) return;
    video.muted = true;
    return video.play().catch(() => {});
  });
}

const ATTRIBUTES = ['src', 'poster', 'controls', 'loop', 'autoplay', 'crossorigin'];

// Takes the element from the content. A stream (MediaSource) would be lost: the ad gets an element on top of it.
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
