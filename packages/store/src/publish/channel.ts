/** Hands pieces from where they are read to a second reader, one at a time. */
export class Channel implements AsyncIterable<Uint8Array> {
  #waiting: { readonly piece: Uint8Array; readonly taken: () => void } | undefined
  #end: { readonly error?: unknown } | undefined
  #wake: (() => void) | undefined
  #isLeft = false

  /** Hands on a piece; resolves when it was taken, or nobody will. */
  async push(piece: Uint8Array): Promise<void> {
    if (this.#isLeft || this.#end !== undefined) return
    await new Promise<void>(taken => {
      this.#waiting = { piece, taken }
      this.#wake?.()
    })
  }

  /** Ends the stream, with an error or well. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error }
    this.#waiting?.taken()
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#waiting === undefined && this.#end === undefined) {
          await new Promise<void>(wake => {
            this.#wake = wake
          })
        }
        if (this.#end?.error !== undefined) throw this.#end.error
        const next = this.#waiting
        if (next === undefined) return
        this.#waiting = undefined
        // Before the reader is done with it: one reads while the other works.
        next.taken()
        yield next.piece
      }
    } finally {
      this.#isLeft = true
      this.#waiting?.taken()
    }
  }
}
