// Types of GET /player.mjs, and of the global `bidder` that GET /player.js sets.

/** The outcome of a break, or of one of its ads. */
export type Status =
  | 'complete' // played to the end; for a break: at least one ad
  | 'skipped'
  | 'error' // `code` is the VAST error code
  | 'aborted' // ended by `signal`
  | 'empty' // no ad
  | 'handed' // `player` got the VAST
  | 'busy'; // the element is playing a break already

export interface AdOutcome {
  id: string | null;
  status: 'complete' | 'skipped' | 'error' | 'aborted';
  /** An error code of VAST 4.2, section 2.3.6.3. */
  code?: number;
}

export interface Outcome {
  status: Status;
  ads: AdOutcome[];
  code?: number;
  reason?: string;
  /** The VAST document, if `player` got it. */
  vast?: string;
}

export interface Events {
  request: object;
  vast: string;
  start: { id: string | null; title?: string; url: string };
  pixel: { event: string; url: string };
  companion: { id: string | null; size: string };
  end: Outcome;
}

export interface Options {
  /** The address of the bidder; by default the origin of the script. */
  bidder?: string | URL;
  /** A pod instead of a single ad: its total seconds, and its most ads (default 10). */
  pod?: { seconds: number; ads?: number };
  /** The longest ad in seconds. */
  maxduration?: number;
  /** The elements of companion ads by size: `{'300x250': element}`. */
  companions?: Record<string, Element>;
  /** OpenRTB fields that are merged into the request, or a function that returns the request. */
  request?: object | ((request: any) => object | Promise<object>);
  /** A VAST tag to fetch instead of a bid. */
  tag?: string;
  /** A VAST document to play instead of a bid. */
  vast?: string;
  /** Plays the VAST instead of this player, and must restore the content itself. */
  player?: (vast: string, video: HTMLVideoElement) => unknown;
  /** The time limit of the answer and of each wrapper in milliseconds (900). */
  timeout?: number;
  /** The time limit of consent platforms in milliseconds (200). */
  consentTimeout?: number;
  /** The milliseconds without a new frame after which an ad fails (3000). */
  mediaTimeout?: number;
  /** The most VAST wrappers in a chain (5). */
  wrappers?: number;
  /** Whether the content plays after the ads (true). */
  resume?: boolean;
  /** Whether the ad plays in an element on top of the content; by default only for MediaSource streams. */
  overlay?: boolean;
  /** Ends the break. */
  signal?: AbortSignal;
  labels?: Partial<Record<'ad' | 'of' | 'skip' | 'skipIn' | 'mute' | 'unmute' | 'visit', string>>;
  onEvent?: <Type extends keyof Events>(type: Type, detail: Events[Type]) => void;
}

export const version: string;

/** Requests an ad break, plays it in the element, and restores the content. Never rejects. */
export function requestAd(video: HTMLVideoElement, options?: Options): Promise<Outcome>;

/** The OpenRTB 2.6 request that `requestAd` would post. */
export function buildRequest(video: HTMLVideoElement, options?: Options): Promise<any>;

declare const bidder: { version: string; requestAd: typeof requestAd; buildRequest: typeof buildRequest };
export default bidder;

declare global {
  interface Window {
    bidder: typeof bidder;
  }
}
