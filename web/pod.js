// Plays the ads of a break in sequence, and follows wrappers.

import { playAd } from './ad.js';
import { fetchText } from './answer.js';
import { vastCode } from './faults.js';
import { parseVast } from './markup.js';
import { replaceMacros } from './pixels.js';
import { rejectAfter } from './timing.js';

export async function playAll(ads, session) {
  const pod = ads.some((ad) => ad.sequence) ? ads.filter((ad) => ad.sequence) : ads.slice(0, 1);
  const standAlone = ads.filter((ad) => !pod.includes(ad));
  const unwrapped = pod.map((ad) => unwrap(ad, session).catch((error) => error));
  let number = 0;
  for (const pending of unwrapped) {
    let list = await pending;
    if (session.stop?.aborted) return session.ads.push({ id: null, status: 'aborted' });
    number += 1;
    for (;;) {
      let outcome = null;
      for (const ad of Array.isArray(list) ? list : []) {
        if (session.stop?.aborted) return;
        outcome = await playAd(ad, session, number, pod.length);
        session.ads.push(outcome);
      }
      if (!Array.isArray(list)) session.ads.push((outcome = { id: list.id, status: 'error', code: list.code }));
      if (outcome?.status !== 'error' || !standAlone.length || session.stop?.aborted) break;
      list = await unwrap(standAlone.shift(), session).catch((error) => error);
    }
  }
}

// Returns the ads to which a wrapper leads. Throws the VAST error code, after calling the Error URLs of the wrapper.
async function unwrap(ad, session) {
  if (!ad.next) return [ad];
  const { options, stop } = session;
  try {
    if (ad.depth > options.wrappers) throw { code: 302 };
    const url = replaceMacros(ad.next, {}, session);
    const loaded = fetchText(url, 'include', stop).catch(() => fetchText(url, 'omit', stop));
    const vast = await rejectAfter(loaded, options.timeout, null).catch(() => Promise.reject({ code: 301 }));
    const ads = parseVast(vast, session, ad);
    if (!ads.length) throw { code: 303 };
    const chosen = ad.many ? ads : [ads.find((candidate) => !candidate.sequence) ?? ads[0]];
    return (await Promise.all(chosen.map((candidate) => unwrap(candidate, session)))).flat();
  } catch (error) {
    const code = vastCode(error, 300);
    if (!error.isReported && !stop?.aborted) ad.fire('error', { ERRORCODE: code });
    throw { code, isReported: true, id: ad.id };
  }
}
