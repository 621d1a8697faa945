// Saves the content of the page's video element before the ads, and restores it after them.

import { buildStage } from './stage.js';
import { wait } from './timing.js';

// If a browser forbids sound without a user gesture, the ad plays muted.
export function playOrMute(video) {
  return video.play().catch((error) => {
    if (error.name !== 'NotAllowedError' || video.muted) return;
    video.muted = true;
    return video.play().catch(() => {});
  });
}

const ATTRIBUTES = ['src', 'poster', 'controls', 'loop', 'autoplay', 'crossorigin'];

// Saves the content once. A MediaSource stream can't be restored, so its ad plays in an element on top of the content.
export function saveContent(session) {
  if (session.screen) return;
  const { video } = session;
  const isOverlay = session.options.overlay ?? (!!video.srcObject || video.currentSrc.startsWith('blob:'));
  const attributes = ATTRIBUTES.map((name) => [name, video.getAttribute(name)]);
  const tracks = [...video.textTracks].map((track) => [track, track.mode]);
  Object.assign(session, { isOverlay, attributes, tracks, position: video.currentTime, ended: video.ended, rate: video.playbackRate });
  video.pause();
  for (const name of ATTRIBUTES) if (!isOverlay || name === 'controls') video.removeAttribute(name);
  for (const [track] of isOverlay ? [] : tracks) track.mode = 'disabled';
  session.screen = isOverlay ? Object.assign(document.createElement('video'), { muted: video.muted, volume: video.volume }) : video;
  session.screen.playsInline = true;
  session.stage = buildStage(session);
}

export async function restoreContent({ video, screen, isOverlay, attributes, tracks, position, ended, rate, stage, isReplaced, options }) {
  const hadFocus = stage?.remove();
  if (isReplaced) return;
  if (screen) {
    for (const [name, value] of attributes) {
      if (isOverlay && name !== 'controls') continue;
      if (value === null) video.removeAttribute(name);
      else video.setAttribute(name, value);
    }
    if (!isOverlay) {
      video.load();
      for (const [track, mode] of tracks) track.mode = mode;
      video.playbackRate = rate;
      if (position) {
        const seek = () => (video.currentTime = position);
        if (video.readyState) seek();
        else video.addEventListener('loadedmetadata', seek, { once: true });
      }
    }
  }
  if (hadFocus) video.focus({ preventScroll: true }); // the keyboard goes on from the content
  // An element that the page has removed would play unseen.
  if (options.resume && !ended && !video.ended && video.isConnected) await Promise.race([playOrMute(video), wait(900)]);
}
