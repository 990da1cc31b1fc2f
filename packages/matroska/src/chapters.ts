import type { Attachment, Chapter } from '@cuemux/core'
import { createHeader, forEachChild, readHeader, readText, readUint, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'

const MAX_CHAPTERS = 10_000
const MAX_DEPTH = 8
const MAX_ATTACHMENTS = 1000

/** Reads Chapters' payload (RFC 9559 §5.1.7): the first edition, in the order of times; what is damaged is left out. */
export function readChapters(bytes: Uint8Array, start: number, end: number): Chapter[] {
  const chapters: Chapter[] = []
  let editions = 0
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id === Id.EditionEntry && editions++ === 0) readAtoms(bytes, from, to, chapters, 0)
    },
    true,
  )
  return chapters.sort((a, b) => a.startMs - b.startMs)
}

function readAtoms(bytes: Uint8Array, start: number, end: number, into: Chapter[], depth: number): void {
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id !== Id.ChapterAtom || into.length >= MAX_CHAPTERS) return
      readAtom(bytes, from, to, into)
      if (depth < MAX_DEPTH) readAtoms(bytes, from, to, into, depth + 1)
    },
    true,
  )
}

function readAtom(bytes: Uint8Array, start: number, end: number, into: Chapter[]): void {
  let startNs = -1
  let endNs: number | undefined
  let title = ''
  let isHidden = false
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id === Id.ChapterTimeStart) startNs = readUint(bytes, from, to)
      else if (id === Id.ChapterTimeEnd) endNs = readUint(bytes, from, to)
      else if (id === Id.ChapterFlagHidden) isHidden = readUint(bytes, from, to) === 1
      else if (id === Id.ChapterDisplay && title === '') {
        forEachChild(
          bytes,
          from,
          to,
          (child, childStart, childEnd) => {
            if (child === Id.ChapString) title = readText(bytes, childStart, childEnd)
          },
          true,
        )
      }
    },
    true,
  )
  if (startNs < 0 || isHidden) return
  into.push({ startMs: startNs / 1e6, endMs: endNs === undefined ? undefined : endNs / 1e6, title })
}

/**
 * Reads the part of an Attachments element (RFC 9559 §5.1.6) that lies in `bytes`: the files whose FileData begins
 * there. Their payload is neither needed nor read.
 *
 * @param base offset of `bytes` in the source
 * @param end end of the element in `bytes`, which may lie beyond them
 */
export function readAttachments(bytes: Uint8Array, start: number, end: number, base: number): Attachment[] {
  const found: Attachment[] = []
  const header = createHeader()
  const limit = Math.min(end, bytes.length)
  let pos = start
  while (pos < limit && found.length < MAX_ATTACHMENTS) {
    if (readHeader(bytes, pos, limit, header) <= 0 || header.size === UNKNOWN_SIZE) break
    const fileEnd = header.dataStart + header.size
    if (header.id === Id.AttachedFile) {
      const file = readAttachedFile(bytes, header.dataStart, Math.min(fileEnd, end), base)
      if (file !== undefined) found.push(file)
    }
    pos = fileEnd
  }
  return found
}

function readAttachedFile(bytes: Uint8Array, start: number, end: number, base: number): Attachment | undefined {
  let name = ''
  let mimeType = ''
  let offsetBytes = -1
  let sizeBytes = 0
  const header = createHeader()
  const limit = Math.min(end, bytes.length)
  let pos = start
  while (pos < limit) {
    if (readHeader(bytes, pos, limit, header) <= 0 || header.size === UNKNOWN_SIZE) break
    const dataEnd = header.dataStart + header.size
    if (header.id === Id.FileData) {
      offsetBytes = base + header.dataStart
      sizeBytes = Math.min(header.size, end - header.dataStart)
    } else if (dataEnd <= limit) {
      if (header.id === Id.FileName) name = readText(bytes, header.dataStart, dataEnd)
      else if (header.id === Id.FileMimeType) mimeType = readText(bytes, header.dataStart, dataEnd)
    }
    pos = dataEnd
  }
  return offsetBytes < 0 ? undefined : { name, mimeType, offsetBytes, sizeBytes }
}
