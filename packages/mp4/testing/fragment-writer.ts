import { box, fullBox, join, type MovieSpec, sampleBytes, type TrackSpec, words, writeMovie } from './movie-writer.js'

/** One sample to be written. */
export interface SampleSpec {
  readonly duration: number
  readonly size: number
  readonly offset: number
  readonly isSync: boolean
}

/** Samples of one track in a movie fragment. */
export interface TrafSpec {
  /** Number of the track from 1. */
  readonly track: number
  /** Number of its first sample from 0, and after its last. */
  readonly first: number
  readonly end: number
}

/** How the boxes of fragments are written. */
export interface FragmentStyle {
  /** What data offsets count from. */
  readonly base?: 'moof' | 'explicit' | 'none'
  /** Version of `tfdt`; without one where false. */
  readonly tfdt?: 0 | 1 | false
  /** Samples of a `trun`. */
  readonly runLength?: number
  /** Durations and flags from `trex`, the first sample's flags in the `trun`. */
  readonly defaults?: boolean
  /** Added to all decode times. */
  readonly timeOffset?: number
  /** Put into every `traf`. */
  readonly extra?: readonly Uint8Array[]
  /** Added to what `tfhd` gives as its base. */
  readonly baseError?: number
}

/** A fragmented film. */
export interface FragmentedSpec {
  /** Their tables are the samples that are written. */
  readonly tracks: readonly TrackSpec[]
  readonly moofs: readonly (readonly TrafSpec[])[]
  readonly style?: FragmentStyle
  /** Samples of each track that lie in moov. */
  readonly inMoov?: readonly number[]
  /** Numbers of the moofs with which subsegments start, for `sidx`; in two levels. */
  readonly sidx?: readonly number[]
  readonly isHierarchical?: boolean
  /** Write `mfra` with these moofs. */
  readonly mfra?: readonly number[]
  readonly movie?: Partial<MovieSpec>
}

const SYNC = 0x02000000
const NOT_SYNC = 0x01010000

/** The samples of a track's tables, one by one. */
export function samplesOf(track: TrackSpec): SampleSpec[] {
  const spread = (runs: readonly (readonly [number, number])[]): number[] =>
    runs.flatMap(([count, value]) => new Array<number>(count).fill(value))
  const durations = spread(track.stts)
  const offsets = spread(track.ctts ?? [])
  return track.sizes.map((size, i) => ({
    size,
    duration: durations[i] ?? 0,
    offset: offsets[i] ?? 0,
    isSync: track.stss === undefined || track.stss.includes(i + 1),
  }))
}

const big = (value: number): readonly [number, number] => [Math.floor(value / 4294967296), value % 4294967296]

function trun(samples: readonly SampleSpec[], dataOffset: number | undefined, style: FragmentStyle): Uint8Array {
  const hasDefaults = style.defaults === true
  const flags = 0x200 | 0x800 | (dataOffset === undefined ? 0 : 1) | (hasDefaults ? 4 : 0x500)
  const rows = samples.flatMap(({ duration, size, offset, isSync }) => [
    ...(hasDefaults ? [] : [duration]),
    size,
    ...(hasDefaults ? [] : [isSync ? SYNC : NOT_SYNC]),
    offset,
  ])
  const first = hasDefaults ? [samples[0]?.isSync ? SYNC : NOT_SYNC] : []
  return fullBox(
    'trun',
    1,
    flags,
    words(samples.length, ...(dataOffset === undefined ? [] : [dataOffset]), ...first, ...rows),
  )
}

function traf(
  spec: TrafSpec,
  all: readonly SampleSpec[],
  style: FragmentStyle,
  moofAt: number,
  dataAt: number,
  isFirst: boolean,
): Uint8Array {
  const { base = 'moof', tfdt = 1, runLength = Number.POSITIVE_INFINITY } = style
  const time = all.slice(0, spec.first).reduce((sum, { duration }) => sum + duration, style.timeOffset ?? 0)
  const flags = base === 'explicit' ? 1 : base === 'moof' ? 0x20000 : 0
  const baseField = base === 'explicit' ? big(moofAt + (style.baseError ?? 0)) : []
  const runs: Uint8Array[] = []
  for (let at = spec.first; at < spec.end; at += runLength) {
    const samples = all.slice(at, Math.min(spec.end, at + runLength))
    // Without a base, data follow those of the traf before (§8.8.7.1); only the first needs to say where.
    const isSaid = at === spec.first && (base !== 'none' || isFirst)
    runs.push(trun(samples, isSaid ? dataAt - moofAt : undefined, style))
  }
  return box(
    'traf',
    fullBox('tfhd', 0, flags, words(spec.track, ...baseField)),
    ...(tfdt === false
      ? []
      : [tfdt === 1 ? fullBox('tfdt', 1, 0, words(...big(time))) : fullBox('tfdt', 0, 0, words(time))]),
    ...runs,
    ...(style.extra ?? []),
  )
}

function fragment(spec: FragmentedSpec, trafs: readonly TrafSpec[], moofAt: number): Uint8Array {
  const { tracks, style = {} } = spec
  const data = trafs.map(({ track, first, end }) =>
    join(
      ...samplesOf(tracks[track - 1]!)
        .slice(first, end)
        .map(({ size }, i) => sampleBytes(track - 1, first + i, size)),
    ),
  )
  const moof = (size: number): Uint8Array => {
    let dataAt = moofAt + size + 8
    const boxes = trafs.map((one, i) => {
      const made = traf(one, samplesOf(tracks[one.track - 1]!), style, moofAt, dataAt, i === 0)
      dataAt += data[i]!.length
      return made
    })
    return box('moof', fullBox('mfhd', 0, 0, words(1)), ...boxes)
  }
  return join(moof(moof(0).length), box('mdat', ...data))
}

/** Presentation time of the reference track's (the first's) first sample in a moof or behind it, media ticks. */
function timeOf(spec: FragmentedSpec, moof: number): number {
  const samples = samplesOf(spec.tracks[0]!)
  const { first } = spec.moofs
    .slice(moof)
    .flat()
    .find(({ track }) => track === 1)!
  return samples.slice(0, first).reduce((sum, { duration }) => sum + duration, 0) + samples[first]!.offset
}

function sidxBox(track: TrackSpec, entries: readonly (readonly [number, number, number])[]): Uint8Array {
  return fullBox('sidx', 0, 0, words(1, track.timescale, 0, 0, entries.length, ...entries.flat()))
}

/** The `sidx` boxes: one, or one that names one for each subsegment. */
function segmentIndex(spec: FragmentedSpec, starts: readonly number[], end: number): Uint8Array {
  const { sidx = [] } = spec
  const track = spec.tracks[0]!
  const total = samplesOf(track).reduce((sum, { duration }) => sum + duration, 0) + timeOf(spec, sidx[0]!)
  const rows = sidx.map((moof, i): [number, number, number] => {
    const next = sidx[i + 1]
    const size = (next === undefined ? end : starts[next]!) - starts[moof]!
    const duration = (next === undefined ? total : timeOf(spec, next)) - timeOf(spec, moof)
    return [size, duration, 0x90000000]
  })
  return sidxBox(track, rows)
}

/** Tables of nothing: the samples lie in fragments. */
function withoutSamples(track: TrackSpec, count: number): TrackSpec {
  const samples = samplesOf(track).slice(0, count)
  const { stss, ctts: _, ...rest } = track
  return {
    ...rest,
    stts: samples.map(({ duration }) => [1, duration] as const),
    ctts: samples.map(({ offset }) => [1, offset] as const),
    sizes: samples.map(({ size }) => size),
    chunks: count === 0 ? [] : [[count, 1]],
    ...(stss === undefined ? {} : { stss: stss.filter(sample => sample <= count) }),
  }
}

/** Writes a fragmented film: moov, `sidx`, fragments, `mfra`. */
export function writeFragmented(spec: FragmentedSpec): Uint8Array {
  const { tracks, style = {}, inMoov = [], mfra } = spec
  const trex = tracks.map((track, i) => {
    const duration = style.defaults ? (track.stts[0]?.[1] ?? 0) : 0
    return fullBox('trex', 0, 0, words(i + 1, 1, duration, 0, track.stss === undefined ? SYNC : NOT_SYNC))
  })
  const head = writeMovie({
    ...spec.movie,
    tracks: tracks.map((track, i) => withoutSamples(track, inMoov[i] ?? 0)),
    moovFirst: true,
    extra: [box('mvex', ...trex), ...(spec.movie?.extra ?? [])],
  })
  const parts = (at: number): { bytes: Uint8Array; starts: number[] } => {
    const starts: number[] = []
    const made: Uint8Array[] = []
    for (const trafs of spec.moofs) {
      starts.push(at)
      const bytes = fragment(spec, trafs, at)
      made.push(bytes)
      at += bytes.length
    }
    return { bytes: join(...made), starts }
  }
  const draft = parts(0)
  const levels = (starts: readonly number[]): Uint8Array => {
    if (spec.sidx === undefined) return new Uint8Array(0)
    const inner = segmentIndex(spec, starts, starts[0]! + draft.bytes.length)
    if (!spec.isHierarchical) return inner
    return join(sidxBox(tracks[0]!, [[0x80000000 + inner.length, 0, 0]]), inner)
  }
  const body = parts(head.length + levels(draft.starts).length)
  const film = join(head, levels(body.starts), body.bytes)
  if (mfra === undefined) return film
  const rows = mfra.flatMap(moof => [timeOf(spec, moof), body.starts[moof]!])
  // One byte each for the numbers of traf, trun and sample.
  const tfra = fullBox(
    'tfra',
    0,
    0,
    words(1, 0, mfra.length),
    ...mfra.map((_, i) => join(words(...rows.slice(i * 2, i * 2 + 2)), Uint8Array.of(1, 1, 1))),
  )
  const size = 8 + tfra.length + 16
  return join(film, box('mfra', tfra, fullBox('mfro', 0, 0, words(size))))
}
