// Shows companion ads in the page's elements, chosen by size.

import { isPage, selectAll, selectTexts } from './markup.js';
import { replaceMacros, callUrl } from './pixels.js';
import { trusted } from './trusted.js';

export function showCompanions(ad, session) {
  for (const [size, slot] of Object.entries(session.options.companions ?? {})) {
    const companion = ad.companions.find((node) => `${node.getAttribute('width')}x${node.getAttribute('height')}` === size);
    if (!slot || !companion) continue;
    const [width, height] = size.split('x');
    const imageUrl = selectTexts(companion, 'StaticResource')[0], html = selectTexts(companion, 'HTMLResource')[0];
    const media = Object.assign(document.createElement(imageUrl ? 'img' : 'iframe'), { width, height, alt: selectTexts(companion, 'AltText')[0] ?? '' });
    if (imageUrl || !html) media.src = imageUrl ?? selectTexts(companion, 'IFrameResource')[0];
    else media.srcdoc = trusted(html);
    if (!imageUrl) media.sandbox = 'allow-scripts allow-popups';
    const link = Object.assign(document.createElement('a'), { target: '_blank', rel: 'noopener' });
    const clickThrough = selectTexts(companion, 'CompanionClickThrough').find(isPage);
    if (clickThrough) link.href = replaceMacros(clickThrough, {}, session);
    link.onclick = () => selectTexts(companion, 'CompanionClickTracking').forEach((url) => callUrl(url, {}, session));
    link.append(media);
    slot.replaceChildren(link);
    for (const tracking of selectAll(companion, 'TrackingEvents/Tracking'))
      if (tracking.getAttribute('event') === 'creativeView') callUrl(tracking.textContent.trim(), {}, session);
    session.emit('companion', { id: ad.id, size });
  }
}
