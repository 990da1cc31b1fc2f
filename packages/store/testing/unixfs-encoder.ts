import { createHash } from 'node:crypto'

// A second opinion on CIDs, written from the specifications alone: https://specs.ipfs.tech/unixfs/ and
// https://ipld.io/specs/codecs/dag-pb/spec/. Uses none of the packages that the store uses.

const LEAF_BYTES = 262_144
const MAX_LINKS = 174

interface Node {
  /** A CID of version 1, in bytes. */
  readonly cid: Buffer
  /** Length of the file below. */
  readonly fileBytes: number
  /** Length of all blocks below. */
  readonly dagBytes: number
}

/** The CID that `ipfs add --cid-version=1` gives; for version 0, that of a plain `ipfs add`, written as one of version 1. */
export function expectedCid(file: Uint8Array, version: 0 | 1 = 1): string {
  return textOf(encodeFile(file, version).cid)
}

/** The CID of a flat directory of files, as `ipfs add --cid-version=1 -w` gives it. */
export function expectedDirectoryCid(files: Readonly<Record<string, Uint8Array>>): string {
  const links = Object.entries(files)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, file]) => link(name, encodeFile(file, 1), 1))
  return textOf(cidOf(0x70, Buffer.concat([...links, field(1, Buffer.from([0x08, 0x01]))])))
}

function encodeFile(file: Uint8Array, version: 0 | 1): Node {
  let nodes: Node[] = []
  for (let at = 0; at === 0 || at < file.byteLength; at += LEAF_BYTES) {
    nodes.push(encodeLeaf(file.subarray(at, at + LEAF_BYTES), version))
  }
  while (nodes.length > 1) {
    const parents: Node[] = []
    for (let at = 0; at < nodes.length; at += MAX_LINKS)
      parents.push(encodeParent(nodes.slice(at, at + MAX_LINKS), version))
    nodes = parents
  }
  const [root] = nodes
  if (root === undefined) throw new Error('A file has one leaf at least.')
  return root
}

function encodeLeaf(bytes: Uint8Array, version: 0 | 1): Node {
  const fileBytes = bytes.byteLength
  if (version === 1) return { cid: cidOf(0x55, bytes), fileBytes, dagBytes: fileBytes }
  const content = fileBytes === 0 ? [] : [field(2, bytes)]
  const unixfs = Buffer.concat([Buffer.from([0x08, 0x02]), ...content, Buffer.from([0x18]), varint(fileBytes)])
  const block = field(1, unixfs)
  return { cid: cidOf(0x70, block), fileBytes, dagBytes: block.byteLength }
}

function encodeParent(nodes: readonly Node[], version: 0 | 1): Node {
  const fileBytes = nodes.reduce((sum, node) => sum + node.fileBytes, 0)
  const sizes = nodes.map(node => Buffer.concat([Buffer.from([0x20]), varint(node.fileBytes)]))
  const unixfs = Buffer.concat([Buffer.from([0x08, 0x02, 0x18]), varint(fileBytes), ...sizes])
  const block = Buffer.concat([...nodes.map(node => link('', node, version)), field(1, unixfs)])
  const dagBytes = nodes.reduce((sum, node) => sum + node.dagBytes, block.byteLength)
  return { cid: cidOf(0x70, block), fileBytes, dagBytes }
}

function link(name: string, node: Node, version: 0 | 1): Buffer {
  // A CID of version 0 is its hash alone.
  const cid = version === 0 ? node.cid.subarray(2) : node.cid
  const size = Buffer.concat([Buffer.from([0x18]), varint(node.dagBytes)])
  return field(2, Buffer.concat([field(1, cid), field(2, Buffer.from(name)), size]))
}

/** A protobuf field of bytes. */
function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.byteLength), bytes])
}

function varint(value: number): Buffer {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
  return Buffer.from([...bytes, value])
}

function cidOf(codec: number, block: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x01, codec, 0x12, 0x20]), createHash('sha256').update(block).digest()])
}

/** Multibase `b`: base32 in small letters, unpadded. */
function textOf(cid: Buffer): string {
  let bits = ''
  for (const byte of cid) bits += byte.toString(2).padStart(8, '0')
  let text = 'b'
  for (let at = 0; at < bits.length; at += 5) {
    text += 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(bits.slice(at, at + 5).padEnd(5, '0'), 2)]
  }
  return text
}

/** A file of a length, whose content follows from it. */
export function patternFile(lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes)
  for (let at = 0; at < lengthBytes; at++) bytes[at] = (at * 31 + (at >>> 8) * 7) & 0xff
  return bytes
}
