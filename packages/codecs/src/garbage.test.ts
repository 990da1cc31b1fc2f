import { type AudioCodec, CuemuxError, type TextCodec, type VideoCodec } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as codecs from './index.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const VIDEO: readonly VideoCodec[] = ['h264', 'hevc', 'av1', 'vp9', 'vp8', 'mpeg4', 'mpeg2', 'mpeg1', 'unknown']
const AUDIO: readonly AudioCodec[] = [
  ...(['aac', 'mp3', 'mp2', 'opus', 'vorbis', 'flac', 'alac', 'ac3', 'eac3', 'dts', 'truehd', 'pcm'] as const),
  'unknown',
]
const TEXT: readonly TextCodec[] = ['srt', 'ass', 'webvtt', 'tx3g', 'pgs', 'vobsub', 'dvbsub']

/** Real beginnings, so that changed bytes reach deep into the parsers. */
const SEEDS = [
  '0164001effe1001a6764001eacd940a02ff97011000003000100000300300f162d9601000468efbcb0fdf8f800',
  '0101600000009000000000003cf002fffdf8f800001303200001001c40010c02ffff01600000030090000003000003003c00009598acc048210001004142010201600000030090000003000003003c0000a00a480f9c92659598acd24995e08d01000003000100000300196014965e000f424001e84b8003d090007a122022000100074401c172b46240',
  '000000016764001eacd940a02ff97011000003000100000300300f162d960000000168efbcb06588',
  '81010c000a0b0000000cc4ff6700be0010',
  '824983420027f016760838241c185c1008f0',
  '130856e59d4880',
  '4f707573486561640106380180bb00000000010402000401020305',
  '664c614300000022120012000020bc00347b0bb80370002bf200259237268e8de5a089cd190a791bc021',
  '0b7701ff3487c0002084210840c0cc08e1a7bbe7d5d4c71875dfbe7d5df3',
  '021e5d01766f72626973000000000144ac0000000000008038010000000000b801',
  '7ffe8001fc3c3ff275e005380009ef7bdeffffff',
].map(hex)

const changed = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }), fc.nat(200))
  .map(([seed, changes, length]) => {
    const bytes = seed.slice(0, Math.max(1, length))
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
    return bytes
  })
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), changed)

/** Whether the call ends with a result or a CuemuxError. */
function isSafe(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch (error) {
    return error instanceof CuemuxError
  }
}

/** Numbers that a caller computes with have to be finite, and sizes and rates above 0. */
function hasSaneNumbers(call: () => object): boolean {
  try {
    const said = Object.entries(call())
    const positive = ['width', 'height', 'sampleRate', 'channels', 'frameSamples', 'bitDepth']
    return said.every(
      ([name, value]) => !positive.includes(name) || value === undefined || (value > 0 && value < 2 ** 32),
    )
  } catch {
    return true
  }
}

describe('any bytes give a result or a CuemuxError', () => {
  const runs = { numRuns: 3000 }

  it('describeVideo, videoConfigFromSample, keyframeKind', () => {
    const property = fc.property(fc.constantFrom(...VIDEO), anyBytes, fc.nat(5), (codec, bytes, size) => {
      expect(isSafe(() => codecs.describeVideo(codec, bytes))).toBe(true)
      expect(hasSaneNumbers(() => codecs.describeVideo(codec, bytes))).toBe(true)
      expect(isSafe(() => codecs.videoConfigFromSample(codec, bytes))).toBe(true)
      expect(isSafe(() => codecs.keyframeKind(codec, bytes, size))).toBe(true)
    })
    fc.assert(property, runs)
  })

  it('describeAudio, audioConfigFromFrame', () => {
    const property = fc.property(fc.constantFrom(...AUDIO), anyBytes, (codec, bytes) => {
      expect(isSafe(() => codecs.describeAudio(codec, bytes))).toBe(true)
      expect(hasSaneNumbers(() => codecs.describeAudio(codec, bytes))).toBe(true)
      expect(isSafe(() => codecs.audioConfigFromFrame(codec, bytes))).toBe(true)
      expect(hasSaneNumbers(() => codecs.audioConfigFromFrame(codec, bytes)?.description ?? {})).toBe(true)
    })
    fc.assert(property, runs)
  })

  it('codecString', () => {
    const property = fc.property(fc.constantFrom(...VIDEO, ...AUDIO, ...TEXT), anyBytes, (codec, bytes) => {
      expect(isSafe(() => codecs.codecString(codec, bytes))).toBe(true)
    })
    fc.assert(property, runs)
  })

  it('what makes configurations and walks NAL units', () => {
    const property = fc.property(anyBytes, fc.integer({ min: -1, max: 6 }), (bytes, size) => {
      expect(isSafe(() => codecs.opusHeadToDops(bytes))).toBe(true)
      expect(isSafe(() => codecs.flacToDfla(bytes))).toBe(true)
      expect(isSafe(() => codecs.alacToBox(bytes))).toBe(true)
      expect(isSafe(() => codecs.annexBToLengthPrefixed(bytes))).toBe(true)
      expect(isSafe(() => codecs.annexBToLengthPrefixed(bytes, 1))).toBe(true)
      expect(isSafe(() => codecs.isAnnexB(bytes, Math.max(1, size)))).toBe(true)
      expect(isSafe(() => codecs.hasParameterSets('hevc', bytes))).toBe(true)
      expect(isSafe(() => codecs.dolbyVisionString('hevc', bytes))).toBe(true)
      expect(isSafe(() => codecs.parseMpegAudioHeader(bytes))).toBe(true)
      expect(isSafe(() => codecs.opusPacketSamples(bytes))).toBe(true)
      expect(isSafe(() => codecs.forEachNalUnit(bytes, size, () => true))).toBe(true)
    })
    fc.assert(property, runs)
  })
})
