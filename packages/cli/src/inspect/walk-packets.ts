/// <reference path="./libraries.d.ts" />
import probe from 'mux.js/lib/m2ts/probe.js'
import { findPackets } from './detect.js'
import type { InspectInput } from './request.js'
import { type OpenNode, TreeBuilder, type TreeNode } from './tree.js'

const PACKET_BYTES = 188
const SYNC_BYTE = 0x47
const NULL_PID = 0x1fff

/** Stream types (ISO/IEC 13818-1 table 2-34, ATSC A/53, DVB) by name. */
const STREAM_TYPES: Readonly<Record<number, string>> = {
  1: 'MPEG-1 video',
  2: 'MPEG-2 video',
  3: 'MPEG-1 audio',
  4: 'MPEG-2 audio',
  6: 'private data',
  15: 'AAC (ADTS)',
  16: 'MPEG-4 video',
  17: 'AAC (LATM)',
  21: 'metadata',
  27: 'H.264',
  36: 'HEVC',
  129: 'AC-3',
  130: 'DTS',
  131: 'TrueHD',
  134: 'SCTE-35',
  135: 'E-AC-3',
}

interface Stream {
  readonly node: OpenNode | undefined
  unit: OpenNode | undefined
  units: number
  packets: number
}

/** The packets of a transport stream, by PID and by the units (tables, PES packets) that they carry; mux.js reads them. */
export function walkPackets(input: InspectInput): TreeNode {
  const { bytes } = input
  const tree = new TreeBuilder(input.name, input.sizeBytes, input)
  const grid = findPackets(bytes)
  if (grid === undefined) return tree.finish()
  const streams = new Map<number, Stream>()
  const names = new Map<number, string>([
    [0, 'PAT'],
    [NULL_PID, 'null packets'],
  ])
  let lost = 0
  for (let at = grid.offsetBytes; at + PACKET_BYTES <= bytes.length; ) {
    if (bytes[at] !== SYNC_BYTE) {
      lost++
      at++
      continue
    }
    addPacket(tree, streams, names, bytes.subarray(at, at + PACKET_BYTES), at)
    at += grid.strideBytes
  }
  for (const { node, packets } of streams.values()) {
    if (node !== undefined) node.value = [node.value, `${packets} packets`].filter(Boolean).join(', ')
  }
  const layout = `packets of ${grid.strideBytes} bytes`
  tree.root.value = lost === 0 ? layout : `${layout}, ${lost} bytes without sync`
  return tree.finish()
}

function addPacket(
  tree: TreeBuilder,
  streams: Map<number, Stream>,
  names: Map<number, string>,
  packet: Uint8Array,
  at: number,
): void {
  const pid = (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0)
  const isStart = probe.parsePayloadUnitStartIndicator(packet)
  const name = names.get(pid)
  let stream = streams.get(pid)
  if (stream === undefined) {
    const label = pid === 0 || pid === NULL_PID ? (name ?? '') : `PID ${pid}`
    stream = { node: tree.add(tree.root, label, at, undefined), unit: undefined, units: 0, packets: 0 }
    streams.set(pid, stream)
  }
  // A stream may begin before the table that says what it is.
  if (stream.node !== undefined && name !== undefined && name !== stream.node.name) stream.node.value = name
  stream.packets++
  if (pid === NULL_PID) return
  if (isStart || stream.units === 0) {
    stream.units++
    stream.unit = tree.add(stream.node, ...describeUnit(packet, pid, names, isStart, at))
  }
  tree.add(stream.unit, 'packet', at, PACKET_BYTES, describePacket(packet))
}

type Unit = [name: string, offset: number, size: number | undefined, value: string]

/** What starts in a packet; tells the table's PIDs to `names`. */
function describeUnit(packet: Uint8Array, pid: number, names: Map<number, string>, isStart: boolean, at: number): Unit {
  if (!isStart) return ['continued unit', at, undefined, '']
  const start = payloadStart(packet)
  if (pid === 0) {
    const table = probe.parsePat(packet)
    names.set(table, 'PMT')
    return ['table', at, undefined, `PMT on PID ${table}`]
  }
  if (names.get(pid) === 'PMT') {
    const table = Object.entries(probe.parsePmt(packet) ?? {})
    for (const [own, type] of table) names.set(Number(own), STREAM_TYPES[type] ?? `type ${type}`)
    return [
      'table',
      at,
      undefined,
      table.map(([own, type]) => `PID ${own}: ${STREAM_TYPES[type] ?? `type ${type}`}`).join(', '),
    ]
  }
  const isPes = packet[start] === 0 && packet[start + 1] === 0 && packet[start + 2] === 1
  if (!isPes) return ['section', at, undefined, `table ${packet[start + 1 + (packet[start] ?? 0)] ?? '?'}`]
  const length = ((packet[start + 4] ?? 0) << 8) | (packet[start + 5] ?? 0)
  const time = probe.parsePesTime(packet)
  const id = `stream ${(packet[start + 3] ?? 0).toString(16)}`
  const times = time === null ? [] : [`pts ${time.pts}`, ...(time.dts === time.pts ? [] : [`dts ${time.dts}`])]
  return ['PES', at, length === 0 ? undefined : length + 6, [id, ...times].join(', ')]
}

/** Where a packet's payload starts (ISO/IEC 13818-1 §2.4.3.2). */
function payloadStart(packet: Uint8Array): number {
  return 4 + ((packet[3] ?? 0) & 0x20 ? (packet[4] ?? 0) + 1 : 0)
}

function describePacket(packet: Uint8Array): string {
  const [flags, control] = [packet[1] ?? 0, packet[3] ?? 0]
  const parts = [`counter ${control & 15}`]
  if (flags & 0x80) parts.push('transport error')
  if (control & 0xc0) parts.push('scrambled')
  if (control & 0x20 && (packet[4] ?? 0) > 0) {
    const adaptation = packet[5] ?? 0
    if (adaptation & 0x80) parts.push('discontinuity')
    if (adaptation & 0x40) parts.push('random access')
    if (adaptation & 0x10) parts.push(`pcr ${clockReference(packet)}`)
  }
  return parts.join(', ')
}

/** Ticks of 90 kHz of the program clock reference (33 bits, ISO/IEC 13818-1 §2.4.3.5). */
function clockReference(packet: Uint8Array): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  return view.getUint32(6) * 2 + (view.getUint8(10) >> 7)
}
