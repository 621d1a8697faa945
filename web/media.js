// Chooses the media file to play.

// The playable files, best first: within the bandwidth, and the smallest that fills the player.
export function choose(files, video) {
  const room = (navigator.connection?.downlink ?? 10) * 800;
  const wide = video.clientWidth * devicePixelRatio;
  const number = (file, name) => +file.getAttribute(name) || 0;
  const cost = (file) => {
    const rate = number(file, 'bitrate') || number(file, 'maxBitrate');
    const width = number(file, 'width');
    return (rate > room ? 1e6 + rate : 0) + (width < wide ? 1e4 + wide - width : width - wide);
  };
  return files
    .filter((file) => !file.getAttribute('apiFramework') && video.canPlayType(file.getAttribute('type') ?? ''))
    .sort((a, b) => cost(a) - cost(b))
    .map((file) => file.textContent.trim());
}
