/** A value that is replaced by newer ones, for any number of readers: each gets the newest that it hasn't seen. */
export class Updates<T> implements AsyncIterable<T> {
  #newest: { readonly value: T; readonly version: number } | undefined
  #end: { readonly error?: unknown } | undefined
  #wake: () => void = () => {}
  #change = this.#nextChange()

  get newest(): T | undefined {
    return this.#newest?.value
  }

  push(value: T): void {
    this.#newest = { value, version: (this.#newest?.version ?? 0) + 1 }
    this.#changed()
  }

  /** Nothing newer comes; readers get the newest value first. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error }
    this.#changed()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (let seen = 0; ; ) {
      const newest = this.#newest
      if (newest !== undefined && newest.version > seen) {
        seen = newest.version
        yield newest.value
        continue
      }
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error
        return
      }
      await this.#change
    }
  }

  #changed(): void {
    const wake = this.#wake
    this.#change = this.#nextChange()
    wake()
  }

  #nextChange(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}
