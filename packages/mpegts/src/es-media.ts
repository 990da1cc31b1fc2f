import {
  audioConfigFromFrame,
  codecString,
  describeAudio,
  describeVideo,
  type FrameRate,
  opusConfigOfChannels,
  splitAnnexB,
  videoConfigFromSample,
} from '@cuemux/codecs'
import type { AudioCodec, AudioTrack, HdrMetadata, Track, VideoCodec, VideoTrack } from '@cuemux/core'
import { frameAudio } from './audio-framing.js'
import { audioParser } from './audio-parsers.js'
import { CLOCK_RATE } from './clock.js'
import type { ElementaryStream } from './elementary-stream.js'
import type { TrackFormat } from './format.js'
import { FRAME_KEY } from './frame-columns.js'
import { readLatmConfig } from './latm.js'
import { nalRole } from './nal-types.js'
import type { StreamEntry } from './psi.js'
import { hdrOfUnits } from './sei.js'
import { kindOfStream, languageOf, opusChannelsOf, rolesOf, type StreamKind } from './stream-kinds.js'
import { frameVideo } from './video-framing.js'

/** A track and how its packets become samples. */
export interface TrackWithFormat {
  readonly track: Track
  readonly format: TrackFormat
}

const EMPTY = new Uint8Array(0)

/** A track as the program map has it: what only its first frame tells is still missing. */
export function trackOfStream(entry: StreamEntry, isBluRay: boolean): TrackWithFormat | undefined {
  const kind = kindOfStream(entry, isBluRay)
  if (kind === undefined) return undefined
  const config = (kind.codec === 'opus' ? opusConfigOfChannels(opusChannelsOf(entry) ?? 0) : undefined) ?? EMPTY
  const common = {
    id: entry.pid,
    timescale: CLOCK_RATE,
    descriptions: [{ config, codecString: codecString(kind.codec, config) }] as const,
    containerCodec: kind.containerCodec,
    language: languageOf(entry),
    title: undefined,
    isDefault: false,
    isForced: false,
    roles: rolesOf(entry),
    start: undefined,
    end: undefined,
    bitrateBps: undefined,
    sampleCount: undefined,
  }
  const format: TrackFormat = {
    framing: kind.framing,
    anchor: undefined,
    gridTicks: 0,
    ticksPerSample: 0,
    parameterSets: [],
    latm: undefined,
    hasFields: false,
    rate: undefined,
    isScrambled: false,
    isKnown: false,
  }
  return { track: trackOfKind(kind, common), format }
}

function trackOfKind(kind: StreamKind, common: Omit<Track, 'kind' | 'codec'>): Track {
  if (kind.kind === 'text') return { ...common, kind: 'text', codec: kind.codec } as Track
  if (kind.kind === 'audio') {
    const audio: AudioTrack = {
      ...common,
      kind: 'audio',
      codec: kind.codec,
      sampleRate: 0,
      channels: 0,
      frameDuration: undefined,
      priming: 0,
      bitDepth: undefined,
      hasJoc: false,
    }
    return audio
  }
  const video: VideoTrack = {
    ...common,
    kind: 'video',
    codec: kind.codec,
    width: 0,
    height: 0,
    pixelAspect: [1, 1],
    rotation: 0,
    frameDuration: undefined,
    frameRate: undefined,
    reorderDelay: 0,
    colour: undefined,
    hdr: {},
    bitDepth: undefined,
    interlaced: false,
  }
  return video
}

/**
 * The track with what its first packets tell: configuration, rate, the row of the PES packet with its first frame.
 * `undefined` where they don't hold a frame that tells.
 *
 * @param isWhole nothing of the stream comes after them
 */
export function describeTrack(
  pair: TrackWithFormat,
  stream: ElementaryStream,
  isWhole: boolean,
): { pair: TrackWithFormat; row: number; after: number } | undefined {
  const { track, format } = pair
  if (track.kind === 'text') return undefined
  if (track.kind === 'audio') return describeSound(track, format, stream)
  return format.framing === 'avc' || format.framing === 'hevc'
    ? describePicture(track, format, stream, isWhole)
    : describeOtherPicture(track, format, stream)
}

function describeSound(
  track: AudioTrack,
  format: TrackFormat,
  stream: ElementaryStream,
): { pair: TrackWithFormat; row: number; after: number } | undefined {
  const parser = audioParser(format.framing)
  if (parser === undefined) {
    for (let row = 0; row < stream.count; row++) {
      if (stream.pts[row]! >= 0) return { pair: { track, format: { ...format, isKnown: true } }, row, after: 0 }
    }
    return undefined
  }
  const frames = frameAudio(stream, parser, 1)
  for (let i = 0; i < frames.count; i++) {
    if (frames.row[i]! < 0) continue
    const frame = stream.bytes.slice(frames.start[i]!, frames.end[i]!)
    const found = soundConfig(track, format, frame, parser.payload(frame, 0, frame.length))
    if (found === undefined) continue
    const samples = frames.ticks[i]!
    const timescale = found.sampleRate
    // With SBR a frame's samples count double at the rate that comes out.
    const ticksPerSample =
      found.frameSamples !== undefined && format.framing !== 'ac3' ? found.frameSamples / samples : 1
    const gridTicks = Math.round(samples * ticksPerSample)
    const described: AudioTrack = {
      ...track,
      codec: found.codec,
      timescale,
      sampleRate: timescale,
      channels: found.channels,
      frameDuration: gridTicks,
      bitrateBps: found.bitrateBps,
      hasJoc: found.hasJoc,
      descriptions: [{ config: found.config, codecString: codecString(found.codec, found.config) }],
    }
    const told = { ...format, gridTicks, ticksPerSample, latm: found.latm, isKnown: true }
    return {
      pair: { track: described, format: told },
      row: frames.row[i]!,
      after: Math.round(frames.after[i]! * ticksPerSample),
    }
  }
  return undefined
}

interface SoundConfig {
  readonly codec: AudioCodec
  readonly config: Uint8Array
  readonly sampleRate: number
  readonly channels: number
  readonly frameSamples: number | undefined
  readonly bitrateBps: number | undefined
  readonly hasJoc: boolean
  readonly latm: TrackFormat['latm']
}

function soundConfig(
  { codec: named, descriptions: [{ config: said }] }: AudioTrack,
  format: TrackFormat,
  frame: Uint8Array,
  payload: Uint8Array,
): SoundConfig | undefined {
  try {
    const codec = trueCodec(named, frame)
    const latm = format.framing === 'latm' ? readLatmConfig(frame) : undefined
    if (format.framing === 'latm' && latm === undefined) return undefined
    const found =
      latm === undefined
        ? audioConfigFromFrame(codec, format.framing === 'opus' ? payload : frame)
        : { config: latm.config, description: describeAudio('aac', latm.config) }
    if (found?.description.sampleRate === undefined) return undefined
    const { sampleRate, frameSamples, bitrateBps, hasJoc } = found.description
    // A packet of several streams of Opus tells the channels of its first one alone.
    const config = said.length > 0 ? said : found.config
    const channels = said.length > 0 ? describeAudio(codec, said).channels : found.description.channels
    return {
      codec,
      config,
      sampleRate,
      channels: channels ?? 2,
      frameSamples,
      bitrateBps: codec === 'aac' || codec === 'opus' ? undefined : bitrateBps,
      hasJoc: hasJoc ?? false,
      latm,
    }
  } catch {
    // The next frame may be a better one.
    return undefined
  }
}

/** What the frames are, whatever the map calls them: MPEG audio by its layer, E-AC-3 by its bsid. */
function trueCodec(named: AudioCodec, frame: Uint8Array): AudioCodec {
  if (named === 'mp3') return ((frame[1]! >> 1) & 3) === 1 ? 'mp3' : 'mp2'
  if (named === 'ac3' || named === 'eac3') return frame[5]! >> 3 > 10 ? 'eac3' : 'ac3'
  return named
}

function describePicture(
  track: VideoTrack,
  format: TrackFormat,
  stream: ElementaryStream,
  isWhole: boolean,
): { pair: TrackWithFormat; row: number; after: number } | undefined {
  const { frames, nals } = frameVideo(stream, track.codec, true)
  // The access unit that comes last may not be there in full.
  const count = isWhole ? frames.count : frames.count - 1
  for (let i = 0; i < count; i++) {
    if (
      frames.row[i]! < 0 ||
      ((frames.flags[i]! & FRAME_KEY) === 0 &&
        !hasParameters(track.codec, stream, nals.start, frames.start[i]!, frames.end[i]!))
    )
      continue
    const unit = stream.bytes.slice(Math.max(0, nals.start[frames.start[i]!]! - 3), nals.end[frames.end[i]! - 1]!)
    const described = pictureOf(track, format, unit)
    if (described !== undefined) return { pair: described, row: frames.row[i]!, after: 0 }
  }
  return undefined
}

function hasParameters(
  codec: VideoCodec,
  stream: ElementaryStream,
  starts: Int32Array,
  first: number,
  end: number,
): boolean {
  for (let n = first; n < end; n++) if (nalRole(codec, stream.bytes, starts[n]!) === 'parameters') return true
  return false
}

function pictureOf(track: VideoTrack, format: TrackFormat, unit: Uint8Array): TrackWithFormat | undefined {
  try {
    const config = videoConfigFromSample(track.codec, unit)
    if (config === undefined) return undefined
    const said = describeVideo(track.codec, config)
    const rate = said.frameRate ?? said.nominalFrameRate
    const units = splitAnnexB(unit)
    const hdr: HdrMetadata = track.codec === 'hevc' ? hdrOfUnits(units) : {}
    const described: VideoTrack = {
      ...track,
      descriptions: [{ config, codecString: codecString(track.codec, config) }],
      width: said.width ?? 0,
      height: said.height ?? 0,
      pixelAspect: said.pixelAspect ?? [1, 1],
      colour: said.colour,
      hdr,
      bitDepth: said.bitDepth,
      interlaced: said.interlaced ?? false,
      frameRate: rate === undefined ? undefined : rate.numerator / rate.denominator,
    }
    const parameterSets = units.filter(set => nalRole(track.codec, set, 0) === 'parameters')
    return {
      track: described,
      format: {
        ...format,
        rate,
        parameterSets,
        hasFields: track.codec === 'h264' && described.interlaced,
        isKnown: true,
      },
    }
  } catch {
    return undefined
  }
}

/** Rates of frame_rate_code 1 to 8 (ISO/IEC 13818-2 Table 6-4). */
const MPEG_RATES: readonly FrameRate[] = [
  { numerator: 24000, denominator: 1001 },
  { numerator: 24, denominator: 1 },
  { numerator: 25, denominator: 1 },
  { numerator: 30000, denominator: 1001 },
  { numerator: 30, denominator: 1 },
  { numerator: 50, denominator: 1 },
  { numerator: 60000, denominator: 1001 },
  { numerator: 60, denominator: 1 },
]

/** MPEG-1 and 2: size and rate of the sequence header (ISO/IEC 13818-2 §6.2.2.1); others: nothing. */
function describeOtherPicture(
  track: VideoTrack,
  format: TrackFormat,
  stream: ElementaryStream,
): { pair: TrackWithFormat; row: number; after: number } | undefined {
  const { bytes, pts, start, count, length } = stream
  for (let row = 0; row < count; row++) {
    if (pts[row]! < 0) continue
    const told = { ...format, isKnown: true }
    if (format.framing !== 'mpegvideo') return { pair: { track, format: told }, row, after: 0 }
    const at = start[row]!
    if (at + 8 > length || bytes[at + 2] !== 1 || bytes[at + 3] !== 0xb3) continue
    const width = (bytes[at + 4]! << 4) | (bytes[at + 5]! >> 4)
    const height = ((bytes[at + 5]! & 15) << 8) | bytes[at + 6]!
    const rate = MPEG_RATES[(bytes[at + 7]! & 15) - 1]
    return {
      pair: {
        track: { ...track, width, height, pixelAspect: mpegAspect(bytes[at + 7]! >> 4, width, height) },
        format: { ...told, rate },
      },
      row,
      after: 0,
    }
  }
  return undefined
}

/** aspect_ratio_information is the picture's shape (Table 6-3). */
function mpegAspect(code: number, width: number, height: number): readonly [number, number] {
  const [across, down] = code === 2 ? [4, 3] : code === 3 ? [16, 9] : [0, 0]
  if (across === 0 || width === 0 || height === 0) return [1, 1]
  let [a, b] = [across * height, down * width]
  const [x, y] = [a, b]
  while (b > 0) [a, b] = [b, a % b]
  return [x / a, y / a]
}
