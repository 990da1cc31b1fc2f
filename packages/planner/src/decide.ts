import type { AudioTrack, TextTrack, Track, VideoTrack } from '@cuemux/core'
import { type ClientProfile, coversCodec } from './client.js'
import { aacObjectType, codecInWords, readVideoProfile } from './codec-words.js'

/** What is done with a track for a client, and why. */
export interface Decision {
  readonly action: 'copy' | 'encode' | 'drop'
  /** What is made from the track when it is encoded. */
  readonly target?: 'h264' | 'aac' | 'webvtt'
  /** The reason as words for people. */
  readonly reason: string
}

// What a string is as far as the codec alone tells it, for tracks whose first sample hasn't been read.
const BASE_STRINGS: Readonly<Partial<Record<Track['codec'], string>>> = {
  h264: 'avc1',
  hevc: 'hvc1',
  av1: 'av01',
  vp9: 'vp09',
  vp8: 'vp08',
  aac: 'mp4a.40.2',
  mp3: 'mp4a.6B',
  opus: 'opus',
  flac: 'fLaC',
  alac: 'alac',
  ac3: 'ac-3',
  eac3: 'ec-3',
}

// Codecs whose string says nothing beyond the codec, so that it is complete without a sample.
const COMPLETE = new Set<Track['codec']>(['mp3', 'opus', 'flac', 'alac', 'ac3', 'eac3'])

/** Other spellings by which clients name the same codec. */
const ALIASES: Readonly<Partial<Record<Track['codec'], readonly string[]>>> = {
  mp3: ['mp4a.6B', 'mp4a.69', 'mp4a.40.34', 'mp3'],
  ac3: ['ac-3', 'mp4a.a5'],
  eac3: ['ec-3', 'mp4a.a6'],
  vp9: ['vp9'],
  vp8: ['vp8'],
}

/**
 * The RFC 6381 string of a track's first sample description, or the codec's own where that says all; `undefined`
 * where only the first sample tells.
 */
export function knownCodecString(track: Track): string | undefined {
  return track.descriptions[0].codecString ?? (COMPLETE.has(track.codec) ? BASE_STRINGS[track.codec] : undefined)
}

/**
 * Whether a track is copied, encoded or dropped for a client, and the reason in words. A pure function of both; what
 * the client can't be shown to play is encoded. Text becomes WebVTT; subtitles that are pictures are dropped.
 */
export function decide(track: Track, client: ClientProfile): Decision {
  switch (track.kind) {
    case 'video':
      return decideVideo(track, client)
    case 'audio':
      return decideAudio(track, client)
    case 'text':
      return decideText(track)
  }
}

function decideVideo(track: VideoTrack, client: ClientProfile): Decision {
  const words = codecInWords(track)
  const profile = readVideoProfile(track)
  if (profile === 'broken') {
    return encoded('h264', `The decoder configuration of the ${words} track is broken`, client)
  }
  const depth = profile.bitDepth ?? track.bitDepth ?? 8
  const chroma = profile.chromaFormat ?? 1
  const plays =
    client.capabilities === undefined
      ? client.codecs.includes(track.codec) && (client.playsAnyProfile || isCommonPicture(track, depth, chroma))
      : isListed(track, client.capabilities, depth === 8 && chroma <= 1)
  return plays && track.codec in BASE_STRINGS ? copy(words, client) : encoded('h264', notPlayed(words, client), client)
}

/** Whether decoders in hardware play it: 4:2:0, and 8 bits or, beyond H.264, 10. */
function isCommonPicture(track: VideoTrack, depth: number, chroma: number): boolean {
  return chroma <= 1 && depth <= (track.codec === 'h264' ? 8 : 10)
}

function decideAudio(track: AudioTrack, client: ClientProfile): Decision {
  const words = codecInWords(track)
  const plays =
    client.capabilities === undefined
      ? client.codecs.includes(track.codec) && (client.playsAnyProfile || isCommonSound(track, client))
      : isListed(track, client.capabilities, true)
  const [{ config, codecString }] = track.descriptions
  // What the muxer has no sample entry for can't be copied, whatever plays it; nor can PCM of 8 bits.
  const isCarried = track.codec === 'pcm' ? config.length > 0 && codecString !== undefined : track.codec in BASE_STRINGS
  return plays && isCarried ? copy(words, client) : encoded('aac', notPlayed(words, client), client)
}

/** AAC beyond LC, HE and HE v2 is not decoded by most; xHE-AAC is by Apple's. */
function isCommonSound(track: AudioTrack, client: ClientProfile): boolean {
  if (track.codec !== 'aac') return true
  const type = aacObjectType(track) ?? '2'
  return type === '2' || type === '5' || type === '29' || (type === '42' && client.name === 'safari')
}

function isListed(track: Track, capabilities: readonly string[], isCommon: boolean): boolean {
  const codecString = track.descriptions[0].codecString ?? BASE_STRINGS[track.codec]
  const names = [...(codecString === undefined ? [] : [codecString]), ...(ALIASES[track.codec] ?? [])]
  return capabilities.some(capability => {
    // A name without a profile promises what every decoder of that name plays.
    if (!isCommon && !capability.includes('.') && track.codec === 'h264') return false
    return names.some(name => coversCodec(capability, name))
  })
}

function decideText(track: TextTrack): Decision {
  const words = codecInWords(track)
  switch (track.codec) {
    case 'srt':
    case 'ass':
    case 'webvtt':
    case 'tx3g':
      return encode('webvtt', `${words} need conversion to WebVTT`)
    case 'c608':
      return encode('webvtt', 'Closed captions (CEA-608) need conversion to WebVTT')
    case 'unknown':
      return { action: 'drop', reason: `${words} is not a subtitle format that Cuemux reads` }
    default:
      return { action: 'drop', reason: `${words} are pictures, which players do not show` }
  }
}

const copy = (words: string, client: ClientProfile): Decision => ({
  action: 'copy',
  reason: `${words} plays in ${client.label}`,
})

/** What is encoded to: their names for people, and the strings by which a list would have them. */
const TARGETS = { h264: ['H.264', 'avc1.64001f'], aac: ['AAC', 'mp4a.40.2'] } as const

/** Encoding, unless the client plays what would come out no more than what goes in. */
function encoded(target: 'h264' | 'aac', why: string, { capabilities }: ClientProfile): Decision {
  const [name, codecString] = TARGETS[target]
  const [family = ''] = codecString.split('.')
  const takes = (capability: string): boolean =>
    coversCodec(capability, codecString) || capability.startsWith(`${family}.`)
  if (capabilities === undefined || capabilities.some(takes))
    return encode(target, `${why}: it needs encoding to ${name}`)
  return { action: 'drop', reason: `${why}, nor does the ${name} that it could be encoded to` }
}

const encode = (target: 'h264' | 'aac' | 'webvtt', reason: string): Decision => ({ action: 'encode', target, reason })

const notPlayed = (words: string, client: ClientProfile): string =>
  client.name === 'native'
    ? `${words} is not carried in ${client.negativeLabel}`
    : `${words} does not play in ${client.negativeLabel}`
