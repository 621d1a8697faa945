// Reads the consent strings of the page's consent platforms: TCF, GPP and US Privacy.

import { wait } from './timing.js';

// A consent platform that does not answer in time counts as "GDPR applies, no consent".
export async function readConsent(ms) {
  const regs = {};
  let consent;
  const readApi = (name, call) => {
    let api;
    try {
      for (let frame = window; !(api = frame[name]) && frame !== frame.parent; ) frame = frame.parent;
    } catch {} // a parent frame of another origin can't be read
    return api && Promise.race([new Promise((resolve) => call(api, resolve)).catch(() => {}), wait(ms)]);
  };
  await Promise.all([
    readApi('__tcfapi', (api, done) => {
      regs.gdpr = 1;
      api('addEventListener', 2, (data, ok) => {
        if (!ok) return;
        regs.gdpr = data.gdprApplies === false ? 0 : 1;
        consent = data.tcString || consent;
        if (!regs.gdpr || data.eventStatus !== 'cmpuishown') {
          api('removeEventListener', 2, () => {}, data.listenerId);
          done();
        }
      });
    }),
    readApi('__gpp', (api, done) =>
      api('ping', (data) => {
        if (data?.gppString) Object.assign(regs, { gpp: data.gppString, gpp_sid: data.applicableSections ?? [] });
        done();
      })),
    readApi('__uspapi', (api, done) =>
      api('getUSPData', 1, (data, ok) => {
        if (ok && data.uspString) regs.us_privacy = data.uspString;
        done();
      })),
  ]);
  return { regs, consent };
}
