// Calls tracking URLs: replaces macros, and sends calls that outlive the page.

export function replaceMacros(url, macros, { video }) {
  const values = {
    CACHEBUSTING: Math.floor(1e7 + Math.random() * 9e7),
    TIMESTAMP: new Date().toISOString(),
    PAGEURL: location.href,
    DOMAIN: location.hostname,
    PLAYERSIZE: `${video.clientWidth},${video.clientHeight}`,
    ...macros,
  };
  return url.replace(/(?:\[|%5B)([A-Z_]+)(?:\]|%5D)/gi, (text, name) =>
    name.toUpperCase() in values ? encodeURIComponent(values[name.toUpperCase()]) : text);
}

// Calls a tracking URL. The call outlives the page: with keepalive, or as a beacon if the browser lacks keepalive.
export function callUrl(url, macros, session) {
  const address = replaceMacros(url, macros, session);
  if ('keepalive' in Request.prototype) fetch(address, { mode: 'no-cors', credentials: 'include', keepalive: true }).catch(() => {});
  else if (!navigator.sendBeacon?.(address)) new Image().src = address;
  return address;
}
