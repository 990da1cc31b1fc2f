import type { TreeLimits } from './tree.js'

/** What kind of structure a file has. */
export type StructureKind = 'boxes' | 'elements' | 'packets'

/** A run of a file's bytes. */
export interface ByteRun {
  readonly offsetBytes: number
  readonly lengthBytes: number
}

/** A top-level box whose payload isn't looked at. */
export interface OpaqueBox extends ByteRun {
  readonly type: string
}

/** What the reading process is asked: the runs' bytes come through its stdin, one after another. */
export interface InspectRequest extends TreeLimits {
  readonly kind: StructureKind
  readonly name: string
  readonly sizeBytes: number | undefined
  readonly runs: readonly ByteRun[]
  /** Boxes that lie between the runs; only for `boxes`. */
  readonly opaque: readonly OpaqueBox[]
}

/** A request with its bytes. */
export interface InspectInput extends InspectRequest {
  /** Bytes of all runs. */
  readonly bytes: Uint8Array
}
