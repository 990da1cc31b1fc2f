import type { AudioTrack, SampleBatch } from '@cuemux/core'

/**
 * Samples with their times put back on the lattice on which the codec's frames lie. Matroska rounds times to a
 * millisecond, which the demuxer undoes where frames are long and all alike. Here it is undone for Vorbis, whose frames
 * differ, and for TrueHD, whose frames are shorter than a millisecond: two encoders that start at different frames
 * must agree on where the sound lies, to the sample.
 */
export function exactTimes(track: AudioTrack, batch: SampleBatch): SampleBatch {
  if (batch.count === 0) return batch
  // Two frames of one millisecond have decode times that differ, and offsets that say so.
  const times = batch.dts.map((dts, i) => dts + (batch.compositionOffset[i] ?? 0))
  const withTimes = (dts: Float64Array): SampleBatch => {
    return { ...batch, dts, compositionOffset: new Int32Array(batch.count) }
  }
  const start = track.start ?? 0
  if (track.codec === 'vorbis') {
    const step = vorbisStep(track.descriptions[batch.descriptionIndex]?.config)
    return step === undefined || step * 1000 <= track.timescale
      ? batch
      : { ...batch, dts: snap(batch.dts, start, step) }
  }
  const frame = track.frameDuration
  const isShort = track.codec === 'truehd' && frame !== undefined && frame * 1000 < 2 * track.timescale
  if (isShort) return withTimes(line(times, start, frame, track.timescale / 1000))
  const step = frame === undefined ? usualStep(track, batch) : undefined
  return step === undefined ? batch : withTimes(near(times, start - track.priming, step, track.timescale / 1000))
}

/** Samples in a frame, of codecs that have no others as a rule. */
const FRAME_SAMPLES = [512, 576, 960, 1024, 1152, 1536, 2048]

/**
 * The length of most frames, ticks, not rounded to one; nothing where they differ, or are so short that a millisecond
 * says nothing.
 */
function usualStep({ sampleRate, timescale }: AudioTrack, { duration, count }: SampleBatch): number | undefined {
  const usual = duration.toSorted()[count >> 1] ?? 0
  const isUsual = (ticks: number): boolean => Math.abs(ticks - usual) <= 1
  if (usual * 1000 < 4 * timescale || duration.filter(isUsual).length * 4 < count * 3) return undefined
  return FRAME_SAMPLES.map(samples => (samples * timescale) / sampleRate).find(isUsual) ?? usual
}

/**
 * Times that lie within a millisecond of the lattice, on it; others as they are. An MP4 that was made of a Matroska has
 * its rounding in single durations, after which all lies some samples off: a run that has begun before goes on over that,
 * and one that begins behind it must not hear it either. Where most lie farther off, as behind a gap, they say where the
 * lattice is.
 */
function near(times: Float64Array, origin: number, step: number, msTicks: number): Float64Array {
  const offOf = (time: number): number => time - origin - Math.round((time - origin) / step) * step
  const usual = times.map(offOf).sort()[times.length >> 1] ?? 0
  const base = Math.abs(usual) <= msTicks ? origin : origin + usual
  return times.map(time => {
    const exact = Math.round(base + Math.round((time - base) / step) * step)
    return Math.abs(exact - time) <= msTicks ? exact : time
  })
}

/**
 * Each time by itself, as the steps are longer than what the rounding moves. The track's own start is rounded, too, so
 * the lattice may lie up to half a millisecond beside it: the mean of all says where, and the start stays what it is.
 */
function snap(times: Float64Array, start: number, step: number): Float64Array {
  let x = 0
  let y = 0
  for (const time of times) {
    const angle = (2 * Math.PI * (time - start)) / step
    x += Math.cos(angle)
    y += Math.sin(angle)
  }
  const phase = (Math.atan2(y, x) * step) / (2 * Math.PI)
  return times.map(time => start + Math.round((time - start - phase) / step) * step)
}

/**
 * All frames that follow each other without a gap together: the mean of what they say about the first one's time is
 * far better than any of them.
 */
function line(times: Float64Array, start: number, frame: number, msTicks: number): Float64Array {
  const count = times.length
  const exact = new Float64Array(count)
  for (let first = 0, end = 0; first < count; first = end) {
    const begin = times[first] ?? 0
    let sum = 0
    for (end = first; end < count; end++) {
      const said = (times[end] ?? 0) - (end - first) * frame
      if (Math.abs(said - begin) > 2 * msTicks) break
      sum += said
    }
    const base = start + Math.round((sum / (end - first) - start) / frame) * frame
    for (let i = first; i < end; i++) exact[i] = base + (i - first) * frame
  }
  return exact
}

/**
 * Samples of which every Vorbis packet's length is a multiple: a quarter of the short block (a packet gives a quarter
 * of its own block and one of that before it, Vorbis I §4.3.8).
 */
function vorbisStep(headers: Uint8Array | undefined): number | undefined {
  // The identification header is the first; its block sizes are before its last byte (§4.2.2).
  const text = [0x01, 0x76, 0x6f, 0x72, 0x62, 0x69, 0x73]
  const at = headers?.findIndex((_, i) => text.every((byte, k) => headers[i + k] === byte)) ?? -1
  const sizes = at < 0 ? undefined : headers?.[at + 28]
  return sizes === undefined ? undefined : (1 << (sizes & 15)) / 4
}
