import {
  type AudioTrack,
  type ByteSource,
  CuemuxError,
  type Demuxer,
  type MediaIndex,
  type ReadOptions,
  throwIfAborted,
  toCuemuxError,
  type VideoTrack,
} from '@cuemux/core'
import { assembleIndex, type Opening, usualDistance } from './build-index.js'
import { ChunkCache } from './chunk-cache.js'
import { MpegTsDemuxer } from './demuxer.js'
import { type TrackWithFormat, trackOfStream } from './es-media.js'
import { findFilmTimes } from './film-times.js'
import { readBeginnings, type TrackBeginning } from './head-tracks.js'
import { findLayout, type PacketLayout } from './packets.js'
import { type FoundProgram, findProgram } from './program.js'
import { sampleIndex } from './sampled-index.js'
import { MIN_SAMPLED_BYTES } from './sampling.js'
import { type ScanPlan, scanStream } from './scan.js'
import { registrationOf } from './stream-kinds.js'

/** Options of {@link openMpegTs}. */
export interface OpenMpegTsOptions extends ReadOptions {
  /** The source's first bytes, where the caller has read them already: 64 KiB save a read. */
  readonly head?: Uint8Array | undefined
  /** An index that an earlier opening of the same source made: nothing is read. */
  readonly index?: MediaIndex | undefined
  /** Called now and then while the stream is searched for keyframes. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

const HEAD_BYTES = 64 * 1024
/** How far from its beginning a stream is searched for the first frames of its tracks. */
const MAX_BEGINNING_BYTES = 16 * 1024 * 1024
const TAIL_BYTES = 512 * 1024
const PIECE_BYTES = 4 * 1024 * 1024
/** From this cost of a seek on, in bytes, a read costs a round trip. */
const REMOTE_SEEK_COST_BYTES = 256 * 1024

/**
 * Opens an MPEG transport stream. It has no index: its packets are gone through once for keyframes.
 *
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `NO_KEYFRAME_INDEX`, `ENCRYPTED`, `ABORTED`, and what
 * the source throws
 */
export async function openMpegTs(source: ByteSource, options: OpenMpegTsOptions = {}): Promise<Demuxer> {
  if (options.index !== undefined) return new MpegTsDemuxer(near(source, new Uint8Array(0)), options.index)
  try {
    throwIfAborted(options.signal)
    const readOptions: ReadOptions = { signal: options.signal }
    const head = options.head ?? (await source.read(0, HEAD_BYTES, readOptions))
    const layout = findLayout(head)
    if (layout === undefined) {
      throw new CuemuxError('UNSUPPORTED_CONTAINER', 'The bytes are no MPEG transport stream.', {
        at: { offsetBytes: 0 },
      })
    }
    const cached = near(source, head)
    return new MpegTsDemuxer(cached, await buildIndex(cached, head, layout, options))
  } catch (error) {
    throw toCuemuxError(error, 'CORRUPT_INDEX')
  }
}

/** A remote source with what was read last at hand. */
function near(source: ByteSource, head: Uint8Array): ByteSource {
  return source.seekCostBytes >= REMOTE_SEEK_COST_BYTES ? new ChunkCache(source, head) : source
}

async function buildIndex(
  source: ByteSource,
  head: Uint8Array,
  layout: PacketLayout,
  options: OpenMpegTsOptions,
): Promise<MediaIndex> {
  const readOptions: ReadOptions = { signal: options.signal }
  const program = await findProgram(source, head, layout, readOptions)
  const pairs = tracksOf(program)
  const all = await readBeginnings(source, pairs, layout.stride, layout.offset, head, MAX_BEGINNING_BYTES, readOptions)
  const reference = referenceOf(all)
  const beginnings = withDefaults(all.filter(one => one === reference || isThere(one)))
  const endBytes = source.sizeBytes ?? head.length
  const plan: ScanPlan = {
    stride: layout.stride,
    begin: layout.offset,
    end: endBytes,
    program,
    pids: beginnings.map(({ pair }) => pair.track.id),
    reference: reference.pair.track as VideoTrack | AudioTrack,
    parameterSets: reference.pair.format.parameterSets,
    pieceBytes: PIECE_BYTES,
  }
  const opening: Opening = { source, plan, beginnings, reference: reference.pair, readOptions }
  const isFar = source.seekCostBytes >= REMOTE_SEEK_COST_BYTES && endBytes >= MIN_SAMPLED_BYTES
  const sampled = isFar && reference.pair.track.kind === 'video' ? await sampleIndex(opening) : undefined
  if (sampled !== undefined) return sampled
  const scan = await scanStream(source, plan, readOptions, options.onProgress)
  const times = findFilmTimes(scan.packets, usualDistance(reference.pair), endBytes)
  return assembleIndex(opening, scan, times, TAIL_BYTES)
}

function tracksOf({ map }: FoundProgram): TrackWithFormat[] {
  const pairs: TrackWithFormat[] = []
  const isBluRay = registrationOf(map.descriptors) === 'HDMV'
  const ids = new Set<number>()
  for (const entry of map.streams) {
    const pair = trackOfStream(entry, isBluRay)
    if (pair === undefined || ids.has(entry.pid) || entry.pid === 0) continue
    ids.add(entry.pid)
    pairs.push(pair)
  }
  return pairs
}

/** The first track of its kind is the one to play; text is shown when it is asked for. */
function withDefaults(beginnings: readonly TrackBeginning[]): TrackBeginning[] {
  const first = new Map<string, TrackBeginning>()
  for (const one of beginnings) if (!first.has(one.pair.track.kind)) first.set(one.pair.track.kind, one)
  return beginnings.map(one => {
    const { track } = one.pair
    const isDefault = track.kind !== 'text' && first.get(track.kind) === one
    return { ...one, pair: { ...one.pair, track: { ...track, isDefault } } }
  })
}

/** Whether there is anything of a track that the program map names: broadcasts name sound that isn't sent. */
function isThere({ pair: { track, format }, stamp }: TrackBeginning): boolean {
  return stamp >= 0 || track.kind === 'text' || format.isScrambled
}

/** The first video track that was met, else the first one of sound. */
function referenceOf(beginnings: readonly TrackBeginning[]): TrackBeginning {
  const order = (kind: string, isMet: boolean): TrackBeginning | undefined =>
    beginnings.find(({ pair, stamp }) => pair.track.kind === kind && (!isMet || stamp >= 0))
  const found = order('video', true) ?? order('audio', true) ?? order('video', false) ?? order('audio', false)
  if (found === undefined) throw new CuemuxError('NO_KEYFRAME_INDEX', 'The stream has neither picture nor sound.')
  if (found.stamp < 0 && found.pair.format.isScrambled) {
    throw new CuemuxError('ENCRYPTED', 'The stream is scrambled.', { hint: 'Descramble it first.' })
  }
  return found
}
