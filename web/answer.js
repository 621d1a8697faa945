// Fetches the VAST of the bidder, of a tag, or of a wrapper's tag.

import { buildRequest } from './request.js';
import { within } from './timing.js';

const HOME = import.meta.url; // of the script itself, where the player is a script

export async function ask({ video, options, emit, stop }) {
  const slow = { code: 301, reason: 'no answer in time' };
  const answer = (async () => {
    if (options.tag) return load(options.tag, 'omit', stop);
    const request = await buildRequest(video, options);
    emit('request', request);
    const headers = { Accept: 'application/xml' };
    // A string is sent as text/plain, which needs no CORS preflight.
    const url = new URL('bid', options.bidder ? `${options.bidder}`.replace(/\/*$/, '/') : HOME);
    return body(await fetch(url, { method: 'POST', body: JSON.stringify(request), headers, signal: stop }));
  })();
  return within(answer, options.timeout, slow);
}

async function body(answer) {
  if (!answer.ok) throw { code: 900, reason: `${answer.status} ${(await answer.text()).slice(0, 300)}` };
  return answer.text();
}

export const load = async (url, credentials, signal) => body(await fetch(url, { credentials, signal }));
