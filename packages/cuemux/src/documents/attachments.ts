import { type Attachment, type ByteSource, CuemuxError, type ReadOptions } from '@cuemux/core'
import type { PlannedFilm } from '../planned-film.js'
import type { Found } from '../renditions/rendition.js'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'

/** Attachments are below this. */
export const ATTACHMENTS = 'attachments/'
/** Larger ones are no cover art and no font. */
const MAX_ATTACHMENT_BYTES = 64 << 20
/** What a browser may show or load; all else is a download, so that a film can't bring a page along. */
const SAFE_TYPES =
  /^(?:image\/(?:jpeg|png|webp|gif|avif)|font\/[a-z0-9+.-]+|application\/(?:x-(?:truetype|opentype)-font|vnd\.ms-opentype|font-[a-z]+))$/

interface NamedAttachment {
  readonly entry: ResourceEntry
  readonly attachment: Attachment
}

/** The film's attachments as resources. */
export function attachmentEntries({ demuxer }: Pick<PlannedFilm, 'demuxer'>): ResourceEntry[] {
  return named(demuxer.index.attachments).map(({ entry }) => entry)
}

/** Attachments by names that are safe in a path, each once: a film can't name a file outside its folder. */
function named(attachments: readonly Attachment[]): NamedAttachment[] {
  const taken = new Set<string>()
  return attachments.map(attachment => {
    const plain = safeName(attachment.name)
    let name = plain
    for (let n = 2; taken.has(name); n++) name = `${n}-${plain}`
    taken.add(name)
    const type = attachment.mimeType.toLowerCase()
    const contentType = SAFE_TYPES.test(type) ? type : CONTENT_TYPES.bytes
    return { attachment, entry: { path: `${ATTACHMENTS}${name}`, kind: 'attachment', contentType } }
  })
}

function safeName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = name.replace(/[\u0000-\u001f\u007f/\\:*?"<>|]+/g, '_').replace(/^\.+/, '_')
  return plain.slice(-MAX_NAME_LENGTH) || 'attachment'
}

const MAX_NAME_LENGTH = 120

/** A file inside the film by its name; `undefined` where there is none. */
export function findAttachment(film: Pick<PlannedFilm, 'demuxer' | 'source'>, name: string): Found | undefined {
  const found = named(film.demuxer.index.attachments).find(({ entry }) => entry.path === `${ATTACHMENTS}${name}`)
  if (found === undefined) return undefined
  const { attachment, entry } = found
  return { entry, make: async ({ signal }) => [await readAttachment(film.source, attachment, { signal })] }
}

async function readAttachment(
  source: ByteSource,
  { name, offsetBytes, sizeBytes }: Attachment,
  options: ReadOptions,
): Promise<Uint8Array> {
  if (sizeBytes > MAX_ATTACHMENT_BYTES) {
    throw new CuemuxError(
      'LIMIT_EXCEEDED',
      `The attachment "${name}" has ${sizeBytes} bytes, too many to be given out.`,
    )
  }
  const bytes = await source.read(offsetBytes, sizeBytes, options)
  if (bytes.byteLength < sizeBytes) {
    throw new CuemuxError('CORRUPT_MEDIA', `The film ends within its attachment "${name}".`, { at: { offsetBytes } })
  }
  return bytes
}
