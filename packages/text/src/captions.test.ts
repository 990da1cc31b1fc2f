import { type SampleBatch, sliceBatch } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, box, textTrack, videoTrack } from '../testing/batches.js'
import {
  captionNalUnit,
  erasePairs,
  injectCaptions,
  loadPairs,
  showPairs,
  type TestCaption,
  withParity,
} from '../testing/captions-608.js'
import { faultOf } from '../testing/safe-payload.js'
import { captionChannels } from './caption-channels.js'
import { readCaptions } from './captions.js'

const CAPTIONS: readonly TestCaption[] = [
  { startUs: 2_000_000, endUs: 4_000_000, rows: ['Hello there, viewer', 'second row & <b>'], column: 4 },
  { startUs: 5_000_000, endUs: 7_000_000, rows: ['At the top'], row: 2, isItalic: true },
  { startUs: 8_600_000, endUs: 11_000_000, rows: ['Over the boundary'] },
]
const EXPECTED = [
  {
    startUs: 2_000_000,
    endUs: 4_000_000,
    payload: 'Hello there, viewer\nsecond row &amp; &lt;b&gt;',
    settings: 'position:20% align:left',
  },
  { startUs: 5_000_000, endUs: 7_000_000, payload: '<i>At the top</i>', settings: 'line:15% position:10% align:left' },
  { startUs: 8_600_000, endUs: 11_000_000, payload: 'Over the boundary', settings: 'position:10% align:left' },
]

/** Pictures of one slice at 25 a second, in presentation order; the slice of HEVC is of type 1. */
function pictures(count: number, codec: 'h264' | 'hevc' = 'h264') {
  const slice = codec === 'h264' ? [0, 0, 0, 2, 0x41, 0x80] : [0, 0, 0, 3, 0x02, 0x01, 0x80]
  return batchOf(Array.from({ length: count }, (_, i) => [i * 40, 40, Uint8Array.from(slice)] as const))
}

describe('readCaptions', () => {
  it.each(['h264', 'hevc'] as const)('reads CEA-608 in %s', async codec => {
    const batch = injectCaptions(pictures(375, codec), { CC1: CAPTIONS }, codec)
    const cues = await readCaptions({ track: videoTrack(codec), batches: [batch] })
    expect([...cues]).toEqual([['CC1', EXPECTED]])
  })

  it('tells the channels of both fields apart', async () => {
    const second = [{ startUs: 3_000_000, endUs: 6_000_000, rows: ['Hola'] }]
    const batch = injectCaptions(pictures(375), { CC2: CAPTIONS, CC3: second })
    const track = videoTrack()
    expect(captionChannels(track, [batch])).toEqual(['CC2', 'CC3'])
    const cues = await readCaptions({ track, batches: [batch] })
    expect(cues.get('CC2')).toEqual(EXPECTED)
    expect(cues.get('CC3')).toEqual([
      { startUs: 3_000_000, endUs: 6_000_000, payload: 'Hola', settings: 'position:10% align:left' },
    ])
  })

  it('follows the order of presentation where pictures are reordered', async () => {
    const batch = injectCaptions(pictures(375), { CC1: CAPTIONS })
    // Decode order I P B B P B B, presentation times as before.
    const order = Array.from(batch.data, (_, i) => i)
    for (let i = 1; i + 2 < order.length; i += 3) order.splice(i, 3, i + 2, i, i + 1)
    const reordered = {
      ...batch,
      dts: Float64Array.from(order, (_, i) => i * 40 - 80),
      compositionOffset: Int32Array.from(order, (picture, i) => picture * 40 - (i * 40 - 80)),
      data: order.map(i => batch.data[i]!),
    }
    const cues = await readCaptions({ track: videoTrack(), batches: [reordered] })
    expect(cues.get('CC1')).toEqual(EXPECTED)
  })

  it('cuts cues at the ends of a segment, and needs the samples before it alone', async () => {
    const batch = injectCaptions(pictures(375), { CC1: CAPTIONS })
    const track = videoTrack()
    const segment = async (n: number, batches: readonly SampleBatch[]) => {
      const cues = await readCaptions({ track, batches, fromUs: n * 5e6, toUs: (n + 1) * 5e6 })
      return cues.get('CC1')?.map(({ startUs, endUs, payload }) => [startUs / 1e6, endUs / 1e6, payload])
    }
    const [first, second, third] = [sliceBatch(batch, 0, 125), sliceBatch(batch, 125, 250), sliceBatch(batch, 250, 375)]
    expect(await segment(0, [first])).toEqual([[2, 4, 'Hello there, viewer\nsecond row &amp; &lt;b&gt;']])
    expect(await segment(1, [first, second])).toEqual([
      [5, 7, '<i>At the top</i>'],
      [8.6, 10, 'Over the boundary'],
    ])
    expect(await segment(2, [second, third])).toEqual([[10, 11, 'Over the boundary']])
  })

  it('reads lines that roll up', async () => {
    const batch = pictures(250)
    const put = (picture: number, pairs: readonly (readonly [number, number])[]): void => {
      pairs.forEach(([first, second], i) => {
        const unit = captionNalUnit([[0, withParity(first), withParity(second)]])
        batch.data[picture + i] = Uint8Array.from([0, 0, 0, unit.length, ...unit, ...batch.data[picture + i]!])
      })
    }
    const line = (text: string): [number, number][] => {
      const letters = [...text].map(letter => letter.charCodeAt(0))
      const pairs = letters.filter((_, i) => i % 2 === 0).map((first, i) => [first, letters[i * 2 + 1] ?? 0])
      // RU2, CR, PAC of row 15
      return [[0x14, 0x25], [0x14, 0x2d], [0x14, 0x70], ...pairs] as [number, number][]
    }
    put(25, line('ONE'))
    put(75, line('TWO'))
    put(125, line('THREE'))
    put(200, [[0x14, 0x2c]])
    const cues = await readCaptions({ track: videoTrack(), batches: [batch] })
    expect(cues.get('CC1')?.map(({ startUs, endUs, payload }) => [startUs / 1000, endUs / 1000, payload])).toEqual([
      [1040, 3040, 'ONE'],
      [3040, 5040, 'ONE\nTWO'],
      [5040, 8000, 'TWO\nTHREE'],
    ])
  })

  it('reads CEA-708', async () => {
    // DefineWindow 0 (visible), "Hi & <i>", then, two seconds later, HideWindows.
    const text = [...'Hi & <i>'].map(character => character.charCodeAt(0))
    const show = [0x98, 0x38, 0x00, 0x00, 0x0f, 0x1f, 0x11, ...text, 0x00]
    const hide = [0x8a, 0x01, 0x00]
    const batch = pictures(200)
    const put = (picture: number, block: readonly number[]): void => {
      const packet = [((block.length + 3) >> 1) & 63, (1 << 5) | block.length, ...block]
      if (packet.length % 2 === 1) packet.push(0)
      const triples = Array.from({ length: packet.length / 2 }, (_, i) => {
        return [i === 0 ? 3 : 2, packet[i * 2]!, packet[i * 2 + 1]!] as const
      })
      const unit = captionNalUnit(triples)
      batch.data[picture] = Uint8Array.from([0, 0, 0, unit.length, ...unit, ...batch.data[picture]!])
    }
    put(50, show)
    put(100, hide)
    const track = videoTrack()
    expect(captionChannels(track, [batch])).toEqual(['SERVICE1'])
    expect([...(await readCaptions({ track, batches: [batch] }))]).toEqual([
      ['SERVICE1', [{ startUs: 2_000_000, endUs: 4_000_000, payload: 'Hi &amp; &lt;i&gt;' }]],
    ])
  })

  it('reads c608 samples of MP4, pairs spread over the sample', async () => {
    const pairs = [...loadPairs({ startUs: 0, endUs: 0, rows: ['In a box'] }), ...showPairs()].flat()
    const samples = [
      [0, 1000, box('cdat', Uint8Array.from(pairs))],
      [1000, 1000, box('cdat', Uint8Array.of(0x80, 0x80))],
      [2000, 1000, box('cdat', Uint8Array.from(erasePairs().flat()))],
    ] as const
    const cues = await readCaptions({ track: textTrack('c608', 'c608'), batches: [batchOf(samples)] })
    const start = Math.floor(((pairs.length / 2 - 2) * 1000) / (pairs.length / 2)) * 1000
    expect(cues.get('CC1')).toEqual([
      { startUs: start, endUs: 2_000_000, payload: 'In a box', settings: 'position:10% align:left' },
    ])
  })

  it('has nothing where nothing is', async () => {
    const batches = [pictures(10)]
    expect(captionChannels(videoTrack(), batches)).toEqual([])
    expect(captionChannels(videoTrack('vp9'), batches)).toEqual([])
    expect((await readCaptions({ track: videoTrack(), batches })).size).toBe(0)
    const padding = captionNalUnit([[0, 0x80, 0x80]])
    const padded = batchOf([[0, 40, Uint8Array.from([0, 0, 0, padding.length, ...padding])]])
    expect(captionChannels(videoTrack(), [padded])).toEqual([])
  })

  it('takes any captions and any samples', async () => {
    const byte = fc.nat(255)
    const control = fc.tuple(fc.constantFrom(0x14, 0x94, 0x15, 0x1c, 0x11, 0x97), fc.integer({ min: 0x20, max: 0x7f }))
    const anyPair = fc.oneof(control, fc.tuple(byte, byte))
    const triple = fc.tuple(fc.nat(3), anyPair).map(([type, [a, b]]) => [type, a, b] as const)
    const unit = fc.array(triple, { maxLength: 31 }).map(triples => {
      const nal = captionNalUnit(triples)
      return Uint8Array.from([0, 0, 0, nal.length, ...nal])
    })
    const sample = fc.oneof({ weight: 5, arbitrary: unit }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { maxLength: 25 }), async samples => {
        const batches = [batchOf(samples.map((data, i) => [i * 40, 40, data] as const))]
        for (const list of (
          await readCaptions({ track: videoTrack(), batches, fromUs: 100_000, toUs: 900_000 })
        ).values()) {
          for (const { startUs, endUs, payload } of list) {
            expect(faultOf(payload)).toBeUndefined()
            expect(startUs >= 100_000 && endUs > startUs && endUs <= 900_000).toBe(true)
          }
        }
      }),
    )
  })
})
