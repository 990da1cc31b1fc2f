declare module 'ebml' {
  namespace ebml {
    /** An element as the decoder hands it out. */
    interface Element {
      readonly name: string
      /** The id in hexadecimal. */
      readonly tagStr: string
      /** `m` for a master, else the type of the value; null where the id isn't known. */
      readonly type: string | null
      readonly start: number
      readonly end: number
      /** −1 where the size isn't known. */
      readonly dataSize: number
      readonly data?: Uint8Array
      readonly value?: unknown
      readonly track?: number
      readonly keyframe?: boolean
      readonly payload?: Uint8Array
    }
    class Decoder {
      on(event: 'data', listener: (data: readonly [event: string, element: Element]) => void): this
      on(event: 'end' | 'error', listener: (error?: Error) => void): this
      once(event: 'drain', listener: () => void): this
      write(bytes: Uint8Array): boolean
      end(): void
    }
    const schema: ReadonlyMap<number, { readonly name: string; readonly level: number }>
  }
  export = ebml
}

declare module 'mux.js/lib/m2ts/probe.js' {
  const probe: {
    parsePat(packet: Uint8Array): number
    parsePmt(packet: Uint8Array): Readonly<Record<string, number>> | undefined
    parsePayloadUnitStartIndicator(packet: Uint8Array): boolean
    /** Ticks of 90 kHz. */
    parsePesTime(packet: Uint8Array): { readonly pts: number; readonly dts: number } | null
  }
  export = probe
}
