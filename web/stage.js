// The controls over the ad: label, time, skip, mute, and the click area.

import { trusted } from './trusted.js';

// Important, so that the page's styles for all elements do not apply.
const HOST = { all: 'initial', position: 'absolute', 'z-index': '1', overflow: 'hidden', font: '500 14px/1 system-ui,sans-serif', color: '#fff' };
const CSS = `*{box-sizing:border-box}video,.click{position:absolute;inset:0;width:100%;height:100%;object-fit:contain;background:#000}
button{all:unset;box-sizing:border-box;cursor:pointer;background:#000a;border-radius:6px;padding:0 14px;height:40px;min-width:40px;text-align:center}
button:focus-visible{outline:2px solid #fff;outline-offset:-3px}.click{background:none;height:100%;border-radius:0}
[disabled]{cursor:default;color:#ddd}[hidden]{display:none}.bar{position:absolute;inset:auto 0 0;height:4px;background:#fff4}
.bar i{display:block;height:100%;width:0;background:#ffc400}.foot{position:absolute;inset:auto 12px 16px;display:flex;gap:8px;align-items:center;pointer-events:none}
.foot button{pointer-events:auto}.label{background:#000a;border-radius:6px;padding:13px 12px;margin-right:auto;white-space:nowrap;font-variant-numeric:tabular-nums}
svg{width:20px;height:20px;display:block;margin:auto}.mute{padding:0}`;

export function buildStage({ video, screen, isOverlay, options: { labels } }) {
  const host = document.createElement('div');
  const style = (name, value) => host.style.setProperty(name, value, 'important');
  for (const [name, value] of Object.entries(HOST)) style(name, value);
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  root.innerHTML = trusted(`<button class="click"></button><div class="foot"><span class="label"></span><button class="mute">
<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"><path fill="currentColor" d="M4 9v6h4l5 4V5L8 9z"/><path/></svg></button>
<button class="skip" hidden></button></div><div class="bar"><i></i></div>`);
  const [click, label, mute, skip, bar, wave] = ['.click', '.label', '.mute', '.skip', 'i', 'path + path'].map((each) => root.querySelector(each));
  if (isOverlay) root.prepend(screen);
  const alignToVideo = () => {
    for (const side of ['Left', 'Top', 'Width', 'Height']) style(side.toLowerCase(), `${video[`offset${side}`]}px`);
  };
  const watcher = new ResizeObserver(alignToVideo);
  watcher.observe(video);
  alignToVideo();
  video.after(host);
  let number = 1, count = 1;
  return {
    click, mute, skip,
    reset(adNumber, adCount, link) {
      [number, count] = [adNumber, adCount];
      click.ariaLabel = link ? labels.visit : labels.ad;
      click.title = link ? labels.visit : '';
      skip.hidden = true;
      this.show(0, 0, null);
    },
    show(at, length, skipAt) {
      const left = Math.max(0, Math.ceil(length - at));
      label.textContent = `${labels.ad}${count > 1 ? ` ${number} ${labels.of} ${count}` : ''}${length ? ` · ${Math.floor(left / 60)}:${`${left % 60}`.padStart(2, '0')}` : ''}`;
      bar.style.width = `${length ? (at / length) * 100 : 0}%`;
      skip.hidden = skipAt === null || skipAt >= length;
      skip.disabled = at < skipAt;
      const text = skip.disabled ? `${labels.skipIn} ${Math.ceil(skipAt - at)}` : labels.skip;
      if (skip.textContent !== text) skip.textContent = text;
    },
    muted(now) {
      mute.ariaLabel = now ? labels.unmute : labels.mute;
      wave.setAttribute('d', now ? 'M17 9l5 6m0-6l-5 6' : 'M16 9q2 3 0 6m3-9q4 6 0 12');
    },
    // Returns whether a control of the ad had the focus.
    remove() {
      const hadFocus = host.getRootNode().activeElement === host;
      watcher.disconnect();
      host.remove();
      return hadFocus;
    },
  };
}
