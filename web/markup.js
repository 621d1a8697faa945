// Parses VAST 2.0 to 4.3.

import { send } from './pixels.js';

export const all = (node, path) =>
  path.split('/').reduce((nodes, name) => nodes.flatMap((one) => [...one.children].filter((child) => child.localName === name)), [node]);
export const texts = (node, path) => all(node, path).map((one) => one.textContent.trim()).filter(Boolean);
export const seconds = (text, length) =>
  !text ? null : text.endsWith('%') ? (length * parseFloat(text)) / 100 : text.split(':').reduce((sum, part) => sum * 60 + +part, 0);

const LINEAR = 'Creatives/Creative/Linear';
const CALLED = {
  impression: 'Impression',
  error: 'Error',
  click: `${LINEAR}/VideoClicks/ClickTracking`,
  viewable: 'ViewableImpression/Viewable',
  notViewable: 'ViewableImpression/NotViewable',
  viewUndetermined: 'ViewableImpression/ViewUndetermined',
};
const EVENTS = [`${LINEAR}/TrackingEvents/Tracking`, 'AdVerifications/Verification/TrackingEvents/Tracking', 'Extensions/Extension/AdVerifications/Verification/TrackingEvents/Tracking'];

// The ads of a document: those of the pod in order, then the stand-alone ads.
export function parse(vast, session, outer) {
  const root = new DOMParser().parseFromString(vast.trim(), 'text/xml').documentElement;
  if (root.getElementsByTagName('parsererror')[0]) throw { code: 100, reason: 'the answer is not XML' };
  if (root.localName !== 'VAST' && root.localName !== 'VideoAdServingTemplate') throw { code: 101, reason: 'the answer is not VAST' };
  const ads = all(root, 'Ad').flatMap((ad) => read(ad, outer, session) ?? []);
  if (!ads.length) for (const url of texts(root, 'Error')) send(url, { ERRORCODE: 303 }, session);
  return ads.sort((a, b) => (a.sequence || Infinity) - (b.sequence || Infinity) || 0);
}

function read(ad, outer, session) {
  const inside = all(ad, 'InLine')[0] ?? all(ad, 'Wrapper')[0];
  if (!inside) return null;
  const calls = [
    ...(outer?.calls ?? []),
    ...Object.entries(CALLED).flatMap(([event, path]) => texts(inside, path).map((url) => ({ event, url }))),
    ...EVENTS.flatMap((path) => all(inside, path)).map((one) => ({
      event: one.getAttribute('event'), url: one.textContent.trim(), offset: one.getAttribute('offset'),
    })),
  ];
  const linear = all(inside, LINEAR)[0];
  return {
    id: ad.getAttribute('id'),
    sequence: +ad.getAttribute('sequence'),
    title: texts(inside, 'AdTitle')[0],
    calls,
    next: texts(inside, 'VASTAdTagURI')[0],
    many: inside.getAttribute('allowMultipleAds') === 'true',
    depth: (outer?.depth ?? 0) + 1,
    linear: !!linear,
    skip: linear?.getAttribute('skipoffset') ?? outer?.skip,
    length: linear && seconds(texts(linear, 'Duration')[0]),
    media: linear ? all(linear, 'MediaFiles/MediaFile') : [],
    clickThrough: linear && texts(linear, 'VideoClicks/ClickThrough')[0],
    companions: [...all(inside, 'Creatives/Creative/CompanionAds/Companion'), ...(outer?.companions ?? [])],
    // Calls the URLs of an event, or a single URL, once.
    fire(what, macros) {
      for (const call of calls) {
        if ((call !== what && call.event !== what) || call.sent) continue;
        call.sent = true;
        session.emit('pixel', { event: call.event, url: send(call.url, { ...macros }, session) });
      }
    },
  };
}
