// Parses VAST 2.0 to 4.3.

import { callUrl } from './pixels.js';
import { trusted } from './trusted.js';

export const selectAll = (node, path) =>
  path.split('/').reduce((nodes, name) => nodes.flatMap((parent) => [...parent.children].filter((child) => child.localName === name)), [node]);
export const selectTexts = (node, path) => selectAll(node, path).map((element) => element.textContent.trim()).filter(Boolean);
export const parseSeconds = (text, length) =>
  !text ? null : text.endsWith('%') ? (length * parseFloat(text)) / 100 : text.split(':').reduce((sum, part) => sum * 60 + +part, 0);

// A URL of another scheme, such as javascript:, would run in the page of the player.
export const isPage = (url) => /^https?:/i.test(url);

const LINEAR = 'Creatives/Creative/Linear';
const URL_PATHS = {
  impression: 'Impression',
  error: 'Error',
  click: `${LINEAR}/VideoClicks/ClickTracking`,
  viewable: 'ViewableImpression/Viewable',
  notViewable: 'ViewableImpression/NotViewable',
  viewUndetermined: 'ViewableImpression/ViewUndetermined',
};
const TRACKING_PATHS = [`${LINEAR}/TrackingEvents/Tracking`, 'AdVerifications/Verification/TrackingEvents/Tracking', 'Extensions/Extension/AdVerifications/Verification/TrackingEvents/Tracking'];

// Returns the ads of a document: first the ads of the pod by `sequence`, then the stand-alone ads.
// Throws the VAST error codes 100 and 101.
export function parseVast(vast, session, outer) {
  const root = new DOMParser().parseFromString(trusted(vast.trim()), 'text/xml').documentElement;
  if (root.getElementsByTagName('parsererror')[0]) throw { code: 100, reason: 'the answer is not well-formed XML' };
  if (root.localName !== 'VAST' && root.localName !== 'VideoAdServingTemplate') throw { code: 101, reason: 'the root element of the answer is neither VAST nor VideoAdServingTemplate' };
  const ads = selectAll(root, 'Ad').flatMap((ad) => parseAd(ad, outer, session) ?? []);
  if (!ads.length) for (const url of selectTexts(root, 'Error')) callUrl(url, { ERRORCODE: 303 }, session);
  return ads.sort((a, b) => (a.sequence || Infinity) - (b.sequence || Infinity) || 0);
}

function parseAd(ad, outer, session) {
  const inside = selectAll(ad, 'InLine')[0] ?? selectAll(ad, 'Wrapper')[0];
  if (!inside) return null;
  const calls = [
    ...(outer?.calls ?? []),
    ...Object.entries(URL_PATHS).flatMap(([event, path]) => selectTexts(inside, path).map((url) => ({ event, url }))),
    ...TRACKING_PATHS.flatMap((path) => selectAll(inside, path)).map((element) => ({
      event: element.getAttribute('event'), url: element.textContent.trim(), offset: element.getAttribute('offset'),
    })),
  ];
  const linear = selectAll(inside, LINEAR)[0];
  return {
    id: ad.getAttribute('id'),
    sequence: +ad.getAttribute('sequence'),
    title: selectTexts(inside, 'AdTitle')[0],
    calls,
    next: selectTexts(inside, 'VASTAdTagURI')[0],
    many: inside.getAttribute('allowMultipleAds') === 'true',
    depth: (outer?.depth ?? 0) + 1,
    linear: !!linear,
    skip: linear?.getAttribute('skipoffset') ?? outer?.skip,
    length: linear && parseSeconds(selectTexts(linear, 'Duration')[0]),
    media: linear ? selectAll(linear, 'MediaFiles/MediaFile') : [],
    clickThrough: linear && selectTexts(linear, 'VideoClicks/ClickThrough').find(isPage),
    companions: [...selectAll(inside, 'Creatives/Creative/CompanionAds/Companion'), ...(outer?.companions ?? [])],
    // Calls the tracking URLs of an event, or one entry of `calls`. Each URL is called once.
    fire(target, macros) {
      for (const call of calls) {
        if ((call !== target && call.event !== target) || call.sent) continue;
        call.sent = true;
        session.emit('pixel', { event: call.event, url: callUrl(call.url, { ...macros }, session) });
      }
    },
  };
}
