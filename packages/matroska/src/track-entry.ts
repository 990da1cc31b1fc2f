import type { TrackRole } from '@cuemux/core'
import { forEachChild, readFloat, readText, readUid, readUint } from './ebml.js'
import { Id } from './elements.js'
import { type ContentEncodings, readContentEncodings } from './encodings.js'
import { readVideoSettings, type VideoSettings } from './video-settings.js'

/** The Audio element (RFC 9559 §5.1.4.1.29). */
export interface AudioSettings {
  sampleRate: number
  outputSampleRate: number
  channels: number
  bitDepth: number
}

/** One BlockAdditionMapping (RFC 9559 §5.1.4.1.17). */
export interface BlockAdditionMapping {
  readonly type: number
  readonly extraData: Uint8Array
}

/** A TrackEntry as the file has it (RFC 9559 §5.1.4.1). */
export interface TrackEntry {
  number: number
  uid: string
  type: number
  codecId: string
  codecPrivate: Uint8Array
  title: string | undefined
  language: string | undefined
  bcp47: string | undefined
  isDefault: boolean
  isForced: boolean
  roles: TrackRole[]
  defaultDurationNs: number
  codecDelayNs: number
  /** SeekPreRoll, nanoseconds. */
  seekPrerollNs: number
  encodings: ContentEncodings
  additions: BlockAdditionMapping[]
  audio: AudioSettings | undefined
  video: VideoSettings | undefined
}

const MAX_TRACKS = 1000

/**
 * Reads Tracks' payload. Entries without a number are left out, and so is the second of two with the same.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function readTracks(bytes: Uint8Array, start: number, end: number): TrackEntry[] {
  const entries: TrackEntry[] = []
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id !== Id.TrackEntry || entries.length >= MAX_TRACKS) return
    const entry = readTrackEntry(bytes, from, to)
    if (entry.number > 0 && !entries.some(other => other.number === entry.number)) entries.push(entry)
  })
  return entries
}

const ROLES: ReadonlyMap<number, TrackRole> = new Map([
  [Id.FlagHearingImpaired, 'hearing-impaired'],
  [Id.FlagVisualImpaired, 'visual-impaired'],
  [Id.FlagTextDescriptions, 'text-descriptions'],
  [Id.FlagOriginal, 'original'],
  [Id.FlagCommentary, 'commentary'],
])

type Handler = (entry: TrackEntry, bytes: Uint8Array, start: number, end: number) => void

const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [Id.TrackNumber, (entry, ...at) => void (entry.number = readUint(...at))],
  [Id.TrackUID, (entry, ...at) => void (entry.uid = readUid(...at))],
  [Id.TrackType, (entry, ...at) => void (entry.type = readUint(...at))],
  [Id.CodecID, (entry, ...at) => void (entry.codecId = readText(...at).trim())],
  [Id.CodecPrivate, (entry, bytes, start, end) => void (entry.codecPrivate = bytes.slice(start, end))],
  [Id.Name, (entry, ...at) => void (entry.title = readText(...at) || undefined)],
  [Id.Language, (entry, ...at) => void (entry.language = readText(...at))],
  [Id.LanguageBCP47, (entry, ...at) => void (entry.bcp47 = readText(...at))],
  [Id.FlagDefault, (entry, ...at) => void (entry.isDefault = readUint(...at) !== 0)],
  [Id.FlagForced, (entry, ...at) => void (entry.isForced = readUint(...at) === 1)],
  [Id.DefaultDuration, (entry, ...at) => void (entry.defaultDurationNs = readUint(...at))],
  [Id.SeekPreRoll, (entry, ...at) => void (entry.seekPrerollNs = readUint(...at))],
  [Id.CodecDelay, (entry, ...at) => void (entry.codecDelayNs = readUint(...at))],
  [Id.ContentEncodings, (entry, ...at) => void (entry.encodings = readContentEncodings(...at))],
  [Id.BlockAdditionMapping, (entry, ...at) => void entry.additions.push(readAdditionMapping(...at))],
  [Id.Audio, (entry, ...at) => void (entry.audio = readAudioSettings(...at))],
  [Id.Video, (entry, ...at) => void (entry.video = readVideoSettings(...at))],
])

function readTrackEntry(bytes: Uint8Array, start: number, end: number): TrackEntry {
  const entry: TrackEntry = {
    number: 0,
    uid: '',
    type: 0,
    codecId: '',
    codecPrivate: new Uint8Array(0),
    title: undefined,
    language: undefined,
    bcp47: undefined,
    isDefault: true,
    isForced: false,
    roles: [],
    defaultDurationNs: 0,
    codecDelayNs: 0,
    seekPrerollNs: 0,
    encodings: { frames: [], codecPrivate: [] },
    additions: [],
    audio: undefined,
    video: undefined,
  }
  forEachChild(bytes, start, end, (id, from, to) => {
    HANDLERS.get(id)?.(entry, bytes, from, to)
    const role = ROLES.get(id)
    if (role !== undefined && readUint(bytes, from, to) === 1) entry.roles.push(role)
  })
  return entry
}

function readAudioSettings(bytes: Uint8Array, start: number, end: number): AudioSettings {
  const audio: AudioSettings = { sampleRate: 8000, outputSampleRate: 0, channels: 1, bitDepth: 0 }
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.SamplingFrequency) audio.sampleRate = readFloat(bytes, from, to)
    else if (id === Id.OutputSamplingFrequency) audio.outputSampleRate = readFloat(bytes, from, to)
    else if (id === Id.Channels) audio.channels = readUint(bytes, from, to)
    else if (id === Id.BitDepth) audio.bitDepth = readUint(bytes, from, to)
  })
  return audio
}

function readAdditionMapping(bytes: Uint8Array, start: number, end: number): BlockAdditionMapping {
  let type = 0
  let extraData: Uint8Array = new Uint8Array(0)
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.BlockAddIDType) type = readUint(bytes, from, to)
    else if (id === Id.BlockAddIDExtraData) extraData = bytes.slice(from, to)
  })
  return { type, extraData }
}
