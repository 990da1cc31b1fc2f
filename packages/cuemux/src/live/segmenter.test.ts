import { describe, expect, test } from 'vitest'
import { type LivePiece, LiveSegmenter, type SegmenterOptions } from './segmenter.js'
import type { LivePicture, LiveSound, LiveTracks } from './tracks.js'

const common = { descriptions: [{ config: new Uint8Array(0), codecString: undefined }] }

/** A picture of 25 frames a second in ticks of 1/25 000 s. */
function picture(reorderFrames = 0): LivePicture {
  const track = { ...common, kind: 'video', timescale: 25_000, frameDuration: 1000 } as never
  return { track, reorderFrames, nominalDuration: 1000 }
}

const sound: LiveSound = {
  track: { ...common, kind: 'audio', timescale: 48_000, sampleRate: 48_000 } as never,
  frameSamples: 1024,
}

interface Fragment {
  readonly track: number
  /** tfdt, ticks. */
  readonly start: number
  readonly durations: readonly number[]
  readonly offsets: readonly number[]
}

/** The tracks' fragments of a piece. */
function fragments({ bytes }: LivePiece): Fragment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: Fragment[] = []
  const type = (at: number): string => String.fromCharCode(...bytes.subarray(at + 4, at + 8))
  const walk = (from: number, to: number): void => {
    let [track, start, duration] = [0, 0, 0]
    for (let at = from; at < to; at += view.getUint32(at)) {
      const name = type(at)
      if (name === 'moof' || name === 'traf') walk(at + 8, at + view.getUint32(at))
      if (name === 'tfhd') {
        track = view.getUint32(at + 12)
        duration = view.getUint32(at + 8) & 8 ? view.getUint32(at + 16) : 0
      }
      if (name === 'tfdt') start = Number(view.getBigUint64(at + 12))
      if (name !== 'trun') continue
      const flags = view.getUint32(at + 8) & 0xffffff
      const count = view.getUint32(at + 12)
      const durations: number[] = []
      const offsets: number[] = []
      let field = at + 20 + (flags & 4 ? 4 : 0)
      for (let i = 0; i < count; i++) {
        durations.push(flags & 0x100 ? view.getUint32(field) : duration)
        for (const flag of [0x100, 0x200, 0x400]) if (flags & flag) field += 4
        offsets.push(flags & 0x800 ? view.getUint32(field) : 0)
        if (flags & 0x800) field += 4
      }
      found.push({ track, start, durations, offsets })
    }
  }
  walk(0, bytes.length)
  return found
}

interface Rig {
  readonly segmenter: LiveSegmenter
  readonly pieces: LivePiece[]
  video(timeMs: number, isKey?: boolean): boolean
  audio(timeMs: number): boolean
}

function rig(tracks: LiveTracks, options: Partial<SegmenterOptions> = {}): Rig {
  const pieces: LivePiece[] = []
  const segmenter = new LiveSegmenter({
    ...{ tracks, startUs: 1_000_000, segmentUs: 2_000_000, partUs: undefined },
    onPiece: piece => pieces.push(piece),
    ...options,
  })
  const push =
    (kind: 'video' | 'audio') =>
    (timeMs: number, isKey = true): boolean =>
      segmenter.push({ kind, timeMs, isKey, data: Uint8Array.of(timeMs & 255) })
  return { segmenter, pieces, video: push('video'), audio: push('audio') }
}

/** Frames as they come: a picture each 40 ms with a keyframe each second, and AAC, times rounded to ms. */
function play({ video, audio }: Rig, fromMs: number, toMs: number): void {
  let nextSound = Math.ceil((fromMs * 48) / 1024)
  for (let ms = fromMs; ms < toMs; ms += 40) {
    video(ms, ms % 1000 === 0)
    for (; (nextSound * 1024) / 48 < ms + 40; nextSound++) audio(Math.round((nextSound * 1024) / 48))
  }
}

function checkJoins(pieces: readonly LivePiece[], gapTicks = 0): void {
  for (const track of [1, 2]) {
    let next: number | undefined
    for (const { start, durations } of pieces.flatMap(fragments).filter(fragment => fragment.track === track)) {
      if (next !== undefined) expect(start - next).toBeLessThanOrEqual(gapTicks)
      if (next !== undefined) expect(start - next).toBeGreaterThanOrEqual(0)
      next = start + durations.reduce((sum, duration) => sum + duration, 0)
    }
  }
}

describe('LiveSegmenter', () => {
  test('cuts at the first keyframe from the wanted length on, and decode times join', () => {
    const it = rig({ video: picture(), audio: sound }, { segmentUs: 1_500_000 })
    play(it, 0, 7000)
    it.segmenter.finish()
    expect(it.pieces.map(({ startUs, durationUs, endsSegment }) => [startUs, durationUs, endsSegment])).toEqual([
      [1_000_000, 2_000_000, true],
      [3_000_000, 2_000_000, true],
      [5_000_000, 2_000_000, true],
      [7_000_000, 1_000_000, true],
    ])
    checkJoins(it.pieces)
    const [first] = it.pieces.map(fragments)
    expect(first?.[0]).toMatchObject({ track: 1, start: 25_000 })
    expect(first?.[0]?.durations).toEqual(Array.from({ length: 50 }, () => 1000))
    expect(first?.[1]).toMatchObject({ track: 2, start: 48_000 })
    expect(new Set(first?.[1]?.durations)).toEqual(new Set([1024]))
  })

  test('drops what comes before the first keyframe', () => {
    const it = rig({ video: picture(), audio: sound })
    it.audio(0)
    it.video(40, false)
    it.video(80, true)
    it.audio(64)
    it.audio(85)
    it.video(120, false)
    it.segmenter.finish()
    const [video, audio] = fragments(it.pieces[0] as LivePiece)
    expect(video).toMatchObject({ start: 25_000, durations: [1000, 1000] })
    // 85 ms, 5 after the picture.
    expect(audio).toMatchObject({ start: 48_240, durations: [1024] })
  })

  test('puts parts at most as long as said into a segment, the last of them with its end', () => {
    const it = rig({ video: picture(), audio: sound }, { partUs: 400_000 })
    play(it, 0, 4000)
    it.segmenter.finish()
    const lengths = it.pieces.map(({ durationUs, endsSegment, isIndependent }) => [
      durationUs / 1000,
      endsSegment,
      isIndependent,
    ])
    const segment = [400, 400, 400, 400, 400].map((length, i) => [length, i === 4, i === 0])
    // A keyframe lies in the middle of the third part as well, but not at its start.
    expect(lengths).toEqual([...segment, ...segment])
    checkJoins(it.pieces)
  })

  test('takes decode times from presentation times that are out of order', () => {
    const it = rig({ video: picture(1), audio: undefined })
    // I P B P B in decode order, twice.
    const group = [0, 80, 40, 160, 120]
    for (const [i, ms] of [...group, ...group.map(time => time + 200)].entries()) it.video(ms, i % 5 === 0)
    it.segmenter.finish()
    const [video] = fragments(it.pieces[0] as LivePiece)
    expect(video?.start).toBe(24_000)
    expect(video?.durations).toEqual(Array.from({ length: 10 }, () => 1000))
    expect(video?.offsets).toEqual([1000, 2000, 0, 2000, 0, 1000, 2000, 0, 2000, 0])
  })

  test('puts rounded times of 30000/1001 frames a second back on their grid', () => {
    const video: LivePicture = {
      ...picture(),
      track: { ...common, kind: 'video', timescale: 30_000, frameDuration: 1001 } as never,
      nominalDuration: 1001,
    }
    const it = rig({ video, audio: undefined })
    for (let n = 0; n < 90; n++) it.video(Math.round((n * 1001) / 30), n === 0)
    it.segmenter.finish()
    expect(new Set(it.pieces.flatMap(fragments).flatMap(({ durations }) => durations))).toEqual(new Set([1001]))
  })

  test('keeps a gap of the sound, and leaves out what lies over it', () => {
    const it = rig({ video: picture(), audio: sound })
    it.video(0)
    for (const ms of [0, 21, 43, 564, 585, 500]) it.audio(ms)
    it.video(640, false)
    it.segmenter.finish()
    const [, audio] = fragments(it.pieces[0] as LivePiece)
    expect(audio?.durations).toEqual([1024, 1024, 25_024, 1024, 1024])
  })

  test('never makes a segment longer than its limit, however far keyframes are apart', () => {
    const it = rig({ video: picture(), audio: undefined })
    it.segmenter.limitUs = 2_499_000
    for (let ms = 0; ms < 10_000; ms += 40) it.video(ms, ms === 0)
    it.segmenter.finish()
    expect(it.pieces.map(({ durationUs }) => durationUs / 1000)).toEqual([2480, 2480, 2480, 2480, 80])
    expect(it.pieces.map(({ isIndependent }) => isIndependent)).toEqual([true, false, false, false, false])
    checkJoins(it.pieces)
  })

  test('keeps a gap of the pictures, and no segment gets too long by it', () => {
    const it = rig({ video: picture(), audio: undefined })
    it.segmenter.limitUs = 2_499_000
    for (let ms = 0; ms < 2000; ms += 40) it.video(ms, ms % 1000 === 0)
    for (let ms = 3480; ms < 6000; ms += 40) it.video(ms, ms % 1000 === 0)
    it.segmenter.finish()
    // The picture before the gap stands through it, in a segment of its own.
    expect(it.pieces.map(({ durationUs }) => durationUs / 1000)).toEqual([1960, 2040, 2000])
    checkJoins(it.pieces)
  })

  test.each([
    ['forward by more than a segment', 2100],
    ['far forward', 60_000],
    ['back', -60_000],
  ])('says that a clock which jumps %s is another timeline', (_, jumpMs) => {
    const it = rig({ video: picture(), audio: sound })
    play(it, 120_000, 121_000)
    expect(it.video(121_000 + jumpMs)).toBe(true)
    // Where the last frame of sound ends, after the picture.
    expect(it.segmenter.finish()).toBe(2_002_667)
  })

  test('leaves out the last picture of a stream that broke off in it', () => {
    const it = rig({ video: picture(), audio: undefined })
    for (const ms of [0, 40, 80]) it.video(ms, ms === 0)
    expect(it.segmenter.finish(true)).toBe(1_080_000)
    expect(it.pieces.flatMap(fragments)).toMatchObject([{ durations: [1000, 1000] }])
  })

  test('makes segments of sound alone', () => {
    const it = rig({ video: undefined, audio: sound }, { segmentUs: 1_000_000 })
    for (let n = 0; n < 100; n++) it.audio(Math.round((n * 1024) / 48))
    it.segmenter.finish()
    expect(it.pieces.map(({ durationUs }) => durationUs)).toEqual([1_002_667, 1_002_666, 128_000])
    checkJoins(it.pieces)
  })
})
