declare module 'mux.js/lib/tools/mp4-inspector.js' {
  /** A box as mux.js reads it; fields depend on the type. */
  export interface InspectedBox {
    readonly type: string
    readonly size: number
    readonly boxes?: readonly InspectedBox[]
    readonly [field: string]: unknown
  }
  /** The boxes of an MP4, as a tree. */
  export function inspect(bytes: Uint8Array): InspectedBox[]
}
