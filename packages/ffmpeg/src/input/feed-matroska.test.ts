import { type AudioTrack, concatBytes, createSampleBatch } from '@cuemux/core'
import { openMatroska } from '@cuemux/matroska'
import { describe, expect, it } from 'vitest'
import { feedCodec } from './feed-codec.js'
import { feedClusters, feedHead } from './feed-matroska.js'

function trackOf(codec: AudioTrack['codec'], config: Uint8Array, containerCodec = ''): AudioTrack {
  const codecString = containerCodec === 'fpcm' || containerCodec.startsWith('fl') ? 'fpcm' : undefined
  const fields = { codec, containerCodec, descriptions: [{ config, codecString }] }
  return {
    ...fields,
    kind: 'audio',
    sampleRate: 48_000,
    timescale: 48_000,
    channels: 2,
    bitDepth: 16,
  } as unknown as AudioTrack
}

describe('feedMatroska', () => {
  it('writes what a Matroska reader reads, times to the nanosecond', async () => {
    const track = trackOf('aac', Uint8Array.of(0x11, 0x90))
    const batch = createSampleBatch(1, 48_000, 2)
    batch.dts.set([47_000, 48_024])
    batch.duration.fill(1024)
    batch.data.push(Uint8Array.of(1, 2), Uint8Array.of(3))
    const bytes = concatBytes([feedHead(track), feedClusters(track, batch, 48_000, 8e9)])
    const demuxer = await openMatroska({
      ...{ key: 'feed', name: 'feed', sizeBytes: bytes.length, seekCostBytes: 0 },
      read: (offset, length) => bytes.subarray(offset, offset + length),
    })
    const [read] = await demuxer.readSpan({ first: 0, end: demuxer.index.keyframes.count }, [1])
    expect(read?.data.map(data => [...data])).toEqual([[1, 2], [3]])
    expect([...(read?.dts ?? [])]).toEqual([8 * 48_000 - 1000, 8 * 48_000 + 24])
  })

  it('joins PCM that comes sample by sample', () => {
    const track = trackOf('pcm', Uint8Array.of(0, 0, 0, 0, 1, 16), 'sowt')
    const batch = createSampleBatch(1, 48_000, 3000)
    for (let i = 0; i < 3000; i++) {
      batch.dts[i] = i
      batch.duration[i] = 1
      batch.data.push(Uint8Array.of(i, i, i, i))
    }
    // Two blocks of 4096 bytes and one of the rest.
    expect(feedClusters(track, batch, 0, 0).length).toBe(12_000 + 3 * 27)
  })

  it('turns configurations of ISO BMFF into those of Matroska', () => {
    const dops = Uint8Array.of(0, 2, 1, 56, 0, 0, 0xbb, 0x80, 0, 0, 0)
    expect([...feedCodec(trackOf('opus', dops), dops).codecPrivate]).toEqual([
      ...new TextEncoder().encode('OpusHead'),
      ...[1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0],
    ])
    const dfla = Uint8Array.of(0, 0, 0, 0, 0x80, 0, 0, 34, ...new Uint8Array(34))
    expect([...feedCodec(trackOf('flac', dfla), dfla).codecPrivate.subarray(0, 8)]).toEqual([
      ...new TextEncoder().encode('fLaC'),
      ...[0x80, 0, 0, 34],
    ])
    const pcm = (containerCodec: string, isLittle: number): string =>
      feedCodec(
        trackOf('pcm', Uint8Array.of(0, 0, 0, 0, isLittle, 16), containerCodec),
        Uint8Array.of(0, 0, 0, 0, isLittle, 16),
      ).codecId
    expect([pcm('ipcm', 1), pcm('twos', 0), pcm('fpcm', 1)]).toEqual([
      'A_PCM/INT/LIT',
      'A_PCM/INT/BIG',
      'A_PCM/FLOAT/IEEE',
    ])
    expect(() => feedCodec(trackOf('unknown', dops, 'A_QUICKTIME'), dops)).toThrow('A_QUICKTIME')
    const alaw = feedCodec(trackOf('unknown', new Uint8Array(0), 'alaw'), new Uint8Array(0))
    expect([alaw.codecId, ...alaw.codecPrivate.subarray(0, 4)]).toEqual(['A_MS/ACM', 6, 0, 2, 0])
  })
  it.each([
    ['floats, big-endian', 'fl32', [0, 0, 0, 0, 0, 32], [4, 3, 2, 1, 8, 7, 6, 5]],
    ['floats, little-endian', 'fl32', [0, 0, 0, 0, 1, 32], [1, 2, 3, 4, 5, 6, 7, 8]],
    ['bytes with a sign', 'sowt', [0, 0, 0, 0, 1, 8], [129, 130, 131, 132, 133, 134, 135, 136]],
    ['bytes without', 'raw ', [], [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('writes PCM of %s as Matroska has it', (_, entry, config, expected) => {
    const track = trackOf('pcm', Uint8Array.from(config), entry)
    const batch = createSampleBatch(1, 48_000, 1)
    batch.data.push(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    expect([...feedClusters(track, batch, 0, 0).subarray(-8)]).toEqual(expected)
    expect(batch.data[0]?.[0]).toBe(1)
  })
})
