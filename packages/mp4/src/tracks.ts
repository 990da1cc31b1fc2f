import { codecString, describeAudio, describeVideo, hasParameterSets, nearUsualRate } from '@cuemux/codecs'
import type { AudioTrack, SampleDescription, TextTrack, Track, TrackBase, VideoCodec, VideoTrack } from '@cuemux/core'
import { boxByPath, payload } from './boxes.js'
import type { SampleColumns } from './cursor.js'
import { languageTag } from './language.js'
import type { TrackBoxes } from './movie.js'
import {
  audioEntry,
  type EntryFields,
  entryFields,
  entryFormat,
  readCleanAperture,
  readColour,
  readHdr,
  readPixelAspect,
  statedBitrate,
  textCodec,
  textConfig,
  videoEntry,
} from './sample-entry.js'
import type { TrackHeader } from './skeleton.js'
import type { TrackTimeline } from './timeline.js'
import { readTrackKinds } from './track-kinds.js'
import { trackTitle } from './user-data.js'

/** What a track is made from. */
interface TrackInput {
  readonly bytes: Uint8Array
  readonly boxes: TrackBoxes
  readonly header: TrackHeader
  readonly columns: SampleColumns
  readonly timeline: TrackTimeline
  readonly isDefault: boolean
}

interface Entry {
  readonly fields: EntryFields
  readonly format: string
  /** Second opinion on the codec string. */
  readonly opinion: string | undefined
}

function entriesOf({ bytes, boxes, header }: TrackInput): [Entry, ...Entry[]] {
  const entries = boxes.entries.map((place, i) => {
    const fields = entryFields(bytes, place, boxes.handler)
    const { format } = entryFormat(bytes, place, fields)
    return { fields, format, opinion: header.codecStrings[i] }
  })
  return entries as [Entry, ...Entry[]]
}

/** More sizes than these are not added up for a bit rate that the film states itself: a long film opens faster. */
const MAX_SUMMED = 65_536

/** What all kinds of track have. */
function base(input: TrackInput, format: string): Omit<TrackBase, 'descriptions'> {
  const { bytes, boxes, header, columns, timeline } = input
  const count = timeline.end - timeline.first
  const seconds = (timeline.stop - timeline.start) / header.timescale
  const fields = entryFields(bytes, boxes.entries[0]!, boxes.handler)
  const stated = count > MAX_SUMMED ? statedBitrate(bytes, fields) : 0
  const bits = stated > 0 ? stated * seconds : columns.sizes.between(timeline.first, timeline.end) * 8
  return {
    id: header.id,
    timescale: header.timescale,
    containerCodec: format,
    language: languageTag(header.languageCode, header.extendedLanguage),
    title: trackTitle(bytes, boxes.udta, header.handlerName),
    isDefault: input.isDefault,
    ...readTrackKinds(bytes, boxes.udta),
    start: timeline.start,
    end: timeline.stop,
    bitrateBps: seconds > 0 ? Math.round(bits / seconds) : undefined,
    sampleCount: count,
  }
}

/** The tkhd matrix as a clockwise turn (ISO/IEC 14496-12 §8.3.2: a, b, u, c, d, …); other transformations are none. */
function rotationOf(matrix: ArrayLike<number>): 0 | 90 | 180 | 270 {
  const [a = 1, b = 0, c = 0, d = 1] = [matrix[0], matrix[1], matrix[3], matrix[4]].map(value => Math.sign(value ?? 0))
  if (a === 0 && d === 0 && b > 0 && c < 0) return 90
  if (b === 0 && c === 0 && a < 0 && d < 0) return 180
  return a === 0 && d === 0 && b < 0 && c > 0 ? 270 : 0
}

/** RFC 6381 string: ours, else mp4box's where it is more than the entry's name. */
function codecStringOf(ours: string | undefined, entry: Entry): string | undefined {
  if (ours !== undefined) return ours
  return entry.opinion !== undefined && entry.opinion !== entry.format.replace('.', '') ? entry.opinion : undefined
}

function videoTrack(input: TrackInput): VideoTrack {
  const { bytes, header, columns, timeline } = input
  const entries = entriesOf(input)
  const [{ fields, format }] = entries
  const { codec, config } = videoEntry(bytes, format, fields)
  const details = codec === 'unknown' || config.length === 0 ? {} : describeVideo(codec, config)
  const width = fields.width || details.width || 0
  const height = fields.height || details.height || 0
  const descriptions = entries.map(entry => {
    const described = videoEntry(bytes, entry.format, entry.fields)
    return {
      config: described.config,
      codecString: codecStringOf(
        described.config.length === 0
          ? undefined
          : codecString(described.codec, described.config, pictureEntry(entry.format, described)),
        entry,
      ),
      ...(entry.fields.width !== width ? { width: entry.fields.width } : {}),
      ...(entry.fields.height !== height ? { height: entry.fields.height } : {}),
    }
  }) as [SampleDescription, ...SampleDescription[]]
  const cleanAperture = readCleanAperture(bytes, fields)
  const count = timeline.end - timeline.first
  const ticks = timeline.stop - timeline.start
  return {
    ...base(input, format),
    kind: 'video',
    codec,
    descriptions,
    width,
    height,
    pixelAspect: readPixelAspect(bytes, fields) ?? details.pixelAspect ?? [1, 1],
    rotation: rotationOf(header.matrix),
    frameDuration: columns.times.isConstant ? columns.times.firstDuration : undefined,
    frameRate: frameRateOf(columns, header.timescale, count, ticks),
    reorderDelay: timeline.start - timeline.firstDecode,
    colour: readColour(bytes, fields) ?? details.colour,
    hdr: readHdr(bytes, fields),
    ...(cleanAperture === undefined ? {} : { cleanAperture }),
    bitDepth: details.bitDepth,
    interlaced: details.interlaced ?? interlacedByField(bytes, fields),
  }
}

/**
 * The sample entry that the pictures need: `hvc1` in place of `hev1` where the configuration has all parameter sets, as
 * players of Apple want it (HLS Authoring Specification: parameter sets in the sample descriptions).
 */
function pictureEntry(
  format: string,
  { codec, config }: { readonly codec: VideoCodec; readonly config: Uint8Array },
): string {
  return format === 'hev1' && hasParameterSets(codec, config) ? 'hvc1' : format
}

function frameRateOf(columns: SampleColumns, timescale: number, count: number, ticks: number): number | undefined {
  if (columns.times.isConstant) return timescale / columns.times.firstDuration
  return ticks > 0 && count > 1 ? nearUsualRate((count * timescale) / ticks) : undefined
}

/** QuickTime's `fiel`: two fields a frame. */
function interlacedByField(bytes: Uint8Array, fields: EntryFields): boolean {
  const fiel = boxByPath(bytes, fields.boxes, 'fiel')
  return fiel !== undefined && payload(bytes, fiel)[0] === 2
}

function audioTrack(input: TrackInput): AudioTrack {
  const { bytes, header, columns, timeline } = input
  const entries = entriesOf(input)
  const [{ fields, format }] = entries
  const { codec, config } = audioEntry(bytes, format, fields)
  const details = codec === 'unknown' || config.length === 0 ? {} : describeAudio(codec, config)
  const descriptions = entries.map(entry => {
    const described = audioEntry(bytes, entry.format, entry.fields)
    const isKnown = described.codec !== 'unknown' && (described.config.length > 0 || described.codec === 'mp3')
    if (described.isoEntry !== undefined) return { config: described.config, codecString: described.isoEntry.type }
    const ours = isKnown ? codecString(described.codec, described.config, entry.format) : undefined
    return { config: described.config, codecString: codecStringOf(ours, entry) }
  }) as [SampleDescription, ...SampleDescription[]]
  const isLossless = codec === 'pcm' || codec === 'flac' || codec === 'alac'
  return {
    ...base(input, format),
    kind: 'audio',
    codec,
    descriptions,
    sampleRate: details.sampleRate ?? (fields.sampleRate || header.timescale),
    channels: details.channels ?? fields.channels,
    frameDuration: columns.times.isConstant ? columns.times.firstDuration : undefined,
    priming: Math.max(0, timeline.start - timeline.firstPresentation),
    bitDepth: details.bitDepth ?? (isLossless && fields.sampleBits > 0 ? fields.sampleBits : undefined),
    hasJoc: details.hasJoc ?? false,
  }
}

function textTrack(input: TrackInput): TextTrack {
  const [{ format, opinion }] = entriesOf(input)
  const codec = textCodec(format)
  const descriptions = input.boxes.entries.map(entry => ({
    config: textConfig(input.bytes, entry, codec),
    codecString: codec === 'unknown' ? undefined : opinion,
  })) as [SampleDescription, ...SampleDescription[]]
  const common = base(input, format)
  // displayFlags of tx3g (QuickTime File Format, "Subtitle sample description"): all samples are forced.
  const isForced = common.isForced || (codec === 'tx3g' && (descriptions[0].config[0] ?? 0) >= 0x80)
  return { ...common, kind: 'text', codec, descriptions, isForced }
}

/** The track as core's vocabulary has it. */
export function makeTrack(input: TrackInput, kind: Track['kind']): Track {
  if (kind === 'video') return videoTrack(input)
  return kind === 'audio' ? audioTrack(input) : textTrack(input)
}
