// Plays the ads of a break in sequence, and follows wrappers.

import { playAd } from './ad.js';
import { load } from './answer.js';
import { parse } from './markup.js';
import { filled } from './pixels.js';
import { within } from './timing.js';

export async function playAll(ads, session) {
  const pod = ads.some((ad) => ad.sequence) ? ads.filter((ad) => ad.sequence) : ads.slice(0, 1);
  const spare = ads.filter((ad) => !pod.includes(ad));
  const ready = pod.map((ad) => unwrap(ad, session).catch((error) => error));
  let number = 0;
  for (const next of ready) {
    let list = await next;
    number += 1;
    for (;;) {
      let outcome = null;
      for (const ad of Array.isArray(list) ? list : []) {
        if (session.stop?.aborted) return;
        outcome = await playAd(ad, session, number, pod.length);
        session.ads.push(outcome);
      }
      if (!Array.isArray(list)) session.ads.push((outcome = { id: list.id, status: 'error', code: list.code }));
      if (outcome?.status !== 'error' || !spare.length || session.stop?.aborted) break;
      list = await unwrap(spare.shift(), session).catch((error) => error);
    }
  }
}

// The ads to which a wrapper leads.
async function unwrap(ad, session) {
  if (!ad.next) return [ad];
  const { options, stop } = session;
  try {
    if (ad.depth > options.wrappers) throw { code: 302 };
    const url = filled(ad.next, {}, session);
    const loaded = load(url, 'include', stop).catch(() => load(url, 'omit', stop));
    const vast = await within(loaded, options.timeout, { code: 301 });
    const ads = parse(vast, session, ad);
    if (!ads.length) throw { code: 303 };
    const chosen = ad.many ? ads : [ads.find((one) => !one.sequence) ?? ads[0]];
    return (await Promise.all(chosen.map((one) => unwrap(one, session)))).flat();
  } catch (error) {
    const code = error.code ?? 300;
    if (!error.told) ad.fire('error', { ERRORCODE: code });
    throw { code, told: true, id: ad.id };
  }
}
