import { open } from 'node:fs/promises'

const SEGMENT = 0x18538067
const CLUSTER = 0x1f43b675
const CUES = 0x1c53bb6b

/** A top-level element of a Segment. */
interface Element {
  readonly id: number
  readonly offsetBytes: number
  /** Header and payload. */
  readonly lengthBytes: number
}

/** The Segment's children, by their headers alone; for files with known sizes (RFC 8794 §4, §5). */
async function segmentChildren(file: string): Promise<Element[]> {
  const handle = await open(file, 'r')
  try {
    const { size: fileBytes } = await handle.stat()
    const header = Buffer.alloc(12)
    const children: Element[] = []
    for (let at = 0; at < fileBytes; ) {
      await handle.read(header, 0, 12, at)
      const idLength = Math.clz32(header[0] ?? 0) - 23
      const sizeLength = Math.clz32(header[idLength] ?? 0) - 23
      const id = header.readUIntBE(0, idLength)
      let size = (header[idLength] ?? 0) & ((0x80 >> (sizeLength - 1)) - 1)
      for (let i = 1; i < sizeLength; i++) size = size * 256 + (header[idLength + i] ?? 0)
      const lengthBytes = idLength + sizeLength + size
      if (id === SEGMENT) {
        at += idLength + sizeLength
        continue
      }
      children.push({ id, offsetBytes: at, lengthBytes })
      at += lengthBytes
    }
    return children
  } finally {
    await handle.close()
  }
}

/** Bytes of every cluster. */
export async function clusterSizes(file: string): Promise<number[]> {
  return (await segmentChildren(file)).filter(({ id }) => id === CLUSTER).map(({ lengthBytes }) => lengthBytes)
}

/** Bytes before the first cluster, and bytes of the Cues. */
export async function indexExtent(file: string): Promise<{ readonly headBytes: number; readonly cuesBytes: number }> {
  const children = await segmentChildren(file)
  return {
    headBytes: children.find(({ id }) => id === CLUSTER)?.offsetBytes ?? 0,
    cuesBytes: children.find(({ id }) => id === CUES)?.lengthBytes ?? 0,
  }
}
