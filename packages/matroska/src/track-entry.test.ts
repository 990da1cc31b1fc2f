import { describe, expect, it } from 'vitest'
import { audioEntry, type Bytes, element, float, text, uint, videoEntry } from '../testing/ebml-writer.js'
import { codecOfId } from './codec-ids.js'
import { Id } from './elements.js'
import { rateOfDefaultDuration, timescaleOfRate } from './frame-rate.js'
import { languageTag } from './languages.js'
import { readTracks, type TrackEntry } from './track-entry.js'
import { buildTrack } from './track-model.js'

const film = { timestampScale: 1_000_000, durationNs: undefined, statistics: new Map() }
const entryOf = (bytes: Bytes): TrackEntry => readTracks(bytes, 0, bytes.length)[0]!
const video = (...more: Bytes[]) => buildTrack(entryOf(videoEntry(element(Id.Video, ...more))), film)?.track

describe('languageTag', () => {
  it.each([
    [undefined, 'ger', 'de'],
    [undefined, 'fre', 'fr'],
    [undefined, 'fra', 'fr'],
    [undefined, undefined, 'en'],
    [undefined, 'gsw', 'gsw'],
    [undefined, 'por-br', 'pt-BR'],
    ['pt-BR', 'por', 'pt-BR'],
    [undefined, '', 'und'],
    ['not a tag', 'jpn', 'ja'],
  ])('%s, %s is %s', (bcp47, iso639, tag) => expect(languageTag(bcp47, iso639)).toBe(tag))
})

describe('rateOfDefaultDuration', () => {
  it.each([
    [41_666_666, 24, 1],
    [41_708_333, 24000, 1001],
    [41_708_375, 24000, 1001],
    [40_000_000, 25, 1],
    [33_366_666, 30000, 1001],
    [33_333_333, 30, 1],
    [16_683_333, 60000, 1001],
    [2_000_000_000, 1, 2],
  ])('%i ns is %i/%i', (durationNs, numerator, denominator) =>
    expect(rateOfDefaultDuration(durationNs)).toEqual({ numerator, denominator }),
  )

  it('takes nothing that is near no rate', () => {
    expect([0, 41_700_000, 36_123_456].map(rateOfDefaultDuration)).toEqual([undefined, undefined, undefined])
  })

  it('leads to whole ticks', () => {
    expect(timescaleOfRate({ numerator: 24, denominator: 1 })).toEqual({ timescale: 24000, frameDuration: 1000 })
    expect(timescaleOfRate({ numerator: 24000, denominator: 1001 })).toEqual({ timescale: 24000, frameDuration: 1001 })
  })
})

describe('codecOfId', () => {
  const none = new Uint8Array(0)
  it.each([
    [1, 'V_MPEG4/ISO/AVC', 'h264'],
    [1, 'V_MPEGH/ISO/HEVC', 'hevc'],
    [1, 'V_AV1', 'av1'],
    [1, 'V_VP9', 'vp9'],
    [1, 'V_VP8', 'vp8'],
    [1, 'V_REAL/RV40', 'unknown'],
    [2, 'A_AAC', 'aac'],
    [2, 'A_AAC/MPEG4/LC/SBR', 'aac'],
    [2, 'A_MPEG/L3', 'mp3'],
    [2, 'A_MPEG/L2', 'mp2'],
    [2, 'A_OPUS', 'opus'],
    [2, 'A_VORBIS', 'vorbis'],
    [2, 'A_FLAC', 'flac'],
    [2, 'A_ALAC', 'alac'],
    [2, 'A_AC3', 'ac3'],
    [2, 'A_EAC3', 'eac3'],
    [2, 'A_DTS/LOSSLESS', 'dts'],
    [2, 'A_TRUEHD', 'truehd'],
    [2, 'A_PCM/INT/LIT', 'pcm'],
    [17, 'S_TEXT/UTF8', 'srt'],
    [17, 'S_TEXT/ASS', 'ass'],
    [17, 'S_TEXT/WEBVTT', 'webvtt'],
    [17, 'S_HDMV/PGS', 'pgs'],
    [17, 'S_VOBSUB', 'vobsub'],
    [17, 'constructor', 'unknown'],
  ])('type %i, %s is %s', (type, id, codec) => expect(codecOfId(type, id, none)?.codec).toBe(codec))

  it('looks into what Windows muxers write, and leaves buttons out', () => {
    const bitmap = new Uint8Array(40)
    bitmap.set(new TextEncoder().encode('XVID'), 16)
    expect(codecOfId(1, 'V_MS/VFW/FOURCC', bitmap)).toEqual({ kind: 'video', codec: 'mpeg4' })
    expect(codecOfId(2, 'A_MS/ACM', Uint8Array.of(0x55, 0))).toEqual({ kind: 'audio', codec: 'mp3' })
    expect(codecOfId(18, 'B_VOBBTN', none)).toBeUndefined()
  })
})

describe('buildTrack', () => {
  it('makes the configuration of AAC that is named by its ID', () => {
    const entry = { ...entryOf(audioEntry(text(Id.CodecID, 'A_AAC/MPEG4/LC'))), codecPrivate: new Uint8Array(0) }
    expect(buildTrack(entry, film)?.track.descriptions[0].config).toEqual(Uint8Array.of(0x11, 0x90))
  })

  it('tells the shape of a pixel', () => {
    const size = [uint(Id.PixelWidth, 720), uint(Id.PixelHeight, 576)]
    const display = (width: number, height: number) => [uint(Id.DisplayWidth, width), uint(Id.DisplayHeight, height)]
    expect(video(...size, ...display(1024, 576))).toMatchObject({ width: 720, height: 576, pixelAspect: [64, 45] })
    expect(video(...size, ...display(720, 576))).toMatchObject({ pixelAspect: [1, 1] })
    expect(video(...size, ...display(16, 9), uint(Id.DisplayUnit, 3))).toMatchObject({ pixelAspect: [64, 45] })
  })

  it('takes code points of more than 8 bits for unspecified', () => {
    const colour = element(Id.Colour, uint(Id.Primaries, 9), uint(Id.TransferCharacteristics, 341))
    const track = video(uint(Id.PixelWidth, 64), uint(Id.PixelHeight, 36), colour)
    expect(track).toMatchObject({ colour: { primaries: 9, transfer: 2, matrix: 2 } })
  })

  it('tells colour, mastering, light level and rotation', () => {
    const mastering = element(
      Id.MasteringMetadata,
      ...[0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329].map((value, i) =>
        float(Id.PrimaryRChromaticityX + i, value),
      ),
      float(Id.LuminanceMax, 1000),
      float(Id.LuminanceMin, 0.0001),
    )
    const colour = element(
      Id.Colour,
      uint(Id.Primaries, 9),
      uint(Id.TransferCharacteristics, 16),
      uint(Id.MatrixCoefficients, 9),
      uint(Id.Range, 1),
      uint(Id.MaxCLL, 1000),
      uint(Id.MaxFALL, 400),
      mastering,
    )
    const track = video(
      uint(Id.PixelWidth, 64),
      uint(Id.PixelHeight, 36),
      colour,
      element(Id.Projection, float(Id.ProjectionPoseRoll, -90)),
    )
    expect(track).toMatchObject({
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
      rotation: 90,
    })
    const hdr = track?.kind === 'video' ? track.hdr : {}
    expect([...(hdr.clli ?? [])]).toEqual([3, 232, 1, 144])
    const view = new DataView(hdr.mdcv!.buffer)
    // Green, blue, red, white in units of 0.00002; luminance in 0.0001 cd/m².
    expect([0, 2, 4, 6, 8, 10, 12, 14].map(at => view.getUint16(at))).toEqual([
      13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450,
    ])
    expect([view.getUint32(16), view.getUint32(20)]).toEqual([10_000_000, 1])
  })
})
