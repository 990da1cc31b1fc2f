import { CuemuxError } from '@cuemux/core'
import { createHeader, forEachChild, MAX_HEADER_BYTES, readHeader, readText, readUint, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'
import { readInfo, type SegmentInfo } from './info.js'
import { readSeekHead } from './seek-head.js'
import { readTracks, type TrackEntry } from './track-entry.js'
import type { ByteWindow } from './window.js'

/** What the head of a file tells: all that lies before its first cluster, and where SeekHead says that the rest is. */
export interface Head {
  readonly docType: 'matroska' | 'webm'
  /** Offset of the Segment's payload, bytes. */
  readonly segmentStart: number
  /** Where the Segment says that it ends, bytes; infinite where it doesn't. */
  readonly segmentEnd: number
  info: SegmentInfo | undefined
  tracks: TrackEntry[] | undefined
  /** Offset of an element at or before the first cluster, bytes. */
  firstCluster: number
  /** Offsets of the other children of the Segment by ID, bytes. */
  readonly places: Map<number, number>
  /** Offsets of SeekHeads that haven't been read. */
  readonly seekHeads: number[]
}

const EBML_MAGIC = 0x1a45dfa3
const MAX_EBML_HEADER_BYTES = 4096
/** Largest Info, Tracks or SeekHead that is read. */
const MAX_ELEMENT_BYTES = 16 * 1024 * 1024
const MAX_ELEMENTS = 1000
const HOP_BYTES = 16 * 1024

/** Whether these first bytes of a file are an EBML header: Matroska or WebM as a rule. */
export function isMatroska(head: Uint8Array): boolean {
  return head.length >= 4 && readUint(head, 0, 4) === EBML_MAGIC
}

/**
 * Reads the head of a file.
 *
 * @param window has the file's first bytes, all of its head but for large attachments as a rule
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `LIMIT_EXCEEDED`
 */
export async function readHead(window: ByteWindow, first: Uint8Array): Promise<Head> {
  const { docType, end } = readEbmlHeader(first)
  const header = createHeader()
  const length = readHeader(first, end, first.length, header)
  if (length <= 0 || header.id !== Id.Segment) {
    throw new CuemuxError('CORRUPT_INDEX', 'There is no Segment behind the EBML header.', {
      at: { offsetBytes: end, path: 'Segment' },
      hint: 'The file is damaged or was cut.',
    })
  }
  const segmentStart = header.dataStart
  const head: Head = {
    docType,
    segmentStart,
    segmentEnd: header.size === UNKNOWN_SIZE ? Number.POSITIVE_INFINITY : segmentStart + header.size,
    info: undefined,
    tracks: undefined,
    firstCluster: segmentStart,
    places: new Map(),
    seekHeads: [],
  }
  await walkHead(window, head, first.length)
  await readMissing(window, head)
  return head
}

function readEbmlHeader(first: Uint8Array): { docType: 'matroska' | 'webm'; end: number } {
  const header = createHeader()
  const unsupported = (message: string): CuemuxError =>
    new CuemuxError('UNSUPPORTED_CONTAINER', message, { at: { offsetBytes: 0, path: 'EBML' } })
  if (!isMatroska(first)) throw unsupported("The file isn't Matroska: it doesn't begin with an EBML header.")
  const length = readHeader(first, 0, first.length, header)
  const end = header.dataStart + header.size
  if (length <= 0 || header.size === UNKNOWN_SIZE || header.size > MAX_EBML_HEADER_BYTES || end > first.length) {
    throw unsupported('The EBML header is damaged or was cut.')
  }
  let docType = 'matroska'
  forEachChild(
    first,
    header.dataStart,
    end,
    (id, from, to) => {
      if (id === Id.DocType) docType = readText(first, from, to)
      else if (id === Id.EBMLMaxIDLength && readUint(first, from, to) > 4) {
        throw unsupported('The file has element IDs of more than four bytes.')
      } else if (id === Id.EBMLMaxSizeLength && readUint(first, from, to) > 8) {
        throw unsupported('The file has element sizes of more than eight bytes.')
      }
    },
    true,
  )
  if (docType !== 'matroska' && docType !== 'webm') throw unsupported(`The file is EBML of the type "${docType}".`)
  return { docType, end }
}

/** Goes from child to child of the Segment up to the first cluster, hopping over what isn't needed. */
async function walkHead(window: ByteWindow, head: Head, firstBytes: number): Promise<void> {
  const header = createHeader()
  let pos = head.segmentStart
  for (let count = 0; count < MAX_ELEMENTS && pos < head.segmentEnd; count++) {
    head.firstCluster = pos
    // What comes behind large attachments needs no hop when SeekHead tells where it is.
    const knowsAll = head.tracks !== undefined && head.info !== undefined && head.places.has(Id.Cues)
    if (pos + MAX_HEADER_BYTES > firstBytes && knowsAll) return
    const chunk = await window.get(pos, MAX_HEADER_BYTES, pos + HOP_BYTES)
    const length = readHeader(chunk.bytes, pos - chunk.base, chunk.bytes.length, header)
    if (length <= 0 || header.id === Id.Cluster || header.size === UNKNOWN_SIZE) return
    const { id, size } = header
    await noteElement(window, head, id, pos, length, size)
    pos += length + size
  }
}

async function noteElement(
  window: ByteWindow,
  head: Head,
  id: number,
  pos: number,
  headerBytes: number,
  size: number,
): Promise<void> {
  const isNeeded = id === Id.Info || id === Id.Tracks || id === Id.SeekHead
  if (!isNeeded) {
    if (id !== Id.Void && id !== Id.Crc32) head.places.set(id, pos)
    return
  }
  if (size > MAX_ELEMENT_BYTES) {
    throw new CuemuxError('LIMIT_EXCEEDED', `An element of the head claims ${size} bytes.`, {
      at: { offsetBytes: pos },
    })
  }
  const chunk = await window.get(pos, headerBytes + size, pos + headerBytes + size)
  const start = pos - chunk.base + headerBytes
  const end = start + size
  if (end > chunk.bytes.length) {
    throw new CuemuxError('CORRUPT_INDEX', 'The file ends within its head.', { at: { offsetBytes: pos } })
  }
  if (id === Id.Info) head.info ??= readInfo(chunk.bytes, start, end)
  else if (id === Id.Tracks) head.tracks ??= readTracks(chunk.bytes, start, end)
  else noteSeekHead(head, chunk.bytes, start, end)
}

/** Takes over what a SeekHead tells; the place where an element was met counts more. */
export function noteSeekHead(head: Head, bytes: Uint8Array, start: number, end: number): void {
  for (const entry of readSeekHead(bytes, start, end, head.segmentStart)) {
    if (entry.id === Id.SeekHead) head.seekHeads.push(entry.offsetBytes)
    else if (!head.places.has(entry.id)) head.places.set(entry.id, entry.offsetBytes)
  }
}

/** Reads Info and Tracks where SeekHead says that they are, when they weren't before the first cluster. */
async function readMissing(window: ByteWindow, head: Head): Promise<void> {
  for (const id of [Id.Info, Id.Tracks]) {
    const place = head.places.get(id)
    if ((id === Id.Info ? head.info : head.tracks) !== undefined || place === undefined) continue
    const header = createHeader()
    const chunk = await window.get(place, MAX_HEADER_BYTES, place + HOP_BYTES)
    const length = readHeader(chunk.bytes, place - chunk.base, chunk.bytes.length, header)
    if (length <= 0 || header.id !== id || header.size === UNKNOWN_SIZE) continue
    await noteElement(window, head, id, place, length, header.size)
  }
}
