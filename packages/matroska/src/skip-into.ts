import type { ByteSource } from '@cuemux/core'
import type { BlockWalker } from './block-walker.js'
import { createHeader, MAX_HEADER_BYTES, readHeader } from './ebml.js'
import { Id } from './elements.js'
import type { Cut } from './span-bounds.js'
import type { ByteWindow, Chunk } from './window.js'

/** A cluster's beginning that is shorter than this is read through also where a seek costs nothing. */
const MIN_SKIP_BYTES = 64 * 1024

/**
 * Goes to a keyframe's block where that lies so deep in its cluster that reading up to it costs more than a seek.
 *
 * @param walker stands at the cluster
 * @returns where it stands now
 */
export async function skipInto(
  source: ByteSource,
  window: ByteWindow,
  { clusterOffset, relative }: Cut,
  walker: BlockWalker,
): Promise<number> {
  if (relative <= Math.max(source.seekCostBytes, MIN_SKIP_BYTES)) return clusterOffset
  const chunk = await window.get(clusterOffset, 64, clusterOffset + 64)
  const cluster = headerAt(chunk, clusterOffset)
  if (cluster?.id !== Id.Cluster) return clusterOffset
  // RFC 9559 §5.1.3.1 asks for the timestamp to come first; where it doesn't, the cluster is read from its start.
  const { length } = cluster
  if (headerAt(chunk, clusterOffset + length)?.id !== Id.Timestamp) return clusterOffset
  const target = clusterOffset + length + relative
  const block = headerAt(await window.get(target, MAX_HEADER_BYTES, target + 1024), target)
  if (block?.id !== Id.SimpleBlock && block?.id !== Id.BlockGroup) return clusterOffset
  walker.walk(chunk.bytes, chunk.base, clusterOffset + length + 1, false)
  walker.jump(target)
  return target
}

function headerAt(chunk: Chunk, position: number): { id: number; length: number } | undefined {
  const header = createHeader()
  const length = readHeader(chunk.bytes, position - chunk.base, chunk.bytes.length, header)
  return length <= 0 ? undefined : { id: header.id, length }
}
