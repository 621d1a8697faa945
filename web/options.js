// The default options. Times are in milliseconds.

export const DEFAULTS = { timeout: 900, consentTimeout: 200, mediaTimeout: 3000, wrappers: 5, resume: true, labels: {} };
const LABELS = { ad: 'Ad', of: 'of', skip: 'Skip ad', skipIn: 'Skip in', mute: 'Mute', unmute: 'Unmute', visit: 'Visit advertiser' };

export const withDefaults = (given) => ({ ...DEFAULTS, ...given, labels: { ...LABELS, ...given?.labels } });
