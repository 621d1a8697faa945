// Shows companion ads in the elements of the page.

import { all, texts } from './markup.js';
import { filled, send } from './pixels.js';

export function showCompanions(ad, session) {
  for (const [size, box] of Object.entries(session.options.companions ?? {})) {
    const one = ad.companions.find((each) => `${each.getAttribute('width')}x${each.getAttribute('height')}` === size);
    if (!box || !one) continue;
    const [width, height] = size.split('x');
    const picture = texts(one, 'StaticResource')[0], html = texts(one, 'HTMLResource')[0];
    const shown = Object.assign(document.createElement(picture ? 'img' : 'iframe'), { width, height, alt: texts(one, 'AltText')[0] ?? '' });
    if (picture || !html) shown.src = picture ?? texts(one, 'IFrameResource')[0];
    else shown.srcdoc = html;
    if (!picture) shown.sandbox = 'allow-scripts allow-popups';
    const link = Object.assign(document.createElement('a'), { target: '_blank', rel: 'noopener' });
    const target = texts(one, 'CompanionClickThrough')[0];
    if (target) link.href = filled(target, {}, session);
    link.onclick = () => texts(one, 'CompanionClickTracking').forEach((url) => send(url, {}, session));
    link.append(shown);
    box.replaceChildren(link);
    for (const each of all(one, 'TrackingEvents/Tracking'))
      if (each.getAttribute('event') === 'creativeView') send(each.textContent.trim(), {}, session);
    session.emit('companion', { id: ad.id, size });
  }
}
