"""The command-line arguments of ffmpeg for each step: pure functions of a probe and a rung.

Every source has a fixed name, and ffmpeg may use only listed demuxers and protocols. So a malicious upload can't make
ffmpeg open another file or a network address.
"""

from bidder.creatives.ladder import KEYFRAME_SECONDS, MP4, Rung
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import Loudness, LoudnessTarget
from bidder.creatives.probe import VideoTrack

SOURCE = "source"
"""The name of the upload in its folder. It has no extension, so ffmpeg detects the format by the content."""

_DEMUXERS = "mov,matroska"
_THUMBNAILS = 3
_STEREO = "aformat=channel_layouts=stereo"
"""Loudness is measured after the conversion to stereo: a mono track on two loudspeakers is 3 dB louder than on one."""


def input_options(limits: Limits) -> list[str]:
    """The options of ffmpeg before the input of every command that opens an upload."""
    return [
        *("-nostdin", "-hide_banner", "-y"),
        *("-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS),
        *("-max_pixels", str(limits.max_pixels)),
    ]


PACKETS = ("-map", "0:v?", "-map", "0:a?", "-c", "copy", "-f", "framecrc", "-")
"""Prints one line for each packet of video and audio to standard output (the muxer `framecrc`)."""


def probe(limits: Limits) -> list[str]:
    """The command that prints a line for each packet, up to a second past the length limit."""
    return [*input_options(limits), "-i", SOURCE, *_until(limits), *PACKETS]


def decode(limits: Limits, video: VideoTrack, audio_stream: int | None) -> list[str]:
    """The command that decodes the whole file, fails on the first error, and prints the loudness (EBU R 128)."""
    sound = (
        []
        if audio_stream is None
        else ["-map", f"0:{audio_stream}", "-af", f"{_STEREO},ebur128=peak=true:framelog=quiet"]
    )
    return [
        *input_options(limits),
        *("-xerror", "-err_detect", "explode", "-i", SOURCE, *_until(limits)),
        *("-map", f"0:{video.stream}", *sound, "-f", "null", "-"),
    ]


def rendition(
    rung: Rung,
    video: VideoTrack,
    audio_stream: int | None,
    loudness: Loudness | None,
    target: LoudnessTarget,
    limits: Limits,
) -> list[str]:
    """The command that makes one rendition as long as the video track, in the file of `file_name`.

    Silence fills the end of an audio track that is shorter than the video, and replaces a missing audio track.
    """
    silent = audio_stream is None
    inputs = ["-i", SOURCE] + (["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"] if silent else [])
    sound = ["-map", "1:a"] if silent else ["-map", f"0:{audio_stream}", "-af", _sound(loudness, target)]
    return [
        *input_options(limits),
        *inputs,
        *("-map", f"0:{video.stream}", "-vf", ",".join(_picture(rung, video)), *sound),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-ac", "2", "-ar", "48000", "-t", f"{video.seconds:.6f}"),
        *_encoder(rung),
        file_name(rung),
    ]


def poster(video: VideoTrack, limits: Limits) -> list[str]:
    """The command that makes `poster.jpg` at a tenth of the video, and thumbnails of 320 pixels at 1/4, 1/2 and 3/4."""
    command = [*input_options(limits)]
    seconds = video.seconds
    moments = [seconds / 10, *(seconds * number / (_THUMBNAILS + 1) for number in range(1, _THUMBNAILS + 1))]
    for moment in moments:
        command += ["-ss", f"{moment:.3f}", "-i", SOURCE]
    base = [*_deinterlacing_filter(video), *_standard_range(video)]
    for number in range(len(moments)):
        scale = "scale='min(1280,iw*sar)':-2" if number == 0 else "scale=320:-2"
        name = "poster.jpg" if number == 0 else f"thumbnail-{number}.jpg"
        command += ["-map", f"{number}:{video.stream}", "-vf", ",".join([*base, scale, "setsar=1"])]
        command += ["-frames:v", "1", "-q:v", "4", "-map_metadata", "-1", name]
    return command


def file_name(rung: Rung) -> str:
    """The name of the file of a rendition."""
    return f"{rung.name}.{'mp4' if rung.mime == MP4 else 'webm'}"


def _until(limits: Limits) -> list[str]:
    return ["-t", str(limits.max_seconds + 1)]


def _picture(rung: Rung, video: VideoTrack) -> list[str]:
    return [
        *_deinterlacing_filter(video),
        f"fps={rung.frame_rate}",
        *_standard_range(video),
        f"scale={rung.width}:{rung.height}:flags=lanczos",
        "setsar=1",
        "format=yuv420p",
    ]


def _deinterlacing_filter(video: VideoTrack) -> list[str]:
    return ["bwdif=mode=send_frame"] if video.is_interlaced else []


def _standard_range(video: VideoTrack) -> list[str]:
    """The filters that convert HDR (PQ or HLG) to BT.709, since players show ads in SDR; empty for SDR."""
    if not video.is_hdr:
        return []
    return [
        "zscale=transfer=linear:npl=100",
        "format=gbrpf32le",
        "zscale=primaries=bt709",
        "tonemap=hable:desat=0",
        "zscale=transfer=bt709:matrix=bt709:range=tv",
    ]


def _sound(loudness: Loudness | None, target: LoudnessTarget) -> str:
    """The audio filters: one gain for the whole ad, which keeps its dynamics, and a limiter for peaks above -1 dB."""
    gain = 0.0 if loudness is None else target.gain(loudness)
    return f"{_STEREO},volume={gain:.2f}dB,alimiter=limit={target.peak_amplitude:.4f}:level=false,aresample=48000,apad"


def _encoder(rung: Rung) -> list[str]:
    keyframe_every = round(rung.frame_rate * KEYFRAME_SECONDS)
    keyframes = ["-g", str(keyframe_every), "-keyint_min", str(keyframe_every)]
    rate = f"{rung.video_kbits}k"
    video = ["-b:v", rate, "-maxrate", rate, "-bufsize", rate]
    audio = ["-b:a", f"{rung.audio_kbits}k"]
    if rung.mime == MP4:
        return [
            *("-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-sc_threshold", "0"),
            *(*keyframes, *video, "-c:a", "aac", *audio, "-movflags", "+faststart", "-f", "mp4"),
        ]
    return [
        *("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1", "-tile-columns", "2"),
        *(*keyframes, *video, "-c:a", "libopus", *audio, "-f", "webm"),
    ]
