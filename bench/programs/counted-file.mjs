import { openFile } from '../../packages/source/dist/node.js'

/** A film in a file, whose reads are counted in `counted`. */
export async function countedFile(path) {
  const file = await openFile(path)
  const counted = { reads: 0, bytes: 0 }
  const { key, name, sizeBytes, seekCostBytes } = file
  const source = {
    ...{ key, name, sizeBytes, seekCostBytes },
    read(offset, length, options) {
      counted.reads++
      counted.bytes += Math.max(0, Math.min(length, sizeBytes - offset))
      return file.read(offset, length, options)
    },
    async readInto(offset, target, options) {
      const length = await file.readInto(offset, target, options)
      counted.reads++
      counted.bytes += length
      return length
    },
    close: () => file.close(),
  }
  return { source, counted }
}
