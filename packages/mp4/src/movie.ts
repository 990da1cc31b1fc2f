import { CuemuxError } from '@cuemux/core'
import { type BoxPlace, boxByPath, childBoxes, firstOf, fourcc, u32 } from './boxes.js'

/** More tracks or descriptions than these are no film. */
const MAX_TRACKS = 256
const MAX_DESCRIPTIONS = 256

/** A track's boxes, as offsets into the moov's bytes. */
export interface TrackBoxes {
  readonly tkhd: BoxPlace
  readonly mdhd: BoxPlace
  readonly hdlr: BoxPlace
  readonly elng: BoxPlace | undefined
  readonly elst: BoxPlace | undefined
  readonly udta: BoxPlace | undefined
  /** The sample table box's children. */
  readonly stbl: readonly BoxPlace[]
  /** The sample entries of `stsd`. */
  readonly entries: readonly BoxPlace[]
  /** Four characters of the handler: `vide`, `soun`, `sbtl` … */
  readonly handler: string
  /** Tracks that this one names as its chapter tracks (`tref`/`chap`). */
  readonly chapterTracks: readonly number[]
}

/** What the walk through moov found. */
export interface MovieBoxes {
  readonly bytes: Uint8Array
  readonly mvhd: BoxPlace
  readonly tracks: readonly TrackBoxes[]
  readonly udta: BoxPlace | undefined
  readonly meta: BoxPlace | undefined
  /** There where movie fragments may follow (§8.8.1). */
  readonly mvex: BoxPlace | undefined
}

function chapterTracks(bytes: Uint8Array, trak: readonly BoxPlace[]): number[] {
  const chap = boxByPath(bytes, trak, 'tref', 'chap')
  const ids: number[] = []
  if (chap !== undefined)
    for (let at = chap.body; at + 4 <= chap.end && ids.length < 64; at += 4) ids.push(u32(bytes, at))
  return ids
}

/** A track's boxes; `undefined` where one that it can't do without is missing. */
function trackBoxes(bytes: Uint8Array, place: BoxPlace): TrackBoxes | undefined {
  const trak = childBoxes(bytes, place.body, place.end)
  const media = firstOf(trak, 'mdia')
  if (media === undefined) return undefined
  const mdia = childBoxes(bytes, media.body, media.end)
  const tkhd = firstOf(trak, 'tkhd')
  const mdhd = firstOf(mdia, 'mdhd')
  const hdlr = firstOf(mdia, 'hdlr')
  const table = boxByPath(bytes, mdia, 'minf', 'stbl')
  if (tkhd === undefined || mdhd === undefined || hdlr === undefined || table === undefined) return undefined
  if (hdlr.end - hdlr.body < 12) return undefined
  const stbl = childBoxes(bytes, table.body, table.end)
  const stsd = firstOf(stbl, 'stsd')
  const entries = stsd === undefined || stsd.end - stsd.body < 16 ? [] : childBoxes(bytes, stsd.body + 8, stsd.end)
  if (entries.length === 0) return undefined
  return {
    tkhd,
    mdhd,
    hdlr,
    elng: firstOf(mdia, 'elng'),
    elst: boxByPath(bytes, trak, 'edts', 'elst'),
    udta: firstOf(trak, 'udta'),
    stbl,
    entries: entries.slice(0, MAX_DESCRIPTIONS),
    handler: fourcc(bytes, hdlr.body + 8),
    chapterTracks: chapterTracks(bytes, trak),
  }
}

/**
 * Walks the movie box by its structure, every size checked against its parent's.
 *
 * @throws CuemuxError `CORRUPT_INDEX`, `UNSUPPORTED_CONTAINER` (compressed header), `LIMIT_EXCEEDED`
 */
export function readMovie(bytes: Uint8Array): MovieBoxes {
  const header = u32(bytes, 0) === 1 ? 16 : 8
  const moov = childBoxes(bytes, header, bytes.length)
  if (firstOf(moov, 'cmov') !== undefined) {
    throw new CuemuxError('UNSUPPORTED_CONTAINER', 'The QuickTime file has a compressed header (cmov).', {
      at: { path: 'moov/cmov' },
      hint: 'Save it again with a current program, or remux it with ffmpeg -c copy.',
    })
  }
  const mvhd = firstOf(moov, 'mvhd')
  if (mvhd === undefined) throw new CuemuxError('CORRUPT_INDEX', 'The moov box has no mvhd.', { at: { path: 'moov' } })
  const traks = moov.filter(box => box.type === 'trak')
  if (traks.length > MAX_TRACKS) {
    throw new CuemuxError('LIMIT_EXCEEDED', `The moov box has ${traks.length} tracks; ${MAX_TRACKS} is the limit.`, {
      at: { path: 'moov' },
    })
  }
  return {
    bytes,
    mvhd,
    tracks: traks.map(place => trackBoxes(bytes, place)).filter(track => track !== undefined),
    udta: firstOf(moov, 'udta'),
    meta: firstOf(moov, 'meta'),
    mvex: firstOf(moov, 'mvex'),
  }
}
