// The process of its own in which a file's structure is read: `ebml` replaces globals, mp4box and mux.js check little of
// what they read. Its argument is the request, its stdin the bytes; it writes the tree as JSON.
import { buffer } from 'node:stream/consumers'
import type { InspectInput, InspectRequest } from './request.js'
import type { TreeNode } from './tree.js'

async function walk(input: InspectInput): Promise<TreeNode> {
  switch (input.kind) {
    case 'boxes':
      return (await import('./walk-boxes.js')).walkBoxes(input)
    case 'elements':
      return (await import('./walk-elements.js')).walkElements(input)
    case 'packets':
      return (await import('./walk-packets.js')).walkPackets(input)
  }
}

// The parent wrote it.
const request = JSON.parse(process.argv[2] ?? '') as InspectRequest
const tree = await walk({ ...request, bytes: await buffer(process.stdin) })
process.stdout.write(JSON.stringify(tree))
