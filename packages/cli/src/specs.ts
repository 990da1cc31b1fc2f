import type { CommandSpec } from './usage.js'

const CLIENT_OPTION = {
  type: 'string',
  value: 'browser|safari|chromecast|native',
  help: 'who plays it: decides what is copied',
} as const

const AUDIO_OPTION = {
  type: 'string',
  multiple: true,
  value: 'LANG',
  help: 'language of the sound to begin with (BCP 47, as en or pt-BR); repeated: in order of preference',
} as const

const ENCODER_OPTION = {
  type: 'string',
  value: 'NAME',
  help: 'encoder of pictures: auto, nvenc, vaapi, qsv, videotoolbox, amf, x264 …',
} as const

/** `cuemux probe`. */
const PROBE: CommandSpec = {
  name: 'probe',
  positionals: 'INPUT',
  minPositionals: 1,
  maxPositionals: 1,
  summary: 'tracks, duration, index, keyframes; what would be copied or encoded, and why',
  options: { client: CLIENT_OPTION },
  examples: ['cuemux probe film.mkv', 'cuemux probe film.mkv --client safari --json'],
}

/** `cuemux hls`. */
const HLS: CommandSpec = {
  name: 'hls',
  positionals: 'INPUT OUT_DIR',
  minPositionals: 2,
  maxPositionals: 2,
  summary: 'writes the whole HLS presentation to a folder; run again, it resumes where it stopped',
  options: {
    'segment-duration': { type: 'string', value: 'S', help: 'target length of a segment in seconds (6)' },
    client: CLIENT_OPTION,
    muxed: { type: 'boolean', help: 'audio and video in the same segments' },
    audio: AUDIO_OPTION,
    start: { type: 'string', value: 'S', help: 'where to begin, in seconds: a keyframe is where the picture starts' },
    duration: { type: 'string', value: 'S', help: 'how much of the film, in seconds' },
    drop: { type: 'string', multiple: true, value: 'aud|filler', help: 'NAL units to leave out; repeated for both' },
    captions: { type: 'string', value: 'auto|search|off', help: 'where closed captions are looked for (auto)' },
    encoder: ENCODER_OPTION,
  },
  examples: ['cuemux hls film.mkv out', 'cuemux hls film.mkv out --segment-duration 4 --audio en'],
}

/** `cuemux serve`. */
const SERVE: CommandSpec = {
  name: 'serve',
  positionals: '[INPUT…]',
  minPositionals: 0,
  maxPositionals: Number.POSITIVE_INFINITY,
  summary: 'a page that plays these files, folders, URLs and published films (the current folder without any)',
  options: {
    port: { type: 'string', value: 'N', help: 'port (8080); 0 takes any free one' },
    host: {
      type: 'string',
      value: 'ADDRESS',
      help: 'address to listen on (127.0.0.1); 0.0.0.0 opens it to the network',
    },
    cache: {
      type: 'string',
      value: 'PLACE',
      help: 'where indexes and segments are kept: memory (the default), a folder, or redis://HOST:PORT',
    },
    sessions: {
      type: 'string',
      value: 'DIR',
      help: 'plays films through sessions: what is encoded is kept in this folder, also over a restart; see /sessions',
    },
    workers: {
      type: 'string',
      value: 'N',
      help: 'processes that share the port and the cache (1); a temporary folder is their cache unless --cache says else',
    },
  },
  examples: ['cuemux serve ~/Videos', 'cuemux serve film.mkv --host 0.0.0.0 --port 9000'],
}

/** `cuemux remux`. */
const REMUX: CommandSpec = {
  name: 'remux',
  positionals: 'INPUT OUTPUT',
  minPositionals: 2,
  maxPositionals: 2,
  summary: 'writes one fragmented MP4 (- for stdout)',
  options: {
    start: { type: 'string', value: 'S', help: 'starts at the keyframe at or before this second (0)' },
    duration: { type: 'string', value: 'S', help: 'ends after this many seconds' },
    client: { ...CLIENT_OPTION, help: 'who plays it: decides what is copied (native: all that MP4 can carry)' },
    audio: {
      ...AUDIO_OPTION,
      help: 'language of the sound (BCP 47, as en or pt-BR); repeated: in order of preference',
    },
  },
  examples: ['cuemux remux film.mkv film.mp4', 'cuemux remux film.mkv - --start 60 --duration 10 | mpv -'],
}

/** `cuemux ladder`. */
const LADDER: CommandSpec = {
  name: 'ladder',
  positionals: 'INPUT OUT',
  minPositionals: 2,
  maxPositionals: 2,
  summary: 'encodes a film in several sizes and publishes them; run again, it resumes where it stopped',
  options: {
    rungs: { type: 'string', value: 'LIST', help: 'auto (the default), seed, or heights as 1080,720,360' },
    encoder: ENCODER_OPTION,
    to: {
      type: 'string',
      value: 'PLACE',
      help: 'where to: a folder (OUT), ipfs (blocks in OUT), ipfs:API_URL (a Kubo node), s3://bucket/prefix (AWS_… variables)',
    },
    'segment-duration': { type: 'string', value: 'S', help: 'target length of a segment in seconds (4)' },
    format: {
      type: 'string',
      value: 'fmp4|ts',
      help: 'segments: fragmented MP4 (the default), or MPEG-TS for old players',
    },
    checkpoint: { type: 'string', value: 'FILE', help: 'the file that says what is stored (OUT/.cuemux-ladder.json)' },
    gateway: {
      type: 'string',
      value: 'URL',
      help: 'gateway by which playlists name files on IPFS (relative addresses)',
    },
    'public-url': {
      type: 'string',
      value: 'URL',
      help: 'where the folder or bucket is served from (relative addresses)',
    },
  },
  examples: [
    'cuemux ladder film.mkv out',
    'cuemux ladder film.mkv out --rungs 1080,720,360 --to s3://films/film',
    'cuemux ladder film.mkv out --to ipfs --gateway https://ipfs.io',
  ],
}

/** `cuemux preview`. */
const PREVIEW: CommandSpec = {
  name: 'preview',
  positionals: 'INPUT OUT_DIR',
  minPositionals: 2,
  maxPositionals: 2,
  summary:
    'a live low-bitrate preview as an HLS folder, until Ctrl-C (INPUT: http, HLS, rtsp, udp, srt, a device, lavfi, a file)',
  options: {
    height: { type: 'string', value: 'N', help: 'greatest height of the picture, which is never enlarged (720)' },
    bitrate: { type: 'string', value: 'K', help: 'rate of the picture in kbit/s (5000)' },
    'segment-duration': {
      type: 'string',
      value: 'S',
      help: 'length of a segment in seconds (5; 2 with --low-latency)',
    },
    window: { type: 'string', value: 'S', help: 'how many seconds can be played (three segments)' },
    serve: { type: 'string', value: 'PORT', help: 'serves it on 127.0.0.1 as well; 0 takes any free port' },
    'low-latency': { type: 'boolean', help: 'LL-HLS for those who play it from --serve' },
  },
  examples: [
    'cuemux preview decklink:"DeckLink Duo (1)" out',
    'cuemux preview http://tv.example/1.ts out --height 360 --bitrate 800',
    'cuemux preview "lavfi:testsrc2=size=640x360[out0];sine[out1]" out --serve 8080 --low-latency',
  ],
}

/** `cuemux inspect`. */
const INSPECT: CommandSpec = {
  name: 'inspect',
  positionals: 'INPUT',
  minPositionals: 1,
  maxPositionals: 1,
  summary: 'the structure of any file as a tree: boxes, elements or packets',
  options: {
    depth: { type: 'string', value: 'N', help: 'levels shown (all)' },
    max: { type: 'string', value: 'N', help: 'children of one name shown in one parent (10)' },
  },
  examples: ['cuemux inspect film.mkv --depth 2', 'cuemux inspect film.mp4 --max 100 --json'],
}

/** `cuemux doctor`. */
const DOCTOR: CommandSpec = {
  name: 'doctor',
  positionals: '',
  minPositionals: 0,
  maxPositionals: 0,
  summary: 'ffmpeg, encoders, Redis: what works here and what to install',
  options: {
    ffmpeg: { type: 'string', value: 'PATH', help: 'the ffmpeg to look at (CUEMUX_FFMPEG, else the one in PATH)' },
    redis: { type: 'string', value: 'URL', help: 'the Redis to look for (redis://127.0.0.1:6379)' },
  },
  examples: ['cuemux doctor', 'cuemux doctor --json'],
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [PROBE, HLS, SERVE, REMUX, LADDER, PREVIEW, INSPECT, DOCTOR]
