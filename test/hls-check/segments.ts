import { type Box, boxesIn, findBox, viewOf } from './boxes.js'
import type { Findings } from './findings.js'
import type { InitTrack } from './init.js'

/** A sample as its fragment describes it; times in ticks of its track. */
export interface Sample {
  readonly dts: number
  readonly compositionOffset: number
  readonly duration: number
  readonly offset: number
  readonly size: number
  readonly isSync: boolean
}

const NOT_SYNC = 0x10000
const DEFAULT_BASE_IS_MOOF = 0x20000

/** Reads a media segment: its samples by track id, in decode order (ISO/IEC 14496-12 §8.8). */
export function readSegment(
  bytes: Uint8Array,
  tracks: readonly InitTrack[],
  label: string,
  findings: Findings,
): Map<number, Sample[]> {
  const top = boxesIn(bytes, 0, bytes.length, findings)
  const payload = top.filter(box => box.type === 'mdat').reduce((sum, box) => sum + box.end - box.body, 0)
  const byTrack = new Map<number, Sample[]>()
  for (const moof of top.filter(box => box.type === 'moof')) {
    findings.expect(findBox(bytes, [moof.body, moof.end], 'mfhd') !== undefined, 'moof has mfhd', label)
    for (const traf of boxesIn(bytes, moof.body, moof.end, findings).filter(box => box.type === 'traf')) {
      const [id, samples] = readTraf(bytes, moof, traf, tracks, label, findings)
      byTrack.set(id, [...(byTrack.get(id) ?? []), ...samples])
    }
  }
  const all = [...byTrack.values()].flat()
  const used = all.reduce((sum, sample) => sum + sample.size, 0)
  findings.expect(used === payload, 'samples fill mdat', `${label}: ${used} of ${payload} bytes`)
  const mdats = top.filter(box => box.type === 'mdat')
  const inside = (sample: Sample): boolean =>
    mdats.some(box => sample.offset >= box.body && sample.offset + sample.size <= box.end)
  findings.expect(all.every(inside), 'samples lie in mdat', label)
  return byTrack
}

interface FragmentHeader {
  readonly id: number
  readonly duration: number
  readonly size: number
  readonly flags: number
  readonly baseIsMoof: boolean
}

function readTfhd(view: DataView, box: Box, tracks: readonly InitTrack[]): FragmentHeader {
  const present = view.getUint32(box.body) & 0xffffff
  const id = view.getUint32(box.body + 4)
  const defaults = tracks.find(track => track.id === id)?.defaults ?? { duration: 0, size: 0, flags: 0 }
  let at = box.body + 8 + (present & 1 ? 8 : 0) + (present & 2 ? 4 : 0)
  const field = (bit: number, otherwise: number): number => {
    if (!(present & bit)) return otherwise
    at += 4
    return view.getUint32(at - 4)
  }
  return {
    id,
    duration: field(8, defaults.duration),
    size: field(0x10, defaults.size),
    flags: field(0x20, defaults.flags),
    baseIsMoof: (present & DEFAULT_BASE_IS_MOOF) !== 0,
  }
}

function readTraf(
  bytes: Uint8Array,
  moof: Box,
  traf: Box,
  tracks: readonly InitTrack[],
  label: string,
  findings: Findings,
): [number, Sample[]] {
  const view = viewOf(bytes)
  const boxes = boxesIn(bytes, traf.body, traf.end, findings)
  const [tfhd, tfdt] = [boxes.find(box => box.type === 'tfhd'), boxes.find(box => box.type === 'tfdt')]
  if (tfhd === undefined) throw new Error(`${label}: traf without tfhd`)
  const header = readTfhd(view, tfhd, tracks)
  findings.expect(header.baseIsMoof, 'traf has default-base-is-moof', `${label}: track ${header.id}`)
  findings.expect(
    tracks.some(track => track.id === header.id),
    'traf is of a track in init',
    `${label}: ${header.id}`,
  )
  if (!findings.expect(tfdt !== undefined, 'traf has tfdt', label) || tfdt === undefined) return [header.id, []]
  findings.expect(view.getUint8(tfdt.body) === 1, 'tfdt is of version 1', label)
  let dts = view.getUint8(tfdt.body) === 1 ? Number(view.getBigUint64(tfdt.body + 4)) : view.getUint32(tfdt.body + 4)
  const samples: Sample[] = []
  for (const trun of boxes.filter(box => box.type === 'trun')) {
    for (const sample of readTrun(view, moof.start, trun, header, dts)) {
      samples.push(sample)
      dts += sample.duration
    }
  }
  return [header.id, samples]
}

function readTrun(view: DataView, moofStart: number, box: Box, header: FragmentHeader, firstDts: number): Sample[] {
  const version = view.getUint8(box.body)
  const present = view.getUint32(box.body) & 0xffffff
  const count = view.getUint32(box.body + 4)
  let at = box.body + 8
  const next = (bit: number, otherwise: number): number => {
    if (!(present & bit)) return otherwise
    at += 4
    return view.getUint32(at - 4)
  }
  let offset = moofStart + (next(1, 0) | 0)
  const firstFlags = next(4, header.flags)
  const samples: Sample[] = []
  let dts = firstDts
  for (let i = 0; i < count; i++) {
    const duration = next(0x100, header.duration)
    const size = next(0x200, header.size)
    const flags = next(0x400, i === 0 ? firstFlags : header.flags)
    const raw = next(0x800, 0)
    const compositionOffset = version === 0 ? raw : raw | 0
    samples.push({ dts, compositionOffset, duration, offset, size, isSync: (flags & NOT_SYNC) === 0 })
    offset += size
    dts += duration
  }
  return samples
}

/** How a sample starts decoding, by its NAL units and not by its flags; `unknown` for codecs without NAL units. */
export type AccessKind = 'closed' | 'open' | 'none' | 'unknown' | 'broken'

/** Reads the first slice's type of an H.264 (ISO/IEC 14496-10 §7.4.1) or HEVC (23008-2 §7.4.2.2) sample. */
export function accessKind(bytes: Uint8Array, sample: Sample, track: InitTrack): AccessKind {
  const lengthSize = track.nalLengthSize
  if (lengthSize === undefined) return 'unknown'
  const end = sample.offset + sample.size
  let recovery = false
  for (let at = sample.offset; at + lengthSize < end; ) {
    let size = 0
    for (let i = 0; i < lengthSize; i++) size = size * 256 + (bytes[at + i] ?? 0)
    const header = bytes[at + lengthSize] ?? 0
    at += lengthSize + size
    if (size === 0 || at > end) return 'broken'
    if (track.format.startsWith('avc')) {
      const type = header & 31
      if (type === 6) recovery = true
      if (type === 5) return 'closed'
      if (type === 1) return recovery ? 'open' : 'none'
    } else {
      const type = (header >> 1) & 63
      if (type >= 16 && type <= 20) return 'closed'
      if (type === 21) return 'open'
      if (type <= 9) return 'none'
    }
  }
  return 'none'
}
