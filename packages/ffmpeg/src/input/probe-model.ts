import type { AudioCodec, AudioTrack, Colour, SampleDescription, TrackBase, VideoCodec, VideoTrack } from '@cuemux/core'

/** A stream of an input as ffprobe found it. */
export interface ProbedStream {
  /** Number of the stream in the input. */
  readonly streamIndex: number
  /** The container's own number of it (the track's in MP4, the PID in a transport stream); `undefined` where it has none. */
  readonly containerId: number | undefined
  /** ffmpeg has a decoder for it. */
  readonly isDecodable: boolean
  /** How many pictures a decoder holds back to show them in their order; 0 for sound. */
  readonly reorderFrames: number
  /**
   * The stream in Cuemux's words, without decoder configuration: only ffmpeg reads it. Its id is the stream's number
   * plus one; its times are on ffmpeg's clock.
   */
  readonly track: VideoTrack | AudioTrack
}

type Json = Readonly<Record<string, unknown>>

const VIDEO: Readonly<Record<string, VideoCodec>> = {
  ...{ h264: 'h264', hevc: 'hevc', av1: 'av1', vp9: 'vp9', vp8: 'vp8' },
  ...{ mpeg4: 'mpeg4', mpeg2video: 'mpeg2', mpeg1video: 'mpeg1' },
}
const AUDIO: Readonly<Record<string, AudioCodec>> = {
  ...{ aac: 'aac', mp3: 'mp3', mp2: 'mp2', opus: 'opus', vorbis: 'vorbis', flac: 'flac', alac: 'alac' },
  ...{ ac3: 'ac3', eac3: 'eac3', dts: 'dts', truehd: 'truehd' },
}
const NO_CONFIG: readonly [SampleDescription] = [{ config: new Uint8Array(0), codecString: undefined }]
/** Of tracks without a constant rate: fine enough for the times of any container. */
const FINE_TIMESCALE = 90_000
/** A tick of less than this would move a start by more than 0.05 ms. */
const COARSE_TIMESCALE = 10_000
/** Rates above are a container's clock, not a rate of frames. */
const MAX_FRAME_RATE = 300

/** A stream in Cuemux's words; `undefined` for what is no picture and no sound, and for cover art. */
export function readStream(json: Json): ProbedStream | undefined {
  const streamIndex = wholeOf(json.index, 0, 10_000)
  if (streamIndex === undefined || childOf(json, 'disposition').attached_pic === 1) return undefined
  const track =
    json.codec_type === 'video' ? videoTrack(json) : json.codec_type === 'audio' ? audioTrack(json) : undefined
  if (track === undefined) return undefined
  const containerId = Number(json.id)
  return {
    streamIndex,
    containerId: json.id !== undefined && Number.isInteger(containerId) ? containerId : undefined,
    // Only a decoder tells in which format its pictures or samples come.
    isDecodable: json.pix_fmt !== undefined || json.sample_fmt !== undefined,
    reorderFrames: wholeOf(json.has_b_frames, 0, 16) ?? 0,
    track: { ...track, id: streamIndex + 1 },
  }
}

function videoTrack(json: Json): VideoTrack | undefined {
  const width = wholeOf(json.width, 1, 65_536)
  const height = wholeOf(json.height, 1, 65_536)
  if (width === undefined || height === undefined) return undefined
  const rate = fractionOf(json.r_frame_rate)
  const mean = fractionOf(json.avg_frame_rate)
  const isConstant =
    rate !== undefined && mean !== undefined && Math.abs(rate[0] / rate[1] / (mean[0] / mean[1]) - 1) < 1e-3
  const [timescale, frameDuration] =
    isConstant && rate[0] / rate[1] <= MAX_FRAME_RATE ? fineTicks(rate) : [FINE_TIMESCALE, undefined]
  const shown = mean ?? rate
  const aspect = fractionOf(String(json.sample_aspect_ratio ?? '').replace(':', '/'))
  return {
    ...commonOf(json, timescale),
    kind: 'video',
    codec: lookUp(VIDEO, json.codec_name) ?? 'unknown',
    width,
    height,
    pixelAspect: aspect ?? [1, 1],
    rotation: rotationOf(json),
    frameDuration,
    frameRate: shown === undefined ? undefined : shown[0] / shown[1],
    reorderDelay: 0,
    colour: colourOf(json),
    hdr: {},
    bitDepth: wholeOf(json.bits_per_raw_sample, 1, 16) ?? (/p(10|12)/.test(String(json.pix_fmt)) ? 10 : 8),
    interlaced: /^(tt|bb|tb|bt)$/.test(String(json.field_order)),
  }
}

/** A rate as timescale and frame duration, so fine that a start between two frames of the grid isn't moved. */
function fineTicks([timescale, frameDuration]: readonly [number, number]): readonly [number, number] {
  const factor = timescale < COARSE_TIMESCALE ? 1000 : 1
  return [timescale * factor, frameDuration * factor]
}

function audioTrack(json: Json): AudioTrack | undefined {
  const sampleRate = wholeOf(json.sample_rate, 1000, 1_000_000)
  const channels = wholeOf(json.channels, 1, 64)
  if (sampleRate === undefined || channels === undefined) return undefined
  const name = String(json.codec_name)
  return {
    ...commonOf(json, sampleRate),
    kind: 'audio',
    codec: name.startsWith('pcm_') ? 'pcm' : (lookUp(AUDIO, name) ?? 'unknown'),
    sampleRate,
    channels,
    frameDuration: undefined,
    priming: 0,
    bitDepth: wholeOf(json.bits_per_sample, 1, 64),
    hasJoc: false,
  }
}

function commonOf(json: Json, timescale: number): TrackBase {
  const tags = childOf(json, 'tags')
  const disposition = childOf(json, 'disposition')
  const startS = numberOf(json.start_time)
  const durationS = numberOf(json.duration)
  const start = startS === undefined ? undefined : Math.round(startS * timescale)
  return {
    id: 1,
    timescale,
    descriptions: NO_CONFIG,
    containerCodec: String(json.codec_name ?? '').slice(0, 40),
    language: /^[a-z]{2,3}$/.test(String(tags.language)) ? String(tags.language) : 'und',
    title: typeof tags.title === 'string' ? tags.title.slice(0, 1000) : undefined,
    isDefault: disposition.default === 1,
    isForced: disposition.forced === 1,
    roles: [],
    start,
    end: durationS === undefined ? undefined : (start ?? 0) + Math.round(durationS * timescale),
    bitrateBps: wholeOf(json.bit_rate, 1, 1e12),
    sampleCount: wholeOf(json.nb_frames, 1, 1e9),
  }
}

/** Code points of ffmpeg's names (ISO/IEC 23091-2); those that aren't here are unspecified. */
const PRIMARIES: Readonly<Record<string, number>> = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9 }
const TRANSFERS: Readonly<Record<string, number>> = { bt709: 1, smpte170m: 6, smpte2084: 16, 'arib-std-b67': 18 }
const MATRICES: Readonly<Record<string, number>> = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020nc: 9 }

function colourOf(json: Json): Colour | undefined {
  const primaries = lookUp(PRIMARIES, json.color_primaries)
  const transfer = lookUp(TRANSFERS, json.color_transfer)
  const matrix = lookUp(MATRICES, json.color_space)
  if (primaries === undefined && transfer === undefined && matrix === undefined) return undefined
  const fullRange = json.color_range === 'pc'
  return { primaries: primaries ?? 2, transfer: transfer ?? 2, matrix: matrix ?? 2, fullRange }
}

/** ffprobe's rotation is counter-clockwise. */
function rotationOf(json: Json): 0 | 90 | 180 | 270 {
  const list = Array.isArray(json.side_data_list) ? (json.side_data_list as unknown[]) : []
  for (const entry of list.slice(0, 32)) {
    const degrees = numberOf(isObject(entry) ? entry.rotation : undefined)
    if (degrees === undefined) continue
    const clockwise = (((Math.round(-degrees / 90) * 90) % 360) + 360) % 360
    return clockwise as 0 | 90 | 180 | 270
  }
  return 0
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A number, also one that is written as text. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function childOf(json: Json, key: string): Json {
  const child = json[key]
  return isObject(child) ? child : {}
}

function wholeOf(value: unknown, least: number, most: number): number | undefined {
  const number = numberOf(value)
  return number !== undefined && Number.isInteger(number) && number >= least && number <= most ? number : undefined
}

function fractionOf(value: unknown): readonly [number, number] | undefined {
  const [, above = '', below = ''] = /^(\d{1,9})\/(\d{1,9})$/.exec(String(value)) ?? []
  return Number(above) > 0 && Number(below) > 0 ? [Number(above), Number(below)] : undefined
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined
}
