import { CuemuxError } from './errors.js'

/**
 * Plain data as bytes: what JSON has, `undefined`, any number, and typed arrays, whose elements are written as
 * little-endian bytes. Each string is written once.
 */

const UNDEFINED = 0
const NULL = 1
const FALSE = 2
const TRUE = 3
const NATURAL = 4
const NEGATIVE = 5
const FLOAT = 6
const STRING = 7
const KNOWN_STRING = 8
const ARRAY = 9
const OBJECT = 10
/** From here on typed arrays: {@link TYPED} in its order. */
const TYPED_FIRST = 11

type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

/** A new place has to go to the end. */
const TYPED = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
] as const

const MAX_DEPTH = 32
const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The bytes in the other order within each element, where the machine's is not little-endian. */
function toLittle<T extends ArrayBufferLike>(
  bytes: Uint8Array<T>,
  elementBytes: number,
): Uint8Array<T> | Uint8Array<ArrayBuffer> {
  if (IS_LITTLE || elementBytes === 1) return bytes
  const swapped = new Uint8Array(bytes)
  for (let at = 0; at < swapped.length; at += elementBytes) swapped.subarray(at, at + elementBytes).reverse()
  return swapped
}

class Writer {
  #bytes: Uint8Array
  #length: number
  readonly #strings = new Map<string, number>()
  readonly #encoder = new TextEncoder()

  constructor(headBytes: number) {
    this.#bytes = new Uint8Array(4096)
    this.#length = headBytes
  }

  get written(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #room(length: number): number {
    const at = this.#length
    const end = at + length
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, at))
      this.#bytes = larger
    }
    this.#length = end
    return at
  }

  #byte(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  #put(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Seven bits a byte, the low ones first. */
  #natural(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128)
    this.#byte(rest)
  }

  value(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw notPlain('goes deeper than 32 levels')
    if (value === undefined) this.#byte(UNDEFINED)
    else if (value === null) this.#byte(NULL)
    else if (typeof value === 'boolean') this.#byte(value ? TRUE : FALSE)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'string') this.#string(value)
    else if (Array.isArray(value)) this.#array(value, depth)
    else if (ArrayBuffer.isView(value)) this.#typed(value)
    else if (typeof value === 'object') this.#object(value, depth)
    else throw notPlain(`has a ${typeof value}`)
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#byte(FLOAT)
      const at = this.#room(8)
      new DataView(this.#bytes.buffer).setFloat64(at, value, true)
      return
    }
    this.#byte(value < 0 ? NEGATIVE : NATURAL)
    this.#natural(Math.abs(value))
  }

  #string(value: string): void {
    const known = this.#strings.get(value)
    if (known !== undefined) {
      this.#byte(KNOWN_STRING)
      this.#natural(known)
      return
    }
    this.#strings.set(value, this.#strings.size)
    const bytes = this.#encoder.encode(value)
    this.#byte(STRING)
    this.#natural(bytes.length)
    this.#put(bytes)
  }

  #array(values: readonly unknown[], depth: number): void {
    this.#byte(ARRAY)
    this.#natural(values.length)
    for (const value of values) this.value(value, depth + 1)
  }

  #object(value: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) throw notPlain('has an object of a class')
    const entries = Object.entries(value)
    if (Object.hasOwn(value, '__proto__')) throw notPlain('has a field named __proto__')
    this.#byte(OBJECT)
    this.#natural(entries.length)
    for (const [key, field] of entries) {
      this.#string(key)
      this.value(field, depth + 1)
    }
  }

  #typed(value: ArrayBufferView): void {
    const kind = TYPED.findIndex(type => value instanceof type)
    if (kind < 0) throw notPlain('has an array of a type that is not known')
    const elementBytes = TYPED[kind]!.BYTES_PER_ELEMENT
    this.#byte(TYPED_FIRST + kind)
    this.#natural(value.byteLength / elementBytes)
    this.#put(toLittle(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), elementBytes))
  }
}

function notPlain(what: string): CuemuxError {
  return new CuemuxError('BAD_REQUEST', `The index is no plain data: it ${what}.`)
}

/**
 * Plain data as bytes, behind `headBytes` zeros for the caller's own header.
 *
 * @throws CuemuxError `BAD_REQUEST` for what is no plain data
 */
export function encodePlain(value: unknown, headBytes: number): Uint8Array {
  const writer = new Writer(headBytes)
  writer.value(value, 0)
  return writer.written
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #strings: string[] = []
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #at: number

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw damaged('ends early')
    this.#at = at + length
    return at
  }

  #natural(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#take(1)]!
      value += (byte & 127) * scale
      if (!Number.isSafeInteger(value)) throw damaged('has a number that is too large')
      if (byte < 128) return value
      if (scale > 2 ** 49) throw damaged('has a number without end')
    }
  }

  /** A count of things that take at least so many bytes each: no more than there are. */
  #count(leastBytes: number): number {
    const count = this.#natural()
    if (count * leastBytes > this.#bytes.length - this.#at) throw damaged('counts more than it has')
    return count
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw damaged('goes deeper than 32 levels')
    const tag = this.#bytes[this.#take(1)]!
    switch (tag) {
      case UNDEFINED:
        return undefined
      case NULL:
        return null
      case FALSE:
      case TRUE:
        return tag === TRUE
      case NATURAL:
        return this.#natural()
      case NEGATIVE:
        return -this.#natural()
      case FLOAT:
        return this.#view.getFloat64(this.#take(8), true)
      case STRING:
      case KNOWN_STRING:
        return this.#string(tag)
      case ARRAY:
        return this.#array(depth)
      case OBJECT:
        return this.#object(depth)
      default:
        return this.#typed(tag - TYPED_FIRST)
    }
  }

  #string(tag: number): string {
    if (tag === KNOWN_STRING) {
      const known = this.#strings[this.#natural()]
      if (known === undefined) throw damaged('refers to a text that it lacks')
      return known
    }
    if (tag !== STRING) throw damaged('has a field without a name')
    const length = this.#count(1)
    const at = this.#take(length)
    const text = this.#decoder.decode(this.#bytes.subarray(at, at + length))
    this.#strings.push(text)
    return text
  }

  #array(depth: number): unknown[] {
    const count = this.#count(1)
    const values: unknown[] = []
    for (let i = 0; i < count; i++) values.push(this.value(depth + 1))
    return values
  }

  #object(depth: number): object {
    const count = this.#count(2)
    const fields: Record<string, unknown> = {}
    for (let i = 0; i < count; i++) {
      const key = this.#string(this.#bytes[this.#take(1)]!)
      if (key === '__proto__') throw damaged('has a field that no index has')
      fields[key] = this.value(depth + 1)
    }
    return fields
  }

  #typed(kind: number): TypedArray {
    const type = TYPED[kind]
    if (type === undefined) throw damaged('has something of a kind that is not known')
    const elementBytes = type.BYTES_PER_ELEMENT
    const length = this.#count(elementBytes) * elementBytes
    const at = this.#take(length)
    // Copied: the elements have to be aligned, and the caller's bytes are let go of.
    return new type(toLittle(new Uint8Array(this.#bytes.subarray(at, at + length)), elementBytes).buffer)
  }
}

function damaged(what: string): CuemuxError {
  return new CuemuxError('CORRUPT_INDEX', `The stored index ${what}.`)
}

/**
 * What {@link encodePlain} wrote, from `start` to the end of the bytes.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function decodePlain(bytes: Uint8Array, start: number): unknown {
  const reader = new Reader(bytes, start)
  const value = reader.value(0)
  if (!reader.isAtEnd) throw damaged('has more bytes than it should')
  return value
}
