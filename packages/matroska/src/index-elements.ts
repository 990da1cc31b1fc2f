import type { Attachment, Chapter } from '@cuemux/core'
import { readAttachments, readChapters } from './chapters.js'
import { readCues, type TrackCues } from './cues.js'
import { createHeader, MAX_HEADER_BYTES, readHeader, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'
import { type Head, noteSeekHead } from './head.js'
import { type FilmTags, readTags } from './tags.js'
import type { ByteWindow } from './window.js'

/** What Cues, Tags, Chapters and Attachments tell. */
export interface IndexElements {
  /** The cue points of the reference track and of text tracks; `undefined` without usable Cues. */
  readonly cues: TrackCues | undefined
  readonly tags: FilmTags
  readonly chapters: readonly Chapter[]
  readonly attachments: readonly Attachment[]
}

/** Up to this distance from Cues to the end of the file all is read in one piece: Tags lie there. */
const NEAR_END_BYTES = 1024 * 1024
/** First guess of the size of Cues elsewhere. */
const CUES_GUESS_BYTES = 64 * 1024
const OTHER_GUESS_BYTES = 16 * 1024
const MAX_CUES_BYTES = 256 * 1024 * 1024
/** Tags and chapters beyond this are not worth their reading. */
const MAX_OTHER_BYTES = 4 * 1024 * 1024

/** An element that is in memory. */
interface Element {
  readonly bytes: Uint8Array
  /** Offset of `bytes` in the source. */
  readonly base: number
  readonly start: number
  /** End of the payload in `bytes`; beyond them when only its beginning was read. */
  readonly end: number
}

/** Reads the elements that tell of the film as a whole, in one round trip where they lie together. */
export async function readIndexElements(
  window: ByteWindow,
  head: Head,
  referenceId: number,
  textIds: readonly number[],
  sizeBytes: number,
  isNear: boolean,
): Promise<IndexElements> {
  await readMoreSeekHeads(window, head, sizeBytes)
  const cuesAt = placeIn(head, Id.Cues, sizeBytes)
  const isNearEnd = cuesAt !== undefined && sizeBytes - cuesAt <= NEAR_END_BYTES
  const readTo = cuesAt === undefined ? 0 : isNearEnd ? sizeBytes : cuesAt + CUES_GUESS_BYTES
  const cuesRead = cuesAt === undefined ? undefined : readElement(window, Id.Cues, cuesAt, readTo, MAX_CUES_BYTES)
  const other = async (id: number): Promise<Element | undefined> => {
    let at = placeIn(head, id, sizeBytes)
    if (at === undefined) {
      noteFollowing(head, await cuesRead)
      at = placeIn(head, id, sizeBytes)
    }
    if (at === undefined) return undefined
    // What the same piece brings waits for it; what lies elsewhere is asked for at the same time.
    if (cuesAt !== undefined && at >= cuesAt && at < readTo) await cuesRead
    return readElement(window, id, at, Math.min(sizeBytes, at + OTHER_GUESS_BYTES), MAX_OTHER_BYTES)
  }
  const [cues, tags, chapters, attachments] = await Promise.all([
    cuesRead,
    other(Id.Tags),
    other(Id.Chapters),
    other(Id.Attachments),
  ])
  return {
    cues: cues && readCues(cues.bytes, cues.start, cues.end, referenceId, head.segmentStart, textIds),
    tags: tags ? readTags(tags.bytes, tags.start, tags.end) : { title: undefined, statistics: new Map() },
    chapters: chapters ? readChapters(chapters.bytes, chapters.start, chapters.end) : [],
    attachments: attachments
      ? await readAttachments(window, attachments.base + attachments.start, attachments.base + attachments.end, isNear)
      : [],
  }
}

/** SeekHeads that another one points at: they matter only when it doesn't lead to Cues. */
async function readMoreSeekHeads(window: ByteWindow, head: Head, sizeBytes: number): Promise<void> {
  const MAX_SEEK_HEADS = 4
  for (let count = 0; count < MAX_SEEK_HEADS && !head.places.has(Id.Cues); count++) {
    const at = head.seekHeads.shift()
    if (at === undefined) return
    if (at >= sizeBytes) continue
    const readTo = Math.min(sizeBytes, at + CUES_GUESS_BYTES)
    const element = await readElement(window, Id.SeekHead, at, readTo, MAX_OTHER_BYTES)
    if (element !== undefined) noteSeekHead(head, element.bytes, element.start, element.end)
  }
}

/** What lies behind Cues in the same piece, for muxers that don't list it in SeekHead. */
function noteFollowing(head: Head, cues: Element | undefined): void {
  if (cues === undefined) return
  const header = createHeader()
  for (let pos = cues.end; pos < cues.bytes.length; pos = header.dataStart + header.size) {
    const length = readHeader(cues.bytes, pos, cues.bytes.length, header)
    if (length <= 0 || header.size === UNKNOWN_SIZE || header.id === Id.Cluster) return
    if (!head.places.has(header.id)) head.places.set(header.id, cues.base + pos)
  }
}

function placeIn(head: Head, id: number, sizeBytes: number): number | undefined {
  const at = head.places.get(id)
  return at !== undefined && at < Math.min(sizeBytes, head.segmentEnd) ? at : undefined
}

/**
 * An element at its place; `undefined` where another one lies there, or it isn't whole. Of Attachments the beginning
 * is enough.
 */
async function readElement(
  window: ByteWindow,
  id: number,
  at: number,
  readTo: number,
  maxBytes: number,
): Promise<Element | undefined> {
  const header = createHeader()
  let chunk = await window.get(at, MAX_HEADER_BYTES, readTo)
  const length = readHeader(chunk.bytes, at - chunk.base, chunk.bytes.length, header)
  if (length <= 0 || header.id !== id || header.size === UNKNOWN_SIZE) return undefined
  const whole = length + header.size
  if (id === Id.Attachments) {
    const start = at - chunk.base + length
    return { bytes: chunk.bytes, base: chunk.base, start, end: start + header.size }
  }
  if (whole > maxBytes) return undefined
  chunk = await window.get(at, whole, at + whole)
  const start = at - chunk.base + length
  return start + header.size > chunk.bytes.length
    ? undefined
    : { bytes: chunk.bytes, base: chunk.base, start, end: start + header.size }
}
