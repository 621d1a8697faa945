// Plays one linear ad, and calls the tracking URLs of its events.

import { showCompanions } from './companions.js';
import { playOrMute, saveContent } from './content.js';
import { parseSeconds } from './markup.js';
import { selectMediaFiles } from './media.js';
import { replaceMacros } from './pixels.js';
import { watchVisibility } from './visibility.js';

const clock = (at) => new Date((at || 0) * 1000).toISOString().slice(11, 23);

export function playAd(ad, session, number, count) {
  const { video, options, emit, stop } = session;
  const fail = (code) => {
    ad.fire('error', { ERRORCODE: code });
    return { id: ad.id, status: 'error', code };
  };
  if (!ad.linear) return fail(201);
  const files = selectMediaFiles(ad.media, video);
  if (!files.length) return fail(ad.media.length ? 403 : 401);
  saveContent(session);
  const { screen, stage } = session;
  return new Promise((resolve) => {
    const listeners = new AbortController();
    const on = (target, type, act) => target?.addEventListener(type, act, { signal: listeners.signal });
    const isInFullscreen = () => !!document.fullscreenElement?.contains(video);
    let isFullscreen = isInFullscreen();
    let file, timer, started = false, paused = false, muted = screen.muted, visibleTicks = 0;
    const length = () => (screen.duration > 0 && screen.duration < Infinity ? screen.duration : ad.length) || 0;
    const fire = (event, more) => {
      const at = clock(screen.currentTime);
      ad.fire(event, { ASSETURI: file, ADPLAYHEAD: at, MEDIAPLAYHEAD: clock(session.position), CONTENTPLAYHEAD: at, ...more });
    };
    const end = (status, code) => {
      if (listeners.signal.aborted) return;
      if (code) fire('error', { ERRORCODE: code });
      fireNotViewable();
      clearTimeout(timer);
      clearInterval(viewableTimer);
      visibility.stop();
      listeners.abort();
      resolve({ id: ad.id, status, code });
    };
    const restartStallTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(() => end('error', 402), options.mediaTimeout);
    };
    const playNextFile = () => {
      file = files.shift();
      restartStallTimer();
      screen.src = file;
      playOrMute(screen);
    };
    // Viewable by MRC: half of the ad's pixels for two continuous seconds.
    const visibility = watchVisibility(screen);
    const viewableTimer = setInterval(() => {
      if (!video.isConnected) return end('aborted'); // the page has removed the player
      visibleTicks = started && !screen.paused && visibility.isHalfVisible() ? visibleTicks + 1 : 0;
      if (visibleTicks === 20) fire('viewable', (ad.viewed = true));
    }, 100);
    const fireNotViewable = () => started && !ad.viewed && fire('notViewable');
    on(screen, 'playing', () => {
      clearTimeout(timer);
      // A browser fires `playing` again after a pause and after a stall.
      if (started) return paused && fire('resume', (paused = false));
      started = true;
      for (const event of ['loaded', 'impression', 'creativeView', 'start']) fire(event);
      fire('verificationNotExecuted', { REASON: 2 });
      showCompanions(ad, session);
      emit('start', { id: ad.id, title: ad.title, url: file });
    });
    on(screen, 'timeupdate', () => {
      if (!started) return;
      clearTimeout(timer);
      const at = screen.currentTime, share = at / (length() || Infinity);
      if (share >= 0.25) fire('firstQuartile');
      if (share >= 0.5) fire('midpoint');
      if (share >= 0.75) fire('thirdQuartile');
      for (const call of ad.calls)
        if (call.event === 'progress' && at >= parseSeconds(call.offset, length())) fire(call);
      stage.show(at, length(), parseSeconds(ad.skip, length()));
    });
    on(screen, 'waiting', () => started && restartStallTimer());
    on(screen, 'pause', () => {
      clearTimeout(timer);
      if (started && !screen.ended) fire('pause', (paused = true));
    });
    on(screen, 'volumechange', () => {
      const now = screen.muted || !screen.volume;
      if (now !== muted && started) fire(now ? 'mute' : 'unmute');
      muted = now;
      stage.muted(muted);
    });
    on(screen, 'ended', () => {
      for (const event of ['firstQuartile', 'midpoint', 'thirdQuartile', 'complete']) fire(event);
      end('complete');
    });
    on(screen, 'error', () => (!started && files.length ? playNextFile() : end('error', started ? 405 : 401)));
    // The page has put other media into the element. They are not the ad, and the content before the ad is obsolete.
    on(screen, 'emptied', () => {
      if (screen.getAttribute('src') === file) return;
      session.isReplaced = true;
      end('aborted');
    });
    on(document, 'fullscreenchange', () => {
      if (isFullscreen === isInFullscreen()) return; // of another element
      isFullscreen = !isFullscreen;
      for (const event of isFullscreen ? ['fullscreen', 'playerExpand'] : ['exitFullscreen', 'playerCollapse']) fire(event);
    });
    on(window, 'pagehide', fireNotViewable);
    on(stop, 'abort', () => end('aborted'));
    on(stage.click, 'click', () => {
      if (screen.paused) return screen.play();
      if (!ad.clickThrough) return screen.pause();
      fire('click');
      screen.pause();
      window.open(replaceMacros(ad.clickThrough, {}, session), '_blank', 'noopener');
    });
    on(stage.skip, 'click', () => {
      fire('skip');
      end('skipped');
    });
    on(stage.mute, 'click', () => (screen.muted = !screen.muted));
    stage.reset(number, count, ad.clickThrough);
    stage.muted(muted);
    playNextFile();
  });
}
