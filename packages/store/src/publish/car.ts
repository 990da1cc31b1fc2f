import { CuemuxError } from '@cuemux/core'
import type { CID } from 'multiformats/cid'
import { isBlockOf, MAX_BLOCK_BYTES } from './block-folder.js'
import type { IpfsLibraries } from './ipfs-libraries.js'

/** More roots than anyone has; bounds the header. */
const MAX_ROOTS = 1000
/** Room for a CID before its block in a section, and for one root in the header. */
const MAX_CID_BYTES = 128

/** The header of a CAR, version 1: its length as a varint, and a map of roots and version in DAG-CBOR. */
export function carHeader(roots: readonly CID[]): Uint8Array {
  // DAG-CBOR: a map of two, its shorter key first; a CID is tag 42 on a byte string of a zero and its bytes.
  const parts: Uint8Array[] = [Buffer.from([0xa2, 0x65]), Buffer.from('roots'), cborHead(4, roots.length)]
  for (const root of roots) {
    parts.push(Buffer.from([0xd8, 0x2a]), cborHead(2, root.bytes.byteLength + 1), Buffer.from([0]), root.bytes)
  }
  parts.push(Buffer.from([0x67]), Buffer.from('version'), Buffer.from([1]))
  const map = Buffer.concat(parts)
  return Buffer.concat([varint(map.byteLength), map])
}

/** A block in a CAR: the length of both as a varint, its CID, its bytes. */
export function carSection(cid: CID, block: Uint8Array): Uint8Array[] {
  return [Buffer.concat([varint(cid.bytes.byteLength + block.byteLength), cid.bytes]), block]
}

/**
 * Reads a CAR, version 1.
 *
 * @param take gets each block, whose hash was found right
 * @returns the roots that its header names
 * @throws CuemuxError `BAD_REQUEST` for what is no such CAR; `LIMIT_EXCEEDED` for blocks that are too large
 */
export async function readCar(
  libraries: IpfsLibraries,
  pieces: AsyncIterable<Uint8Array>,
  take: (cid: CID, block: Uint8Array) => Promise<unknown>,
): Promise<CID[]> {
  const reader = new PieceReader(pieces)
  try {
    const header = await readSection(reader, MAX_ROOTS * MAX_CID_BYTES)
    if (header === undefined) throw wrongCar('it is empty', 0)
    const roots = parseHeader(libraries, header)
    for (;;) {
      const at = reader.offset
      const section = await readSection(reader, MAX_BLOCK_BYTES + MAX_CID_BYTES)
      if (section === undefined) return roots
      const [cid, block] = parseSection(libraries, section, at)
      await take(cid, block)
    }
  } finally {
    await reader.close()
  }
}

function parseHeader(libraries: IpfsLibraries, header: Buffer): CID[] {
  let at = 0
  const expect = (bytes: Uint8Array): void => {
    if (!header.subarray(at, at + bytes.byteLength).equals(bytes)) {
      throw wrongCar('its header is not that of version 1', at, 'Export it as a CAR of version 1.')
    }
    at += bytes.byteLength
  }
  const head = (major: number): number => {
    const first = header[at++] ?? 0
    const info = first & 0x1f
    if (first >> 5 !== major || info > 25) throw wrongCar('its header is not that of version 1', at)
    if (info < 24) return info
    const length = info === 24 ? 1 : 2
    at += length
    if (at > header.byteLength) throw wrongCar('its header is cut', at)
    return header.readUIntBE(at - length, length)
  }
  expect(Buffer.from('\xa2\x65roots', 'latin1'))
  const count = head(4)
  if (count > MAX_ROOTS) throw new CuemuxError('LIMIT_EXCEEDED', `The CAR has more than ${MAX_ROOTS} roots.`)
  const roots: CID[] = []
  for (let root = 0; root < count; root++) {
    expect(Buffer.from([0xd8, 0x2a]))
    const length = head(2)
    expect(Buffer.from([0]))
    roots.push(decodeCid(libraries, header.subarray(at, at + length - 1), at)[0])
    at += length - 1
  }
  expect(Buffer.from('\x67version\x01', 'latin1'))
  return roots
}

function parseSection(libraries: IpfsLibraries, section: Buffer, at: number): [CID, Uint8Array] {
  const [cid, block] = decodeCid(libraries, section, at)
  if (block.byteLength > MAX_BLOCK_BYTES) {
    throw new CuemuxError('LIMIT_EXCEEDED', `The block ${cid.toString()} is larger than 2 MiB.`, {
      at: { offsetBytes: at },
    })
  }
  if (!isBlockOf(cid, block)) throw wrongCar(`the hash of ${cid.toString()} is another, or not SHA-256`, at)
  return [cid, block]
}

function decodeCid(libraries: IpfsLibraries, bytes: Uint8Array, at: number): [CID, Uint8Array] {
  try {
    return libraries.CID.decodeFirst(bytes)
  } catch (error) {
    throw wrongCar(`a CID is wrong (${error instanceof Error ? error.message : String(error)})`, at)
  }
}

async function readSection(reader: PieceReader, maxBytes: number): Promise<Buffer | undefined> {
  const at = reader.offset
  let length = 0
  for (let factor = 1, index = 0; ; factor *= 128, index++) {
    const [byte] = await reader.read(1)
    if (byte === undefined && index === 0) return undefined
    if (byte === undefined) throw wrongCar('it ends in the middle of a length', at)
    length += (byte & 0x7f) * factor
    if (length > maxBytes || index > 5) {
      throw new CuemuxError('LIMIT_EXCEEDED', `The CAR has a section of more than ${maxBytes} bytes.`, {
        at: { offsetBytes: at },
      })
    }
    if (byte < 0x80) break
  }
  const section = await reader.read(length)
  if (section.byteLength < length) throw wrongCar('it ends in the middle of a block', at)
  return section
}

function wrongCar(reason: string, offsetBytes: number, hint?: string): CuemuxError {
  return new CuemuxError('BAD_REQUEST', `This is no CAR that can be read: ${reason}.`, {
    at: { offsetBytes },
    ...(hint === undefined ? {} : { hint }),
  })
}

function cborHead(major: number, value: number): Uint8Array {
  if (value < 24) return Buffer.from([(major << 5) | value])
  return value < 256
    ? Buffer.from([(major << 5) | 24, value])
    : Buffer.from([(major << 5) | 25, value >> 8, value & 0xff])
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}

/** Reads a stream by lengths. */
class PieceReader {
  /** Bytes that were read so far. */
  offset = 0
  readonly #iterator: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array()

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#iterator = pieces[Symbol.asyncIterator]()
  }

  /** The next bytes; fewer only at the end. */
  async read(lengthBytes: number): Promise<Buffer> {
    const parts: Uint8Array[] = []
    let missing = lengthBytes
    while (missing > 0) {
      if (this.#piece.byteLength === 0) {
        const { done, value } = await this.#iterator.next()
        if (done) break
        this.#piece = value
      }
      const part = this.#piece.subarray(0, missing)
      this.#piece = this.#piece.subarray(part.byteLength)
      missing -= part.byteLength
      parts.push(part)
    }
    this.offset += lengthBytes - missing
    const [only] = parts
    if (parts.length === 1 && only !== undefined) return Buffer.from(only.buffer, only.byteOffset, only.byteLength)
    return Buffer.concat(parts)
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }
}
