// Fetches the VAST of the bidder, of a tag, or of a wrapper's tag.

import { buildRequest } from './request.js';
import { rejectAfter } from './timing.js';

const SCRIPT_URL = import.meta.url; // in player.js: document.currentScript.src

export async function fetchVast({ video, options, emit, stop }) {
  const timeoutError = { code: 301, reason: `no answer within the timeout of ${options.timeout} ms` };
  const answer = (async () => {
    if (options.tag) return fetchText(options.tag, 'omit', stop);
    const request = await buildRequest(video, options);
    emit('request', request);
    const headers = { Accept: 'application/xml' };
    // A string is sent as text/plain, which needs no CORS preflight.
    const url = new URL('bid', options.bidder ? `${options.bidder}`.replace(/\/*$/, '/') : SCRIPT_URL);
    return readText(await fetch(url, { method: 'POST', body: JSON.stringify(request), headers, signal: stop }));
  })();
  return rejectAfter(answer, options.timeout, timeoutError);
}

async function readText(answer) {
  if (!answer.ok) throw { code: 900, reason: `${answer.status} ${(await answer.text()).slice(0, 300)}` };
  return answer.text();
}

// An answer without content is a document without ads: some servers have no other one.
export const fetchText = async (url, credentials, signal) => (await readText(await fetch(url, { credentials, signal }))).trim() || '<VAST/>';
