// RFC 8216bis §4.2: attribute lists, read. Everything here moves forward: time is linear in the line's length.
import type { Problems } from './problems.js'
import type { Variables } from './variables.js'

interface AttributeValue {
  readonly text: string
  readonly isQuoted: boolean
}

/** The attributes of one tag. */
export class Attributes {
  readonly #tag: string
  readonly #values: ReadonlyMap<string, AttributeValue>
  readonly #problems: Problems
  readonly #variables: Variables

  constructor(tag: string, text: string, problems: Problems, variables: Variables) {
    this.#tag = tag
    this.#problems = problems
    this.#variables = variables
    this.#values = scan(tag, text, problems)
  }

  /** The names of all attributes, in their order. */
  names(): readonly string[] {
    return [...this.#values.keys()]
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  isQuoted(name: string): boolean {
    return this.#values.get(name)?.isQuoted === true
  }

  /** A quoted-string, its variables replaced. */
  string(name: string): string | undefined {
    const value = this.#values.get(name)
    if (value === undefined) return undefined
    if (!value.isQuoted) this.#add(`${name}=${shown(value.text)} must be a quoted string`)
    return this.#variables.substitute(value.text)
  }

  /** A quoted-string that has to be there; `undefined`, and noted, where it isn't. */
  needed(name: string): string | undefined {
    const value = this.string(name)
    if (value === undefined || value === '') {
      this.#add(`${name} is missing`)
      return undefined
    }
    return value
  }

  /** The text as it stands, quoted or not. */
  raw(name: string): string | undefined {
    const value = this.#values.get(name)
    return value && this.#variables.substitute(value.text)
  }

  /** A quoted-string of values with commas between; `undefined` without any. */
  list(name: string): readonly string[] | undefined {
    const values = this.string(name)
      ?.split(',')
      .map(value => value.trim())
      .filter(value => value !== '')
    return values?.length ? values : undefined
  }

  /** An enumerated-string, one of those that are allowed. */
  enumerated<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.#unquoted(name)
    if (text === undefined) return undefined
    const exact = allowed.find(word => word === text)
    if (exact !== undefined) return exact
    this.#add(`${name} is ${shown(text)}; allowed are ${allowed.join(', ')}`)
    const upper = text.toUpperCase()
    return allowed.find(word => word === upper)
  }

  /** YES as `true`, anything else as `undefined`. */
  yes(name: string): true | undefined {
    return this.enumerated(name, ['YES', 'NO']) === 'YES' ? true : undefined
  }

  /** A decimal-integer. */
  integer(name: string): number | undefined {
    const text = this.#unquoted(name)
    if (text === undefined) return undefined
    if (/^\d{1,20}$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER) return Number(text)
    this.#add(`${name} is ${shown(text)}; it must be a whole number below 2^53`)
    const value = decimal(text)
    return value === undefined || value < 0 ? undefined : Math.round(value)
  }

  /** A decimal-floating-point; with a sign where that is allowed. */
  decimal(name: string, isSigned = false): number | undefined {
    const text = this.#unquoted(name)
    if (text === undefined) return undefined
    const value = decimal(text)
    if (value !== undefined && (value >= 0 || isSigned)) return value
    this.#add(`${name} is ${shown(text)}; it must be a decimal number${isSigned ? '' : ' that is not negative'}`)
    return undefined
  }

  /** A decimal-floating-point of seconds, as whole µs. */
  us(name: string): number | undefined {
    const value = this.decimal(name)
    return value === undefined ? undefined : Math.round(value * 1e6)
  }

  /** A decimal-resolution. */
  resolution(name: string): { readonly width: number; readonly height: number } | undefined {
    const text = this.#unquoted(name)
    if (text === undefined) return undefined
    const match = /^(\d{1,7})[xX](\d{1,7})$/.exec(text)
    if (match?.[1] === undefined || match[2] === undefined) {
      this.#add(`${name} is ${shown(text)}; it must be WIDTHxHEIGHT`)
      return undefined
    }
    return { width: Number(match[1]), height: Number(match[2]) }
  }

  #unquoted(name: string): string | undefined {
    const value = this.#values.get(name)
    if (value?.isQuoted) this.#add(`${name} must not be quoted`)
    return value?.text
  }

  #add(message: string): void {
    this.#problems.add(`${this.#tag}: ${message}.`)
  }
}

/** A decimal number without an exponent; `undefined` for anything else, or past 2^53 µs. */
export function decimal(text: string): number | undefined {
  if (text.length > 40 || !/^-?(?:\d+\.?\d*|\.\d+)$/.test(text)) return undefined
  const value = Number(text)
  return Math.abs(value) * 1e6 <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/** A text of the input as it is shown in a message: not all of a long one. */
export function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function scan(tag: string, text: string, problems: Problems): Map<string, AttributeValue> {
  const values = new Map<string, AttributeValue>()
  let at = 0
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    if (equals < 0) {
      const rest = text.slice(at).trim()
      if (rest !== '') problems.add(`${tag}: ${shown(rest)} is no attribute; allowed is NAME=value.`)
      break
    }
    const name = attributeName(tag, text.slice(at, equals), problems)
    const [value, next] = attributeValue(tag, text, equals + 1, problems)
    at = next
    if (values.has(name)) problems.add(`${tag}: ${shown(name)} is there twice; each attribute is there once.`)
    else values.set(name, value)
  }
  return values
}

function attributeName(tag: string, before: string, problems: Problems): string {
  const name = before.slice(before.lastIndexOf(',') + 1).trim()
  if (!/^[A-Z0-9-]+$/.test(name) || name !== before) {
    problems.add(`${tag}: "${shown(before)}" is no attribute's name; allowed are A–Z, 0–9 and the hyphen.`)
  }
  return name.toUpperCase()
}

function attributeValue(
  tag: string,
  text: string,
  from: number,
  problems: Problems,
): readonly [value: AttributeValue, next: number] {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  if (at !== from) problems.add(`${tag}: no blank is allowed behind the equals sign.`)
  if (text[at] !== '"') {
    const comma = text.indexOf(',', at)
    const end = comma < 0 ? text.length : comma
    return [{ text: text.slice(at, end).trim(), isQuoted: false }, end + 1]
  }
  const close = text.indexOf('"', at + 1)
  if (close < 0) {
    problems.add(`${tag}: a quoted string has no end.`)
    return [{ text: text.slice(at + 1), isQuoted: true }, text.length]
  }
  const value = { text: text.slice(at + 1, close), isQuoted: true }
  if (close + 1 < text.length && text[close + 1] !== ',') {
    problems.add(`${tag}: a quoted string must be followed by a comma or the line's end.`)
  }
  let next = close + 1
  while (next < text.length && (text[next] === ' ' || text[next] === '\t')) next++
  return [value, text[next] === ',' ? next + 1 : next]
}
