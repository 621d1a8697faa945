"""The command-line arguments of ffmpeg for each step: pure functions of a probe and a rung.

Every source has a fixed name, and ffmpeg may use only listed demuxers and protocols. So a malicious upload can't make
ffmpeg open another file or a network address.
"""

from bidder.creatives.colours import input_matrix, standard_range
from bidder.creatives.ladder import KEYFRAME_SECONDS, MP4, Rung, height_of
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import Loudness, LoudnessTarget
from bidder.creatives.probe import VideoTrack

SOURCE = "source"
"""The name of the upload in its folder. It has no extension, so ffmpeg detects the format by the content."""

_DEMUXERS = "mov,matroska"
_THUMBNAILS = 3
_POSTER_WIDTH, _THUMBNAIL_WIDTH = 1280, 320
"""In pixels; a poster is no wider than the video."""
_STEREO = "aformat=channel_layouts=stereo"
"""Loudness is measured after the conversion to stereo: a mono track on two loudspeakers is 3 dB louder than on one."""


def input_options(limits: Limits) -> list[str]:
    """The options of ffmpeg before the input of every command that opens an upload."""
    return [
        *("-nostdin", "-hide_banner", "-y"),
        *("-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS),
        *("-max_pixels", str(limits.max_pixels)),
    ]


PACKETS = ("-map", "0", "-c", "copy", "-copy_unknown", "-f", "framecrc", "-")
"""Prints one line for each packet of all tracks to standard output (the muxer `framecrc`)."""


def probe(limits: Limits) -> list[str]:
    """The command that prints a line for each packet, up to a second past the length limit."""
    return [*input_options(limits), "-i", SOURCE, *_until(limits), *PACKETS]


def decode(limits: Limits, video: VideoTrack, audio_stream: int | None) -> list[str]:
    """The command that decodes the whole file, fails on the first error, and prints the loudness (EBU R 128).

    The loudness is that of the audio until the end of the video, which is the audio of the renditions.
    """
    heard = f"atrim=end={video.seconds:.6f},{_STEREO},ebur128=peak=true:framelog=quiet"
    sound = [] if audio_stream is None else ["-map", f"0:{audio_stream}", "-af", heard]
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

    The first frame is shown from the start. Silence fills the start and the end of an audio track that is shorter than
    the video, and replaces a missing audio track.
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
    for number in range(len(moments)):
        width = min(_POSTER_WIDTH, video.width) if number == 0 else _THUMBNAIL_WIDTH
        name = "poster.jpg" if number == 0 else f"thumbnail-{number}.jpg"
        picture = [
            *_deinterlacing_filter(video),
            *standard_range(video.colours),
            _scale(video, width, height_of(video, width), "bt601:out_range=pc"),
        ]
        command += ["-map", f"{number}:{video.stream}", "-vf", ",".join([*picture, "setsar=1"])]
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
        f"fps={rung.frame_rate}:start_time=0",
        *standard_range(video.colours),
        _scale(video, rung.width, rung.height, "bt709:out_range=tv:flags=lanczos"),
        "setsar=1",
        "format=yuv420p",
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
    ]


def _scale(video: VideoTrack, width: int, height: int, output: str) -> str:
    matrix = input_matrix(video.colours, min(video.width, video.height))
    return f"scale={width}:{height}:in_color_matrix={matrix}:out_color_matrix={output}"


def _deinterlacing_filter(video: VideoTrack) -> list[str]:
    return ["bwdif=mode=send_frame"] if video.is_interlaced else []


def _sound(loudness: Loudness | None, target: LoudnessTarget) -> str:
    """The audio filters: one gain for the whole ad, which keeps its dynamics, and a limiter for peaks above -1 dB."""
    gain = 0.0 if loudness is None else target.gain(loudness)
    limiter = f"alimiter=limit={target.peak_amplitude:.4f}:level=false"
    return f"{_STEREO},volume={gain:.2f}dB,{limiter},aresample=48000:first_pts=0,apad"


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
