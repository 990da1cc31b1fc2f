import type { AudioTrack, SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import {
  type Bytes,
  cluster,
  concat,
  element,
  film,
  float,
  frame,
  simpleBlock,
  sourceOf,
  text,
  uint,
} from '../testing/ebml-writer.js'
import { Id } from './elements.js'
import { openMatroska } from './index.js'
import { readTracks } from './track-entry.js'
import { buildTrack } from './track-model.js'

const hex = (digits: string): Bytes => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
const NO_FILM = { timestampScale: 1_000_000, durationNs: undefined, statistics: new Map() }

interface Plan {
  readonly id: string
  readonly rate?: number
  readonly output?: number
  readonly channels?: number
  readonly bits?: number
  readonly codecPrivate?: Bytes
}

const entryOf = ({ id, rate = 48000, output, channels = 2, bits, codecPrivate }: Plan): Bytes =>
  element(
    Id.TrackEntry,
    uint(Id.TrackNumber, 1),
    uint(Id.TrackType, 2),
    text(Id.CodecID, id),
    ...(codecPrivate === undefined ? [] : [element(Id.CodecPrivate, codecPrivate)]),
    element(
      Id.Audio,
      float(Id.SamplingFrequency, rate),
      ...(output === undefined ? [] : [float(Id.OutputSamplingFrequency, output)]),
      uint(Id.Channels, channels),
      ...(bits === undefined ? [] : [uint(Id.BitDepth, bits)]),
    ),
  )

const trackOf = (plan: Plan): AudioTrack => {
  const bytes = entryOf(plan)
  return buildTrack(readTracks(bytes, 0, bytes.length)[0]!, NO_FILM)!.track as AudioTrack
}

/** A WAVEFORMATEX of stereo at 48 kHz. */
const wave = (tag: number, bits: number, extra: Bytes = new Uint8Array(0)): Bytes => {
  const bytes = Buffer.alloc(18)
  bytes.writeUInt16LE(tag)
  bytes.writeUInt16LE(2, 2)
  bytes.writeUInt32LE(48000, 4)
  bytes.writeUInt16LE(bits, 14)
  bytes.writeUInt16LE(extra.length, 16)
  return concat(new Uint8Array(bytes), extra)
}

describe('AAC', () => {
  const shown = ({ timescale, sampleRate, frameDuration, descriptions: [{ config, codecString }] }: AudioTrack) => ({
    timescale,
    sampleRate,
    frameDuration,
    config: Buffer.from(config).toString('hex'),
    codecString,
  })

  it('with SBR told first or afterwards is on the grid of what comes out', () => {
    const grid = { timescale: 48000, sampleRate: 48000, frameDuration: 2048, codecString: 'mp4a.40.5' }
    for (const config of ['2b118800', '131056e598']) {
      const plan = { id: 'A_AAC', rate: 24000, output: 48000, codecPrivate: hex(config) }
      expect(shown(trackOf(plan))).toEqual({ ...grid, config })
    }
  })

  it("with SBR that only the container's rate tells stays on the grid of its core", () => {
    const plan = { id: 'A_AAC', rate: 24000, output: 48000, codecPrivate: hex('1310') }
    expect(shown(trackOf(plan))).toEqual({
      timescale: 24000,
      sampleRate: 48000,
      frameDuration: 1024,
      config: '1310',
      codecString: 'mp4a.40.5',
    })
    expect(shown(trackOf({ ...plan, output: undefined as never })).codecString).toBe('mp4a.40.2')
  })

  it('with SBR that the CodecID tells gets a configuration that says so', () => {
    expect(shown(trackOf({ id: 'A_AAC/MPEG4/LC/SBR', rate: 24000, output: 48000 }))).toEqual({
      timescale: 48000,
      sampleRate: 48000,
      frameDuration: 2048,
      config: '131056e598',
      codecString: 'mp4a.40.5',
    })
  })

  it.each([
    [8000, '1590'],
    [22050, '1390'],
    [44100, '1210'],
    [96000, '1010'],
  ])('of %i Hz without CodecPrivate', (rate, config) => {
    const track = trackOf({ id: 'A_AAC', rate })
    expect(shown(track)).toMatchObject({ timescale: rate, frameDuration: 1024, config })
  })
})

describe('what Windows muxers write', () => {
  it.each([
    ['AAC', wave(0xff, 16, hex('1190')), 'aac', '1190', 'mp4a.40.2'],
    ['MP3', wave(0x55, 0), 'mp3', '', 'mp4a.6B'],
    ['AC-3', wave(0x2000, 0), 'ac3', '', 'ac-3'],
    ['DTS', wave(0x2001, 0), 'dts', '', 'dtsc'],
    ['PCM', wave(1, 16), 'pcm', '000000000110', 'ipcm'],
    ['floats', wave(3, 32), 'pcm', '000000000120', 'fpcm'],
    [
      'extensible PCM',
      wave(0xfffe, 24, hex('1800 03000000 0100000000001000800000aa00389b71')),
      'pcm',
      '000000000118',
      'ipcm',
    ],
  ])('%s', (_, codecPrivate, codec, config, codecString) => {
    const track = trackOf({ id: 'A_MS/ACM', codecPrivate })
    expect(track.codec).toBe(codec)
    expect(track.descriptions[0]).toEqual({ config: hex(config), codecString })
  })
})

describe('PCM', () => {
  it.each([
    ['A_PCM/INT/LIT', 16, '000000000110', 'ipcm'],
    ['A_PCM/INT/BIG', 24, '000000000018', 'ipcm'],
    ['A_PCM/FLOAT/IEEE', 64, '000000000140', 'fpcm'],
    // Matroska's 8 bits have no sign, which MP4 has no entry for.
    ['A_PCM/INT/LIT', 8, '', undefined],
  ])('%s of %i bits', (id, bits, config, codecString) => {
    expect(trackOf({ id, bits }).descriptions[0]).toEqual({ config: hex(config), codecString })
  })

  it('has samples as long as its bytes, whatever the rounded times say', async () => {
    // 441 samples are 10 ms; 21.33 ms are 1024 at 48 kHz: blocks at 0, 21, 43, 64 ms, the last one short.
    const blocks = [0, 21, 43, 64].map((time, i) => simpleBlock(1, time, true, frame(i === 3 ? 400 : 4096, i)))
    const bytes = film({
      tracks: [entryOf({ id: 'A_PCM/INT/LIT', bits: 16 })],
      clusters: [cluster(0, ...blocks)],
      cues: [{ time: 0, cluster: 0 }],
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const [batch] = (await demuxer.readSpan({ first: 0, end: 1 }, [1])) as [SampleBatch]
    expect([...batch.dts]).toEqual([0, 1024, 2048, 3072])
    expect([...batch.duration]).toEqual([1024, 1024, 1024, 100])
  })
})
