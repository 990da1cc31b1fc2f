import { boxesIn, type FoundBox } from './box-tree.js'

/** What one `traf` says, every sample with its own values. */
export interface ReadFragment {
  readonly trackId: number
  readonly descriptionIndex: number
  readonly tfhdFlags: number
  readonly trunFlags: number
  readonly trunVersion: number
  readonly decodeTime: number
  readonly samples: readonly ReadSample[]
}

export interface ReadSample {
  readonly dts: number
  readonly duration: number
  readonly size: number
  readonly flags: number
  readonly offset: number
  readonly data: Uint8Array
}

export interface ReadSegment {
  readonly sequenceNumber: number
  readonly fragments: readonly ReadFragment[]
  /** Types of the boxes on top. */
  readonly top: readonly string[]
}

/** The pieces as one run of bytes. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((total, piece) => total + piece.byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.byteLength
  }
  return all
}

/** Reads a segment back by the rules of ISO/IEC 14496-12 §8.8, with nothing of the writer's. */
export function readSegment(bytes: Uint8Array): ReadSegment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const top = boxesIn(bytes)
  const moof = top.find(box => box.type === 'moof') as FoundBox
  const inMoof = boxesIn(bytes, moof.body, moof.end)
  const mfhd = inMoof.find(box => box.type === 'mfhd') as FoundBox
  return {
    sequenceNumber: view.getUint32(mfhd.body + 4),
    top: top.map(box => box.type),
    fragments: inMoof.filter(box => box.type === 'traf').map(traf => readTraf(bytes, view, moof.start, traf)),
  }
}

function readTraf(bytes: Uint8Array, view: DataView, base: number, traf: FoundBox): ReadFragment {
  const inner = boxesIn(bytes, traf.body, traf.end)
  const [tfhd, tfdt, trun] = inner as [FoundBox, FoundBox, FoundBox]
  const types = inner.map(box => box.type).join(' ')
  if (types !== 'tfhd tfdt trun') throw new Error(`traf has ${types}`)
  const tfhdFlags = view.getUint32(tfhd.body)
  let at = tfhd.body + 8
  const next = (): number => view.getUint32((at += 4) - 4)
  const descriptionIndex = tfhdFlags & 2 ? next() : 1
  const duration = tfhdFlags & 8 ? next() : undefined
  const size = tfhdFlags & 0x10 ? next() : undefined
  const flags = tfhdFlags & 0x20 ? next() : undefined
  if (at !== tfhd.end) throw new Error('tfhd has other fields than its flags say')
  if (view.getUint32(tfdt.body) !== 0x01000000) throw new Error('tfdt is not of version 1')
  const decodeTime = Number(view.getBigUint64(tfdt.body + 4))
  const trunFlags = view.getUint32(trun.body) & 0xffffff
  const trunVersion = bytes[trun.body] as number
  const count = view.getUint32(trun.body + 4)
  let position = base + view.getInt32(trun.body + 8)
  at = trun.body + 12
  const firstFlags = trunFlags & 4 ? next() : undefined
  let dts = decodeTime
  const samples: ReadSample[] = []
  for (let i = 0; i < count; i++) {
    const own = {
      dts,
      duration: (trunFlags & 0x100 ? next() : duration) as number,
      size: (trunFlags & 0x200 ? next() : size) as number,
      flags: (trunFlags & 0x400 ? next() : i === 0 ? (firstFlags ?? flags) : flags) as number,
      offset: trunFlags & 0x800 ? (trunVersion === 0 ? next() : next() | 0) : 0,
    }
    samples.push({ ...own, data: bytes.subarray(position, position + own.size) })
    position += own.size
    dts += own.duration
  }
  if (at !== trun.end) throw new Error('trun has other fields than its flags say')
  return {
    trackId: view.getUint32(tfhd.body + 4),
    descriptionIndex,
    tfhdFlags,
    trunFlags,
    trunVersion,
    decodeTime,
    samples,
  }
}
