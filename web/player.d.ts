// Types of GET /player.mjs, and of the global `bidder` that GET /player.js sets.

/** What became of a break, or of one of its ads. */
export type Status =
  | 'complete' // played to the end; of a break: one ad at least
  | 'skipped'
  | 'error' // `code` says which, in VAST's numbers
  | 'aborted' // by `signal`
  | 'empty' // there is no ad
  | 'handed' // the VAST went to `player`
  | 'busy'; // the element has a break already

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
  /** The document, where it went to `player`. */
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
  /** The bidder's address; without it, where the script came from. */
  bidder?: string | URL;
  /** A pod instead of a single ad: its seconds in all, and its ads at most (10). */
  pod?: { seconds: number; ads?: number };
  /** The longest ad, in seconds. */
  maxduration?: number;
  /** Where companions go: `{'300x250': element}`. */
  companions?: Record<string, Element>;
  /** OpenRTB fields that are merged into the request, or a function of it. */
  request?: object | ((request: any) => object | Promise<object>);
  /** A VAST tag to fetch instead of asking the bidder. */
  tag?: string;
  /** A VAST document to play instead of asking anybody. */
  vast?: string;
  /** Plays the VAST instead of this player; the content is its business then. */
  player?: (vast: string, video: HTMLVideoElement) => unknown;
  /** Milliseconds for the answer, and for each wrapper (900). */
  timeout?: number;
  /** Milliseconds for the page's consent platforms (200). */
  consentTimeout?: number;
  /** Milliseconds without a frame after which an ad has failed (3000). */
  mediaTimeout?: number;
  /** How many wrappers are followed (5). */
  wrappers?: number;
  /** Whether the content plays when it has the element again (true). */
  resume?: boolean;
  /** Plays the ad in an element of its own on top; without it, for streams alone (MediaSource). */
  overlay?: boolean;
  /** Ends the break. */
  signal?: AbortSignal;
  labels?: Partial<Record<'ad' | 'of' | 'skip' | 'skipIn' | 'mute' | 'unmute' | 'visit', string>>;
  onEvent?: <Type extends keyof Events>(type: Type, detail: Events[Type]) => void;
}

export const version: string;

/** Asks for a break, plays it in the element, gives the content back. Never rejects. */
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
