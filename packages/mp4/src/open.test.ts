import { CuemuxError, type SampleBatch } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { AUDIO, open, VIDEO } from '../testing/films.js'
import {
  ascii,
  box,
  fullBox,
  memorySource,
  sampleBytes,
  type TrackSpec,
  words,
  writeMovie,
} from '../testing/movie-writer.js'
import { isMp4, openMp4 } from './index.js'

describe('openMp4', () => {
  it('leaves the bytes of a film as they are, Buffers too', async () => {
    const film = Buffer.from(writeMovie({ tracks: [VIDEO, AUDIO] }))
    const before = new Uint8Array(film)
    const source = { ...memorySource(film), read: (at: number, length: number) => film.subarray(at, at + length) }
    await openMp4(source)
    expect(new Uint8Array(film)).toEqual(before)
  })

  it('reads tracks, keyframes and samples', async () => {
    const demuxer = await open({ tracks: [VIDEO, AUDIO] })
    const { index } = demuxer
    expect(index).toMatchObject({
      container: 'mp4',
      foundBy: 'moov',
      closedGops: true,
      isTruncated: false,
      durationMs: 1200,
    })
    expect(index.tracks[0]).toMatchObject({
      id: 1,
      kind: 'video',
      codec: 'h264',
      timescale: 100,
      start: 0,
      end: 120,
      reorderDelay: 10,
      frameDuration: 10,
      frameRate: 10,
      width: 64,
      height: 36,
      sampleCount: 12,
      isDefault: true,
      bitrateBps: 1507,
    })
    expect(index.tracks[0]!.descriptions[0].codecString).toBe('avc1.64000a')
    expect(index.tracks[1]).toMatchObject({
      id: 2,
      kind: 'audio',
      codec: 'aac',
      start: 0,
      end: 1200,
      priming: 80,
      frameDuration: 80,
      channels: 2,
      sampleRate: 48000,
      sampleCount: 16,
    })
    expect(index.tracks[1]!.descriptions[0]).toEqual({ config: Uint8Array.of(0x11, 0x90), codecString: 'mp4a.40.2' })
    expect(index.keyframes).toMatchObject({ trackId: 1, timescale: 100, count: 2, time: Float64Array.of(0, 60) })
    const batches = await demuxer.readSpan({ first: 0, end: 1 }, [1, 2])
    expect(batches.map(batch => batch.trackId)).toEqual([1, 2])
    const [video, audio] = batches as [SampleBatch, SampleBatch]
    expect([...video.dts]).toEqual([-10, 0, 10, 20, 30, 40])
    expect([...video.compositionOffset]).toEqual([10, 30, 0, 0, 10, 10])
    expect([...video.duration]).toEqual([10, 10, 10, 10, 10, 10])
    expect([...video.flags]).toEqual([1, 0, 0, 0, 0, 0])
    expect([...video.size]).toEqual([40, 10, 11, 12, 13, 14])
    expect(video.data.map(data => [...data].join())).toEqual(
      VIDEO.sizes.slice(0, 6).map((size, i) => [...sampleBytes(0, i, size)].join()),
    )
    // Sound up to before 600 ms: frames at -80, 0, … 560.
    expect([...audio.dts]).toEqual([-80, 0, 80, 160, 240, 320, 400, 480, 560])
    expect(audio.data.map(data => [...data].join())).toEqual(
      AUDIO.sizes.slice(0, 9).map((size, i) => [...sampleBytes(1, i, size)].join()),
    )
  })

  it.each([
    ['moov in front', { moovFirst: true }],
    ['moov behind', {}],
    ['64-bit mdat', { largeMdat: true }],
    ['padding in front', { before: [box('free', new Uint8Array(40)), box('uuid', new Uint8Array(16))] }],
  ])('finds the same film with %s', async (_, where) => {
    const expected = await open({ tracks: [VIDEO, AUDIO] })
    const demuxer = await open({ tracks: [VIDEO, AUDIO], ...where })
    expect(demuxer.index.tracks).toEqual(expected.index.tracks)
    const span = { first: 0, end: 2 }
    expect(await demuxer.readSpan(span, [1, 2])).toEqual(await expected.readSpan(span, [1, 2]))
  })

  it('reads a moov behind the media in three reads and no more than it and 128 KiB', async () => {
    const bytes = writeMovie({
      tracks: [VIDEO, AUDIO],
      before: [box('free', new Uint8Array(2 ** 17))],
      extra: [box('free', new Uint8Array(2 ** 21))],
    })
    const moov = bytes.length - Buffer.from(bytes).indexOf('moov') + 4
    const source = memorySource(bytes, true)
    await openMp4(source)
    expect(source.reads).toHaveLength(3)
    expect(source.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThanOrEqual(moov + 128 * 1024)
    const given = memorySource(bytes, true)
    await openMp4(given, { head: bytes.slice(0, 65536) })
    expect(given.reads).toHaveLength(2)
  })

  it('opens a stored index without reading', async () => {
    const bytes = writeMovie({ tracks: [VIDEO, AUDIO] })
    const first = await openMp4(memorySource(bytes))
    const source = memorySource(bytes)
    const second = await openMp4(source, { index: structuredClone(first.index) })
    expect(source.reads).toEqual([])
    expect(await second.readSpan({ first: 1, end: 2 }, [2, 1])).toEqual(
      await first.readSpan({ first: 1, end: 2 }, [2, 1]),
    )
  })

  it('cuts at the keyframes of the first video track that is enabled', async () => {
    const disabled = { ...VIDEO, isDisabled: true }
    const byTracks = async (...tracks: readonly TrackSpec[]): Promise<number> =>
      (await open({ tracks })).index.keyframes.trackId
    expect(await byTracks(disabled, VIDEO, AUDIO)).toBe(2)
    expect(await byTracks(AUDIO, disabled)).toBe(2)
    expect(await byTracks({ ...AUDIO, isDisabled: true }, AUDIO)).toBe(2)
  })

  it('names the usual rate that rounded durations stand for', async () => {
    // Pictures at 24/s whose times were rounded to milliseconds on the way.
    const stts: TrackSpec['stts'] = Array.from({ length: 240 }, (_, i) => {
      const ms = (n: number): number => Math.round((n * 1000) / 24)
      return [1, (ms(i + 1) - ms(i)) * 16 - (i === 239 ? 12 : 0)]
    })
    const samples = { stts, ctts: [], sizes: stts.map(() => 3), chunks: [[240, 1]], stss: [1], edits: [] } as const
    const { index } = await open({ tracks: [{ ...VIDEO, ...samples, timescale: 16000 }] })
    expect(index.tracks).toMatchObject([{ frameDuration: undefined, frameRate: 24 }])
  })

  it('gives the same spans in any order, which join exactly', async () => {
    const demuxer = await open({ tracks: [VIDEO, AUDIO] })
    const late = await demuxer.readSpan({ first: 1, end: 2 }, [1, 2])
    const early = await demuxer.readSpan({ first: 0, end: 1 }, [1, 2])
    const whole = await demuxer.readSpan({ first: 0, end: 2 }, [1, 2])
    for (const i of [0, 1]) {
      expect([...early[i]!.dts, ...late[i]!.dts]).toEqual([...whole[i]!.dts])
      expect(early[i]!.dts[0]! + early[i]!.duration.reduce((sum, ticks) => sum + ticks, 0)).toBe(late[i]!.dts[0])
      const sizes = demuxer.spanSizes(i + 1, Uint32Array.of(0, 1))!
      expect([...sizes.samples]).toEqual([early[i]!.count, late[i]!.count])
      const bytesOf = (batch: SampleBatch): number => batch.size.reduce((sum, size) => sum + size, 0)
      expect([...sizes.bytes]).toEqual([bytesOf(early[i]!), bytesOf(late[i]!)])
      const startOf = (batch: SampleBatch): number => batch.dts[0]! + batch.compositionOffset[0]!
      expect([...sizes.starts]).toEqual([startOf(early[i]!), startOf(late[i]!)])
    }
  })
})

describe('a film that was cut', () => {
  it('goes to the last whole sample', async () => {
    const bytes = writeMovie({ tracks: [VIDEO, AUDIO], moovFirst: true })
    const demuxer = await openMp4(memorySource(bytes.subarray(0, bytes.length - 60)))
    expect(demuxer.index).toMatchObject({ isTruncated: true })
    // The last chunks are 54 bytes of video and 70 of sound: the last 60 bytes are sound of 16, 17, 18 and 19 bytes.
    expect(demuxer.index.tracks.map(track => track.sampleCount)).toEqual([12, 12])
    const [video, audio] = await demuxer.readSpan({ first: 1, end: 2 }, [1, 2])
    expect([video!.count, audio!.count]).toEqual([6, 3])
  })
})

describe('bad input', () => {
  const film = writeMovie({ tracks: [VIDEO, AUDIO] })
  const mvex = box('mvex', fullBox('trex', 0, 0, words(1, 1, 0, 0, 0)))
  const empty: TrackSpec = { ...VIDEO, stts: [], ctts: [], sizes: [], chunks: [], stss: [], edits: [] }
  it.each([
    ['nothing', new Uint8Array(0), 'UNSUPPORTED_CONTAINER'],
    ['one byte', Uint8Array.of(7), 'UNSUPPORTED_CONTAINER'],
    ['zeros', new Uint8Array(1000), 'UNSUPPORTED_CONTAINER'],
    ['text', ascii('A text file that is named film.mp4 and goes on'), 'UNSUPPORTED_CONTAINER'],
    ['a film without its end', film.subarray(0, 200), 'CORRUPT_INDEX'],
    ['a film cut in its moov', film.subarray(0, film.length - 9), 'CORRUPT_INDEX'],
    ['a moov of 4 GB', box('moov', new Uint8Array(0)).map((byte, i) => (i < 4 ? 255 : byte)), 'LIMIT_EXCEEDED'],
    ['an empty moov', box('moov', new Uint8Array(20)), 'CORRUPT_INDEX'],
    ['a compressed moov', box('moov', box('cmov', new Uint8Array(20))), 'UNSUPPORTED_CONTAINER'],
    ['no fragments', writeMovie({ tracks: [empty], extra: [mvex] }), 'CORRUPT_INDEX'],
    ['no samples', writeMovie({ tracks: [empty] }), 'CORRUPT_INDEX'],
    [
      'boxes in boxes',
      Array.from({ length: 5000 }).reduce<Uint8Array>(inner => box('moov', inner), words(8)),
      'CORRUPT_INDEX',
    ],
  ])('refuses %s', async (_, bytes, code) => {
    const error = await openMp4(memorySource(bytes)).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CuemuxError)
    expect(error).toMatchObject({ code })
  })

  it('knows an MP4 by its head', () => {
    expect(isMp4(film)).toBe(true)
    expect(isMp4(writeMovie({ tracks: [VIDEO], brand: 'qt  ' }))).toBe(true)
    expect(isMp4(new Uint8Array(64))).toBe(false)
    expect(isMp4(ascii('WEBVTT\n\n00:00'))).toBe(false)
    expect(isMp4(new Uint8Array(3))).toBe(false)
  })

  it('refuses unknown tracks and spans', async () => {
    const demuxer = await openMp4(memorySource(film))
    await expect(demuxer.readSpan({ first: 0, end: 1 }, [9])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(demuxer.readSpan({ first: 2, end: 3 }, [1])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const signal = AbortSignal.abort()
    await expect(openMp4(memorySource(film), { signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
