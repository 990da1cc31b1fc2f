import type { Attachment, Chapter } from '@cuemux/core'
import { createHeader, forEachChild, MAX_HEADER_BYTES, readHeader, readText, readUint, UNKNOWN_SIZE } from './ebml.js'
import { Id } from './elements.js'
import type { ByteWindow } from './window.js'

const MAX_CHAPTERS = 10_000
const MAX_DEPTH = 8
const MAX_ATTACHMENTS = 1000

/**
 * Reads Chapters' payload (RFC 9559 §5.1.7) in the order of times: the default edition, else the first one, of those that are
 * not hidden; what is damaged is left out.
 */
export function readChapters(bytes: Uint8Array, start: number, end: number): Chapter[] {
  const chapters: Chapter[] = []
  const edition = chooseEdition(bytes, start, end)
  if (edition !== undefined) readAtoms(bytes, edition.from, edition.to, chapters, 0)
  return chapters.sort((a, b) => a.startMs - b.startMs)
}

/** Where the payload of an edition lies. */
interface Edition {
  readonly from: number
  readonly to: number
  readonly isDefault: boolean
}

function chooseEdition(bytes: Uint8Array, start: number, end: number): Edition | undefined {
  let chosen: Edition | undefined
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id !== Id.EditionEntry || chosen?.isDefault) return
      const { isDefault, isHidden } = readEditionFlags(bytes, from, to)
      if (!isHidden && (isDefault || chosen === undefined)) chosen = { from, to, isDefault }
    },
    true,
  )
  return chosen
}

function readEditionFlags(bytes: Uint8Array, start: number, end: number): { isDefault: boolean; isHidden: boolean } {
  let isDefault = false
  let isHidden = false
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id === Id.EditionFlagDefault) isDefault = readUint(bytes, from, to) === 1
      else if (id === Id.EditionFlagHidden) isHidden = readUint(bytes, from, to) === 1
    },
    true,
  )
  return { isDefault, isHidden }
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

/** Read at each file behind the first ones: its name and type come before its payload. */
const FILE_HEAD_BYTES = 2048

/**
 * Lists the files of an Attachments element (RFC 9559 §5.1.6) without their payload: those whose heads are in memory, and
 * where a seek costs little, by a hop to each of the others, too.
 *
 * @param start offset of the element's payload in the source
 * @param end its end
 */
export async function readAttachments(
  window: ByteWindow,
  start: number,
  end: number,
  isNear: boolean,
): Promise<Attachment[]> {
  const found: Attachment[] = []
  const header = createHeader()
  for (let pos = start, count = 0; pos < end && count < MAX_ATTACHMENTS; count++) {
    if (!isNear && !window.has(pos, MAX_HEADER_BYTES)) break
    const headBytes = Math.min(end - pos, FILE_HEAD_BYTES)
    const { bytes, base } = await window.get(pos, isNear ? headBytes : MAX_HEADER_BYTES, pos + headBytes)
    if (readHeader(bytes, pos - base, bytes.length, header) <= 0 || header.size === UNKNOWN_SIZE) break
    const fileEnd = header.dataStart + header.size
    if (header.id === Id.AttachedFile) {
      const file = readAttachedFile(bytes, header.dataStart, Math.min(fileEnd, end - base), base)
      if (file !== undefined) found.push(file)
    }
    pos = base + fileEnd
  }
  return nameApart(found)
}

/** Names by which each file can be asked for: what has none is numbered, and so is the second of two alike. */
function nameApart(files: readonly Attachment[]): Attachment[] {
  const taken = new Set<string>()
  return files.map((file, i) => {
    const [base, extension] = splitName(file.name || `attachment-${i + 1}${extensionOf(file.mimeType)}`)
    let name = base + extension
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}${extension}`
    taken.add(name)
    return { ...file, name }
  })
}

function splitName(name: string): [base: string, extension: string] {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
}

/** `.jpeg` of `image/jpeg`; none where the type is not that simple. */
function extensionOf(mimeType: string): string {
  return /^(image|font)\/[a-z0-9]+$/.test(mimeType) ? `.${mimeType.split('/')[1]}` : ''
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
