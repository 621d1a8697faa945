// bidder's ad player: requests an ad, plays it in the page's <video>, and restores the content. See docs/players.md.
// `make player` bundles it into bidder/web/: GET /player.mjs as a module, GET /player.js as the global `bidder`.

import { fetchVast } from './answer.js';
import { restoreContent } from './content.js';
import { vastCode } from './faults.js';
import { parseVast } from './markup.js';
import { withDefaults } from './options.js';
import { playAll } from './pod.js';
import { buildRequest } from './request.js';

export { buildRequest };
export const version = '1.0.0';
const playing = new WeakSet();

// Resolves when the content is restored: { status, ads: [{ id, status, code }], code, reason }. Never rejects.
export async function requestAd(video, given) {
  const options = withDefaults(given);
  if (typeof video?.play !== 'function') return { status: 'error', ads: [], code: 900, reason: `not a media element: ${video}` };
  if (playing.has(video)) return { status: 'busy', ads: [] };
  playing.add(video);
  const emit = (type, detail) => {
    try {
      options.onEvent?.(type, detail);
    } catch (error) {
      console.error(error);
    }
  };
  const session = { video, options, emit, ads: [], stop: options.signal };
  if (!video.currentTime) video.pause();
  let status = 'empty', code, reason;
  try {
    const vast = options.vast ?? (await fetchVast(session));
    emit('vast', vast);
    if (options.player) {
      await options.player(vast, video);
      return { status: 'handed', ads: [], vast };
    }
    const ads = parseVast(vast, session);
    if (ads.length) await playAll(ads, session);
    status = (session.ads.find((ad) => ad.status === 'complete') ?? session.ads.at(-1))?.status ?? 'empty';
    code = session.ads.findLast((ad) => ad.code)?.code;
  } catch (error) {
    status = 'error';
    code = vastCode(error, 900);
    reason = String(error?.reason ?? error);
    if (options.signal?.aborted) [status, code] = ['aborted'];
  } finally {
    try {
      if (!options.player || status === 'error') await restoreContent(session);
    } finally {
      playing.delete(video);
    }
  }
  const result = { status, ads: session.ads, code, reason };
  emit('end', result);
  return result;
}

export default { version, requestAd, buildRequest };
