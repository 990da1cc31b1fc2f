import { CuemuxError } from '@cuemux/core'
import type { Attributes } from './attribute-reader.js'
import { quoted, tagLine } from './attributes.js'
import type { Problems } from './problems.js'

/** EXT-X-DEFINE (RFC 8216bis §4.4.2.3): a variable, which `{$name}` in addresses and quoted strings stands for. */
export interface Definition {
  readonly name: string
  /** Its value; empty where an imported or query variable has none. */
  readonly value: string
  /** Where it comes from: the playlist (by default), the multivariant playlist, or the playlist's own address. */
  readonly from?: 'import' | 'query' | undefined
}

/** Where the values of variables come from that a playlist doesn't define itself. */
export interface VariableSources {
  /** What the multivariant playlist defines, for IMPORT. */
  readonly imports?: readonly Definition[] | undefined
  /** The playlist's own address, for QUERYPARAM. */
  readonly url?: string | undefined
}

/** Characters that all references together may expand to: definitions of definitions grow without bound. */
const MAX_EXPANSION = 4 * 1024 * 1024
/** §4.3: the version from which `{$name}` is a reference. */
const VARIABLES_VERSION = 8

/** Writes EXT-X-DEFINE tags. */
export function defineTags(definitions: readonly Definition[] | undefined): string {
  let text = ''
  for (const { name, value, from } of definitions ?? []) {
    if (from === 'import') text += tagLine('EXT-X-DEFINE', [['IMPORT', quoted(name)]])
    else if (from === 'query') text += tagLine('EXT-X-DEFINE', [['QUERYPARAM', quoted(name)]])
    else {
      text += tagLine('EXT-X-DEFINE', [
        ['NAME', quoted(name)],
        ['VALUE', quoted(value)],
      ])
    }
  }
  return text
}

/** The EXT-X-VERSION that a playlist needs for its definitions (§8): 8, or 11 for QUERYPARAM; 0 without any. */
export function definitionsVersion(definitions: readonly Definition[] | undefined): number {
  if (!definitions?.length) return 0
  return definitions.some(({ from }) => from === 'query') ? 11 : VARIABLES_VERSION
}

/** The variables of a playlist that is being read. */
export class Variables {
  readonly definitions: Definition[] = []
  readonly #values = new Map<string, string>()
  readonly #problems: Problems
  readonly #sources: VariableSources
  #expanded = 0
  #isOn = false

  constructor(problems: Problems, sources: VariableSources) {
    this.#problems = problems
    this.#sources = sources
  }

  /** Takes the playlist's version: before 8, `{$name}` is mere text, unless a variable has been defined. */
  useVersion(version: number): void {
    if (version >= VARIABLES_VERSION) this.#isOn = true
  }

  /** Reads EXT-X-DEFINE. */
  define(attributes: Attributes): void {
    const definition = this.#definition(attributes)
    if (definition === undefined) return
    this.#isOn = true
    if (this.#values.has(definition.name)) {
      this.#problems.add(`The variable ${definition.name} is defined twice; each name is defined once.`)
      return
    }
    this.#values.set(definition.name, definition.value)
    this.definitions.push(definition)
  }

  /** The text with the variables' values in the place of references. */
  substitute(text: string): string {
    if (!(this.#isOn && text.includes('{$'))) return text
    return text.replace(/\{\$([A-Za-z0-9_-]+)\}/g, (reference, name: string) => {
      const value = this.#values.get(name)
      if (value === undefined) {
        this.#problems.add(`${reference} names no variable that EXT-X-DEFINE has defined before.`)
        return reference
      }
      this.#expanded += value.length
      if (this.#expanded > MAX_EXPANSION) {
        throw new CuemuxError('LIMIT_EXCEEDED', `The playlist's variables stand for over ${MAX_EXPANSION} characters.`)
      }
      return value
    })
  }

  #definition(attributes: Attributes): Definition | undefined {
    const name = attributes.string('NAME')
    if (name !== undefined) return { name, value: attributes.string('VALUE') ?? this.#missing('VALUE beside its NAME') }
    const imported = attributes.string('IMPORT')
    if (imported !== undefined) {
      const value = this.#sources.imports?.find(definition => definition.name === imported)?.value
      return { name: imported, value: value ?? this.#missing(`value for IMPORT="${imported}"`), from: 'import' }
    }
    const parameter = attributes.string('QUERYPARAM')
    if (parameter === undefined) {
      this.#missing('NAME, IMPORT or QUERYPARAM')
      return undefined
    }
    return {
      name: parameter,
      value: this.#query(parameter) ?? this.#missing(`${parameter} in the address`),
      from: 'query',
    }
  }

  #missing(what: string): string {
    this.#problems.add(`EXT-X-DEFINE needs a ${what}.`)
    return ''
  }

  #query(name: string): string | undefined {
    const url = this.#sources.url ?? ''
    const at = url.indexOf('?')
    if (at < 0) return undefined
    return new URLSearchParams(url.slice(at).replace(/#.*$/s, '')).get(name) ?? undefined
  }
}
