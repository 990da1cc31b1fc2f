import { describe, expect, it } from 'vitest'
import {
  type Bytes,
  cluster,
  concat,
  element,
  film,
  simpleBlock,
  sourceOf,
  text,
  uint,
  videoEntry,
} from '../testing/ebml-writer.js'
import { Id } from './elements.js'
import { openMatroska } from './index.js'

const hex = (digits: string): Bytes => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))

// Made by x264: 16x16, Baseline; the slices are not whole.
const SPS = '6742c00ad9079e88'
const PPS = '68ce3c80'
const AVCC = `0142c00affe10008${SPS}010004${PPS}`
const IDR = '6588840011'
const SLICE = '419a2233'
const START = '00000001'
const SETS = `${START}${SPS}${START}${PPS}`

/** Two groups of two pictures, 25 a second. */
const filmOf = (idr: string, slice: string, ...entry: Bytes[]): Bytes =>
  film({
    tracks: [videoEntry(...entry)],
    clusters: [0, 80].map(base =>
      cluster(base, simpleBlock(1, 0, true, hex(idr)), simpleBlock(1, 40, false, hex(slice))),
    ),
    cues: [0, 80].map((time, i) => ({ time, cluster: i })),
  })

const configPrivate = (digits: string): Bytes => element(Id.CodecPrivate, hex(digits))

const read = async (bytes: Bytes) => {
  const demuxer = await openMatroska(sourceOf(bytes))
  const [second] = await demuxer.readSpan({ first: 1, end: 2 }, [1])
  const [track] = demuxer.index.tracks
  const starts = await demuxer.readGroupStarts([1])
  return {
    config: track?.descriptions[0].config,
    codecString: track?.descriptions[0].codecString,
    samples: second?.data.map(data => Buffer.from(data).toString('hex')),
    starts,
  }
}

describe('H.264 as an Annex B byte stream', () => {
  const CLOSED = [{ isClosed: true, lead: 0 }]

  it('gets its configuration from the first keyframe, and lengths', async () => {
    expect(await read(filmOf(`${SETS}000001${IDR}`, `${START}${SLICE}`))).toEqual({
      config: hex(AVCC),
      codecString: 'avc1.42c00a',
      samples: [`00000008${SPS}00000004${PPS}00000005${IDR}`, `00000004${SLICE}`],
      starts: [{ isClosed: true, lead: 0, bringsSets: true }],
    })
  })

  it('has parameter sets in CodecPrivate as a byte stream too', async () => {
    expect(await read(filmOf(`${START}${IDR}`, `${START}${SLICE}`, configPrivate(SETS)))).toEqual({
      config: hex(AVCC),
      codecString: 'avc1.42c00a',
      samples: [`00000005${IDR}`, `00000004${SLICE}`],
      starts: CLOSED,
    })
  })

  it('has a CodecPrivate that says otherwise', async () => {
    const twoByteLengths = AVCC.replace('0aff', '0afd')
    expect(await read(filmOf(`${START}${IDR}`, `000001${SLICE}`, configPrivate(twoByteLengths)))).toMatchObject({
      samples: [`0005${IDR}`, `0004${SLICE}`],
      starts: CLOSED,
    })
  })

  it('is in a track that a Windows muxer wrote', async () => {
    const bitmap = Buffer.alloc(40)
    bitmap.writeUInt32LE(40 + AVCC.length / 2)
    bitmap.write('H264', 16)
    const entry = element(
      Id.TrackEntry,
      uint(Id.TrackNumber, 1),
      uint(Id.TrackType, 1),
      text(Id.CodecID, 'V_MS/VFW/FOURCC'),
      element(Id.CodecPrivate, concat(new Uint8Array(bitmap), hex(AVCC))),
      uint(Id.DefaultDuration, 40_000_000),
    )
    const bytes = film({
      tracks: [entry],
      clusters: [cluster(0, simpleBlock(1, 0, true, hex(`00000005${IDR}`)))],
      cues: [{ time: 0, cluster: 0 }],
    })
    const { index } = await openMatroska(sourceOf(bytes))
    expect(index.tracks[0]?.descriptions[0]).toEqual({ config: hex(AVCC), codecString: 'avc1.42c00a' })
  })
})

describe('H.264 with lengths', () => {
  it('gets the configuration that CodecPrivate leaves to the frames', async () => {
    const idr = `00000008${SPS}00000004${PPS}00000005${IDR}`
    for (const entry of [[], [configPrivate('0142c00affe000')]]) {
      expect(await read(filmOf(idr, `00000004${SLICE}`, ...entry))).toMatchObject({
        config: hex(AVCC),
        samples: [idr, `00000004${SLICE}`],
      })
    }
  })

  it('keeps lengths of one and two bytes as they are', async () => {
    expect(await read(filmOf(`05${IDR}`, `04${SLICE}`, configPrivate(AVCC.replace('0aff', '0afc'))))).toMatchObject({
      samples: [`05${IDR}`, `04${SLICE}`],
    })
    expect(await read(filmOf(`0005${IDR}`, `0004${SLICE}`, configPrivate(AVCC.replace('0aff', '0afd'))))).toMatchObject(
      {
        samples: [`0005${IDR}`, `0004${SLICE}`],
      },
    )
  })
})

describe('parameter sets that change in mid-film', () => {
  const OTHER = '68ce3880'

  it('give the group a description of its own', async () => {
    const bytes = film({
      tracks: [videoEntry(configPrivate(AVCC))],
      clusters: [
        cluster(0, simpleBlock(1, 0, true, hex(`00000008${SPS}00000004${PPS}00000005${IDR}`))),
        cluster(40, simpleBlock(1, 0, true, hex(`00000008${SPS}00000004${OTHER}00000005${IDR}`))),
        cluster(80, simpleBlock(1, 0, true, hex(`${START}${OTHER}000001${IDR}`))),
        cluster(120, simpleBlock(1, 0, true, hex(`00000005${IDR}`))),
      ],
      cues: [0, 40, 80, 120].map((time, i) => ({ time, cluster: i })),
    })
    const demuxer = await openMatroska(sourceOf(bytes))
    const config = hex(AVCC.replace(PPS, OTHER))
    const starts = await demuxer.readGroupStarts([0, 1, 2, 3])
    expect(starts.map(start => start.description?.config)).toEqual([undefined, config, config, undefined])
    expect(starts.map(start => start.bringsSets ?? false)).toEqual([true, true, true, false])
  })
})
