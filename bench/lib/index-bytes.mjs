// How large a film's index is: its moov, or its head (all before the first cluster) and its Cues.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** @param {string} path an MP4, or a Matroska file of known sizes */
export function indexBytes(path) {
  const descriptor = openSync(path, 'r')
  const { size } = fstatSync(descriptor)
  const read = (at, length) => {
    const bytes = Buffer.alloc(Math.min(length, Math.max(0, size - at)))
    readSync(descriptor, bytes, 0, bytes.length, at)
    return bytes
  }
  try {
    return read(0, 4).readUInt32BE() === 0x1a45dfa3 ? matroska(read, size) : moov(read, size)
  } finally {
    closeSync(descriptor)
  }
}

function moov(read, size) {
  for (let at = 0; at < size; ) {
    const header = read(at, 16)
    const length = header.readUInt32BE(0)
    const boxBytes = length === 1 ? Number(header.readBigUInt64BE(8)) : length
    if (header.toString('latin1', 4, 8) === 'moov') return boxBytes
    at += boxBytes
  }
  throw new Error('The film has no moov.')
}

const SEGMENT = 0x18538067
const CLUSTER = 0x1f43b675
const CUES = 0x1c53bb6b

function matroska(read, size) {
  let headBytes
  for (let at = 0; at < size; ) {
    const bytes = read(at, 12)
    const idBytes = Math.clz32(bytes[0]) - 23
    const sizeBytes = Math.clz32(bytes[idBytes]) - 23
    const id = bytes.readUIntBE(0, idBytes)
    // Without the marker bit from the start: with it an eight-byte size is beyond what a double holds exactly.
    let length = bytes[idBytes] & (0xff >> sizeBytes)
    for (let i = 1; i < sizeBytes; i++) length = length * 256 + bytes[idBytes + i]
    if (id === CLUSTER) headBytes ??= at
    if (id === CUES) return (headBytes ?? at) + idBytes + sizeBytes + length
    at += idBytes + sizeBytes + (id === SEGMENT ? 0 : length)
  }
  throw new Error('The film has no Cues.')
}
