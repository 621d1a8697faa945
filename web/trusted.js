// Markup for pages that require Trusted Types. VAST is parsed as XML, which runs nothing; the player's markup is constant.

let policy;
try {
  policy = window.trustedTypes?.createPolicy('bidder', { createHTML: (text) => text });
} catch {} // the page allows no policy with this name, or the script is loaded twice

export const trusted = (text) => policy?.createHTML(text) ?? text;
