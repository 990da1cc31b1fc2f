import type { StructureKind } from './request.js'

/** Types that the first box of a file has (ISO/IEC 14496-12, and QuickTime's own). */
const FIRST_BOXES: ReadonlySet<string> = new Set([
  'ftyp',
  'styp',
  'moov',
  'moof',
  'mdat',
  'sidx',
  'emsg',
  'prft',
  'free',
  'skip',
  'wide',
  'pnot',
  'meta',
  'uuid',
  'mfra',
])

const SYNC_BYTE = 0x47
/** Packets; with a time code of four bytes before them (M2TS); with 16 bytes of error correction behind them. */
const PACKET_STRIDES = [188, 192, 204] as const
const SYNC_RUN = 5

/** How a transport stream's packets lie: where the first one starts, and the distance from one to the next. */
export interface PacketGrid {
  readonly offsetBytes: number
  readonly strideBytes: number
}

/** What structure a file's first bytes show; `undefined` where none that is known. */
export function detectKind(head: Uint8Array): StructureKind | undefined {
  // RFC 8794 §8.1: every EBML document starts with the id of its header.
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3) return 'elements'
  if (FIRST_BOXES.has(fourCc(head, 4))) return 'boxes'
  return findPackets(head) === undefined ? undefined : 'packets'
}

/** Finds the packets of a transport stream: five sync bytes, or all that a shorter file has room for, at one distance. */
export function findPackets(head: Uint8Array): PacketGrid | undefined {
  for (const strideBytes of PACKET_STRIDES) {
    const last = Math.min(head.length - 188, strideBytes - 1)
    for (let offsetBytes = 0; offsetBytes <= last; offsetBytes++) {
      if (isGrid(head, offsetBytes, strideBytes)) return { offsetBytes, strideBytes }
    }
  }
  return undefined
}

function isGrid(head: Uint8Array, offset: number, stride: number): boolean {
  const room = Math.floor((head.length - offset + stride - 188) / stride)
  // One byte alone proves nothing.
  if (room < 2) return false
  for (let i = 0; i < Math.min(SYNC_RUN, room); i++) if (head[offset + i * stride] !== SYNC_BYTE) return false
  return true
}

/** Four characters at an offset; bytes that are no ASCII make it no known type. */
export function fourCc(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4))
}
