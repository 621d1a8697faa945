// Builds the OpenRTB 2.6 request of a page and its player.

import { readConsent } from './consent.js';
import { withDefaults } from './options.js';

const PROTOCOLS = [2, 3, 5, 6, 7, 8, 11, 12, 13, 14];
const MIMES = ['video/mp4', 'video/webm', 'video/ogg', 'application/x-mpegURL'];

export async function buildRequest(video, given = {}) {
  const options = withDefaults(given);
  const { regs, consent } = await readConsent(options.consentTimeout);
  const { top, left, width, height } = video.getBoundingClientRect();
  const isFramed = window.top !== window;
  const page = (isFramed && document.referrer) || location.href;
  const hasGesture = navigator.userActivation?.isActive;
  const sizes = Object.keys(options.companions ?? {}).map((size) => size.split('x').map(Number));
  const pod = options.pod ?? {};
  const request = {
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
    at: 1,
    tmax: options.timeout,
    imp: [{
      id: '1',
      secure: +(location.protocol === 'https:'),
      video: {
        mimes: MIMES.filter((type) => video.canPlayType(type)),
        protocols: PROTOCOLS,
        w: Math.round(width),
        h: Math.round(height),
        linearity: 1,
        skip: 1,
        plcmt: video.muted ? 2 : 1,
        playbackmethod: [hasGesture ? 3 : video.muted ? 2 : 1],
        startdelay: video.ended ? -2 : Math.round(video.currentTime),
        pos: document.fullscreenElement?.contains(video) ? 7 : top < innerHeight && top + height > 0 && left < innerWidth ? 1 : 3,
        ...(options.maxduration && { maxduration: options.maxduration }),
        ...(pod.seconds && { poddur: pod.seconds, maxseq: pod.ads ?? 10 }),
        ...(sizes[0] && { companionad: sizes.map(([w, h], n) => ({ id: `${n}`, w, h })), companiontype: [1, 2, 3] }),
      },
    }],
    site: {
      page,
      domain: new URL(page).hostname,
      ...(document.referrer && !isFramed && { ref: document.referrer }),
      ...(video.duration > 0 && video.duration < 86400 && { content: { len: Math.round(video.duration) } }),
    },
    device: {
      ua: navigator.userAgent,
      language: navigator.language?.slice(0, 2),
      w: screen.width,
      h: screen.height,
      pxratio: devicePixelRatio,
      js: 1,
    },
    regs,
    ...(consent && { user: { consent } }),
  };
  return typeof options.request === 'function' ? options.request(request) : merge(request, options.request ?? {});
}

function merge(base, more) {
  for (const [key, value] of Object.entries(more)) {
    const isNested = value && typeof value === 'object' && base[key] && typeof base[key] === 'object';
    // Lists of objects (imp) are merged item by item; lists of values are replaced.
    base[key] = isNested && !(Array.isArray(value) && typeof value[0] !== 'object') ? merge(base[key], value) : value;
  }
  return base;
}
