import { describeAudio } from '@cuemux/codecs'
import { type AudioCodec, type AudioTrack, CuemuxError, type SampleDescription } from '@cuemux/core'
import { AudioSampleEntry } from 'mp4box'
import { readAudioSpecificConfig } from './audio-specific-config.js'
import { container, payloadBox, withFields } from './boxes.js'
import { writeEsds } from './esds.js'

/** Type of the sample entry and of the box that carries the configuration. */
const AUDIO_FORMATS: Partial<Record<AudioCodec, readonly [entry: string, configBox: string]>> = {
  aac: ['mp4a', 'esds'],
  mp3: ['mp4a', 'esds'],
  mp2: ['mp4a', 'esds'],
  opus: ['Opus', 'dOps'],
  flac: ['fLaC', 'dfLa'],
  ac3: ['ac-3', 'dac3'],
  eac3: ['ec-3', 'dec3'],
  alac: ['alac', 'alac'],
  pcm: ['ipcm', 'pcmC'],
}

/** Whether an audio codec has a sample entry here. */
export function hasAudioEntry(codec: AudioCodec): boolean {
  return AUDIO_FORMATS[codec] !== undefined
}

/**
 * The sample entry of one description of an audio track (ISO/IEC 14496-12 §12.2.3 with entry version 0).
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC`, `CORRUPT_INDEX` without configuration
 */
export function audioSampleEntry(track: AudioTrack, description: SampleDescription): AudioSampleEntry {
  const format = AUDIO_FORMATS[track.codec]
  if (format === undefined || (track.codec === 'pcm' && description.config.length === 0)) {
    throw new CuemuxError('UNSUPPORTED_CODEC', `MP4 can't carry the ${track.codec} of track ${track.id}.`)
  }
  const [type, configBox] = format
  const isMpegAudio = track.codec === 'mp3' || track.codec === 'mp2'
  if (description.config.length === 0 && !isMpegAudio) {
    throw new CuemuxError('CORRUPT_INDEX', `Track ${track.id} (${track.codec}) has no decoder configuration.`)
  }
  const { channels, sampleRate } = shownFormat(track, description.config)
  const entry = withFields(new AudioSampleEntry(), {
    // ISO/IEC 23003-5 §5.1: whole numbers and floats have entries of their own.
    type: description.codecString === 'fpcm' ? 'fpcm' : type,
    data_reference_index: 1,
    channel_count: channels,
    samplesize: bitsPerSample(track, description.config),
    samplerate: sampleRate,
  })
  return container(entry, [payloadBox(configBox, configPayload(track, description.config))])
}

/** Channels and rate of the sample entry. */
function shownFormat(track: AudioTrack, config: Uint8Array): { channels: number; sampleRate: number } {
  if (track.codec === 'opus') return { channels: track.channels, sampleRate: 48000 } // Opus in ISO BMFF §4.3.2
  if (track.codec === 'flac') return { channels: track.channels, sampleRate: flacEntryRate(track.sampleRate) }
  if (track.codec !== 'aac') return { channels: track.channels, sampleRate: entryRate(track.sampleRate) }
  const asc = readAudioSpecificConfig(config)
  // One coded channel may come out as two (parametric stereo): then only the track knows.
  const coded = asc.channels === 1 ? undefined : asc.channels
  return { channels: coded ?? track.channels, sampleRate: entryRate(asc.sampleRate ?? track.sampleRate) }
}

/** The field has 16 bits before the point; 0 says that the configuration knows. */
const entryRate = (rate: number): number => (rate > 0xffff ? 0 : Math.round(rate))

/** FLAC in ISO BMFF §3.3.1: a rate over 65535 is halved until it fits (96 and 192 kHz show 48000), else shown as 65535. */
function flacEntryRate(rate: number): number {
  let shown = rate
  while (shown > 0xffff && shown % 2 === 0) shown /= 2
  return Math.min(shown, 0xffff)
}

function bitsPerSample(track: AudioTrack, config: Uint8Array): number {
  if (track.codec !== 'flac' && track.codec !== 'alac' && track.codec !== 'pcm') return 16 // a template field for lossy codecs
  return track.bitDepth ?? describeAudio(track.codec, config).bitDepth ?? 16
}

function configPayload(track: AudioTrack, config: Uint8Array): Uint8Array {
  if (track.codec === 'aac') return aacEsds(track, config)
  if (track.codec === 'mp3' || track.codec === 'mp2') return mpegAudioEsds(track)
  // ALAC's magic cookie is 24 bytes, or 48 with a channel layout; the box has version and flags before it.
  if (track.codec !== 'alac' || config.length % 24 !== 0) return config
  const payload = new Uint8Array(4 + config.length)
  payload.set(config, 4)
  return payload
}

/** AAC: a frame has at most 6144 bits per channel (ISO/IEC 14496-3 §4.5.3.1), which bounds buffer and rate. */
function aacEsds(track: AudioTrack, config: Uint8Array): Uint8Array {
  const asc = readAudioSpecificConfig(config)
  const channels = asc.channels ?? track.channels
  const codedRate = asc.coreSampleRate ?? track.sampleRate
  return writeEsds({
    objectType: 0x40,
    bufferSizeBytes: 768 * channels,
    maxBitrateBps: (6144 * channels * codedRate) / 1024,
    averageBitrateBps: track.bitrateBps ?? 0,
    decoderInfo: config,
  })
}

/** MPEG audio layers II and III have no DecoderSpecificInfo; the highest rate of the layer bounds buffer and rate. */
function mpegAudioEsds(track: AudioTrack): Uint8Array {
  const isMpeg1 = track.sampleRate >= 32000
  const layer2 = track.codec === 'mp2'
  const maxBitrateBps = isMpeg1 ? (layer2 ? 384000 : 320000) : 160000
  const frameSamples = layer2 || isMpeg1 ? 1152 : 576
  return writeEsds({
    objectType: isMpeg1 ? 0x6b : 0x69,
    bufferSizeBytes: Math.floor((frameSamples / 8) * (maxBitrateBps / track.sampleRate)) + 1,
    maxBitrateBps,
    averageBitrateBps: track.bitrateBps ?? 0,
    decoderInfo: new Uint8Array(0),
  })
}
