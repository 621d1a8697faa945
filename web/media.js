// Selects the media files to play.

// Returns the URLs of the playable files, the best first: within the bandwidth (kbit/s), and the smallest that fills the player.
export function selectMediaFiles(files, video) {
  const bandwidth = (navigator.connection?.downlink ?? 10) * 800;
  const playerWidth = video.clientWidth * devicePixelRatio;
  const readNumber = (file, name) => +file.getAttribute(name) || 0;
  const cost = (file) => {
    const rate = readNumber(file, 'bitrate') || readNumber(file, 'maxBitrate');
    const width = readNumber(file, 'width');
    return (rate > bandwidth ? 1e6 + rate : 0) + (width < playerWidth ? 1e4 + playerWidth - width : width - playerWidth);
  };
  return files
    .filter((file) => !file.getAttribute('apiFramework') && video.canPlayType(file.getAttribute('type') ?? ''))
    .sort((a, b) => cost(a) - cost(b))
    .map((file) => file.textContent.trim());
}
