// Third-party players for the demo. Each plays a tag and then the content in a given element.
// `make demo-players` bundles them into build/demo, which `make run` serves. Stacks in AWS do not have them.

import { VASTClient, VASTTracker } from '@dailymotion/vast-client';
import fluidPlayer from 'fluid-player';
import videojs from 'video.js';
import 'video.js/dist/video-js.css';
import 'videojs-contrib-ads';

async function playVideojs(film, tag) {
  film.className = 'video-js';
  const player = videojs(film, { controls: true, fill: true });
  player.ads();
  player.play();
  const { ads } = await new VASTClient().get(tag);
  let tracker;
  const next = () => {
    const ad = ads.shift();
    if (!ad) return player.ads.endLinearAdMode();
    const linear = ad.creatives.find((creative) => creative.type === 'linear');
    tracker = new VASTTracker(null, ad, linear);
    const [file] = linear.mediaFiles;
    player.src({ src: file.fileURL, type: file.mimeType });
    player.play();
  };
  player.on('readyforpreroll', () => (ads.length ? (player.ads.startLinearAdMode(), next()) : player.trigger('nopreroll')));
  player.on('adplaying', () => tracker.trackImpression());
  player.on('adtimeupdate', () => tracker.setProgress(player.currentTime()));
  player.on('adended', () => (tracker.complete(), next()));
  player.on('aderror', () => (tracker.errorWithCode('401'), next()));
  player.trigger('adsready');
  return () => player.dispose();
}

function playFluid(film, tag) {
  const player = fluidPlayer(film, {
    layoutControls: { autoPlay: true, fillToContainer: true },
    vastOptions: { adList: [{ roll: 'preRoll', vastTag: tag }] },
  });
  return () => player.destroy();
}

window.demoPlayers = { 'video.js': playVideojs, Fluid: playFluid };
