import { rescale, type SampleBatch, sliceBatch, type VideoTrack } from '@cuemux/core'
import { writeInitSegment, writeMediaSegment } from '@cuemux/fmp4'
import { type ImageStream, writeImagePlaylist } from '@cuemux/playlist'
import { type StoryboardTile, writeStoryboard } from '@cuemux/text'
import type { EncoderService } from '../encoding/service.js'
import type { PlannedFilm } from '../planned-film.js'
import { isRemote } from '../remote.js'
import { withQuery } from '../renditions/rendition.js'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'

/** Images of tiles are below this. */
export const STORYBOARD = 'storyboard/'
export const STORYBOARD_TEXT = 'storyboard.vtt'
export const STORYBOARD_PLAYLIST = 'storyboard.m3u8'

/** Tiles in an image. */
const [COLUMNS, ROWS] = [5, 5]
/** Pixels of a tile on its longer side. */
const TILE_SIDE = 240
/** A tile stands for so long at least; of a long film so long that there are not too many. */
const [LEAST_TILE_MS, MOST_TILES] = [5000, 1000]
/** What a JPEG of tiles takes as a rule, bits a pixel. */
const BITS_PER_PIXEL = 1.2

/** Pictures of a film at regular times, for a seek bar. */
export interface Storyboard {
  readonly track: VideoTrack
  /** Pixels of a tile. */
  readonly width: number
  readonly height: number
  /** How long each tile stands, ms. */
  readonly tileMs: number
  readonly tiles: number
  readonly durationMs: number
}

/**
 * The film's storyboard; `undefined` where none is made: without an encoder or a picture that is copied, and of a film
 * that is far away, from which each tile would be a download.
 */
export async function planStoryboard(
  { plan, source }: PlannedFilm,
  encoder: EncoderService | undefined,
): Promise<Storyboard | undefined> {
  const rendition = plan.renditions.find(({ kind }) => kind !== 'audio')
  const track = rendition?.tracks.find((one): one is VideoTrack => one.kind === 'video')
  if (encoder === undefined || rendition === undefined || track === undefined || plan.encoded.has(track.id))
    return undefined
  if (isRemote(source.seekCostBytes) || plan.segments.periods.length > 1) return undefined
  if (!(await encoder.availability()).isAvailable) return undefined
  const durationMs = Math.round(rendition.durationsUs.reduce((sum, durationUs) => sum + durationUs, 0) / 1000)
  const tileMs = Math.max(LEAST_TILE_MS, Math.ceil(durationMs / MOST_TILES / 1000) * 1000)
  const [horizontal, vertical] = track.pixelAspect
  const [shownWidth, shownHeight] = [(track.width * horizontal) / vertical, track.height]
  const scale = TILE_SIDE / Math.max(shownWidth, shownHeight)
  const even = (length: number): number => Math.max(2, Math.round((length * scale) / 2) * 2)
  const tiles = Math.max(1, Math.ceil(durationMs / tileMs))
  return { track, width: even(shownWidth), height: even(shownHeight), tileMs, tiles, durationMs }
}

/** How many images a storyboard has. */
export function imageCount({ tiles }: Storyboard): number {
  return Math.ceil(tiles / (COLUMNS * ROWS))
}

export function imageEntry(n: number): ResourceEntry {
  return { path: `${STORYBOARD}${n}.jpg`, kind: 'image', contentType: CONTENT_TYPES.jpeg }
}

/** `storyboard.vtt`: where the tile of each time is. */
export function storyboardText(board: Storyboard, query: string | undefined): string {
  const { width, height, tileMs, tiles, durationMs } = board
  const perImage = COLUMNS * ROWS
  return writeStoryboard(
    Array.from({ length: tiles }, (_, i): StoryboardTile => {
      const place = i % perImage
      return {
        startUs: i * tileMs * 1000,
        endUs: Math.min((i + 1) * tileMs, durationMs) * 1000,
        uri: withQuery(`${STORYBOARD}${Math.floor(i / perImage)}.jpg`, query),
        x: (place % COLUMNS) * width,
        y: Math.floor(place / COLUMNS) * height,
        width,
        height,
      }
    }),
  )
}

/** `storyboard.m3u8`: the images as a playlist. */
export function storyboardPlaylist(board: Storyboard, query: string | undefined): string {
  const { width, height, tileMs, durationMs } = board
  const imageMs = tileMs * COLUMNS * ROWS
  const images = Array.from({ length: imageCount(board) }, (_, n) => ({
    uri: withQuery(`${STORYBOARD}${n}.jpg`, query),
    durationUs: Math.min(imageMs, durationMs - n * imageMs) * 1000,
  }))
  const tiles = { resolution: { width, height }, columns: COLUMNS, rows: ROWS, tileDurationUs: tileMs * 1000 }
  return writeImagePlaylist({ targetDuration: Math.ceil(Math.min(imageMs, durationMs) / 1000), tiles, images })
}

/** What the multivariant playlist says of it. */
export function imageStream({ width, height, tileMs }: Storyboard, query: string | undefined): ImageStream {
  const bits = width * height * BITS_PER_PIXEL
  return {
    uri: withQuery(STORYBOARD_PLAYLIST, query),
    bandwidthBps: Math.ceil((bits * 1000) / tileMs),
    resolution: { width, height },
    codecs: ['jpeg'],
  }
}

/** Image n of a storyboard: the keyframes at or before the middle of each tile's time, read one by one and put together. */
export async function storyboardImage(
  film: PlannedFilm,
  board: Storyboard,
  n: number,
  encoder: EncoderService,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { track, width, height, tileMs, tiles } = board
  const perImage = COLUMNS * ROWS
  const wanted = Array.from({ length: Math.min(perImage, tiles - n * perImage) }, (_, i) => n * perImage + i)
  const pieces: Uint8Array[] = [writeInitSegment([{ track }])]
  for (const [i, tile] of wanted.entries()) {
    const sample = await readKeyframe(film, track, keyframeNear(film, (tile + 0.5) * tileMs), signal)
    if (sample !== undefined) pieces.push(...writeMediaSegment(i + 1, [{ batch: placed(sample, i), shift: 0 }]).pieces)
  }
  return encoder.makeTiles({ pieces, columns: COLUMNS, rows: ROWS, width, height, signal })
}

/** Number of the last keyframe at or before a time, ms from the presentation's beginning. */
function keyframeNear({ plan, demuxer, clip }: PlannedFilm, timeMs: number): number {
  const { zero } = plan.timeline
  const { time, timescale, count } = demuxer.index.keyframes
  const at = rescale(zero.ticks, zero.timescale, timescale) + (timeMs * timescale) / 1000
  let [low, high] = [clip?.first ?? 0, (clip?.end ?? count) - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((time[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}

async function readKeyframe(
  { demuxer }: PlannedFilm,
  track: VideoTrack,
  keyframe: number,
  signal: AbortSignal | undefined,
): Promise<SampleBatch | undefined> {
  const [batch] = await demuxer.readSpan({ first: keyframe, end: keyframe + 1 }, [track.id], { signal })
  return batch === undefined || batch.count === 0 ? undefined : sliceBatch(batch, 0, 1)
}

/** A keyframe as picture i of a row, a second after the other. */
function placed(batch: SampleBatch, i: number): SampleBatch {
  const second = batch.timescale
  return {
    ...batch,
    dts: Float64Array.of(i * second),
    compositionOffset: Int32Array.of(0),
    duration: Uint32Array.of(second),
  }
}
