/**
 * Containers that ffmpeg may open for us. Without the list, a film whose bytes are a playlist (HLS, DASH, concat) would
 * make ffmpeg open whatever addresses stand in it.
 */
export const MEDIA_FORMATS: readonly string[] = [
  ...['matroska', 'webm', 'mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2', 'avi', 'flv', 'live_flv', 'asf', 'asf_o'],
  ...['mpeg', 'mpegts', 'mpegvideo', 'vob', 'ogg', 'rm', 'nut', 'mxf', 'gxf', 'dv', 'ivf', 'wtv', 'swf', 'nsv', 'amv'],
  ...['h264', 'hevc', 'm4v', 'obu', 'av1', 'yuv4mpegpipe', 'bink', 'smk', 'roq', 'film_cpk', 'pmp', 'psxstr', 'vc1'],
  ...[
    'aac',
    'ac3',
    'eac3',
    'dts',
    'dtshd',
    'mp3',
    'flac',
    'wav',
    'w64',
    'aiff',
    'au',
    'caf',
    'ape',
    'wv',
    'tta',
    'tak',
  ],
  ...['truehd', 'mlp', 'amr', 'oma', 'mpc', 'mpc8'],
]

/**
 * The options that go before `-i` and the input itself: only the loopback address and containers that hold their media
 * themselves.
 */
export function inputArguments(url: string): readonly string[] {
  return ['-protocol_whitelist', 'http,tcp', '-format_whitelist', MEDIA_FORMATS.join(','), '-i', url]
}

/** The input is a Matroska stream of our own on stdin. */
export const FEED_ARGUMENTS: readonly string[] = [
  ...['-f', 'matroska', '-protocol_whitelist', 'pipe', '-probesize', '32', '-analyzeduration', '0', '-i', 'pipe:0'],
]
