// ipfs-unixfs-importer: the same bytes as CIDv1 with leaves of 256 KiB; the blocks are thrown away.

import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { beginningOf } from './beginning.mjs'

const [path, bytes] = process.argv.slice(2)
const counted = { bytes: 0 }
const options = { cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize: 262144 }) }
const nowhere = { put: async cid => cid }
const start = performance.now()
let cid
for await (const entry of importer(
  [{ path: 'film.mkv', content: beginningOf(path, Number(bytes), counted) }],
  nowhere,
  options,
))
  cid = entry.cid
const seconds = { whole: (performance.now() - start) / 1000 }
if (cid === undefined) throw new Error('The importer made no CID.')
console.log(JSON.stringify({ seconds, usage: { readBytes: counted.bytes } }))
