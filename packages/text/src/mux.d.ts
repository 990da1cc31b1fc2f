declare module 'mux.js/lib/m2ts/caption-stream.js' {
  namespace captionStream {
    /** A row of CEA-608 text. */
    interface CaptionRow {
      /** With `<i>` and `<u>`, not escaped. */
      readonly text: string
      /** 1 to 15. */
      readonly line: number
      /** Where the row begins, per cent of the picture's width. */
      readonly position: number
    }
    interface Caption {
      readonly startPts: number
      readonly endPts: number
      /** CEA-608. */
      readonly content?: readonly CaptionRow[]
      /** CEA-708. */
      readonly text?: string
      /** `CC1` to `CC4`, `cc708_1` … */
      readonly stream: string
    }
    class CaptionStream {
      on(event: 'data', listener: (caption: Caption) => void): void
      push(packet: {
        readonly nalUnitType: 'sei_rbsp'
        readonly pts: number
        readonly dts: number
        readonly escapedRBSP: Uint8Array
      }): void
      flush(): void
    }
  }
  export = captionStream
}
