import { CuemuxError } from '@cuemux/core'
import type { default as FastestValidator, ValidationError, ValidationSchema } from 'fastest-validator'
import { UsageError } from './usage.js'

/** A schema of one command's options: static, with `$$strict: true`. */
export type OptionSchema = ValidationSchema & { readonly $$strict: true }

/**
 * Checks a command's option values and converts them to the schema's types.
 *
 * @param values option values by name, as typed; those that are `undefined` count as not given
 * @throws UsageError with one line that names every wrong option
 */
export async function checkOptions<T extends object>(
  schema: OptionSchema,
  values: Readonly<Record<string, unknown>>,
): Promise<T> {
  // The package's types describe an ES module's default export; at run time its class is the CommonJS export itself.
  const imported: unknown = await import('fastest-validator')
  const { default: Validator } = imported as { default: typeof FastestValidator.default }
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    // The validator's conversion takes empty text for 0.
    if (typeof value === 'string' && value.trim() === '') throw new UsageError(`--${name} must not be empty.`)
    if (value !== undefined) checked[name] = value
  }
  const result = new Validator().compile(schema)(checked)
  if (result instanceof Promise) throw new CuemuxError('BAD_REQUEST', 'An option schema must not be asynchronous.')
  if (result !== true) throw new UsageError(result.map(describe).join(' '))
  // The validator has checked and converted every field that T names.
  return checked as T
}

function describe(error: ValidationError): string {
  // A field of a list is reported as `audio[0]`.
  const option = `--${error.field.replace(/\[\d+\]$/, '')}`
  const given = `not '${String(error.actual)}'`
  switch (error.type) {
    case 'number':
      return `${option} must be a number, ${given}.`
    case 'numberInteger':
      return `${option} must be a whole number, ${given}.`
    case 'numberMin':
      return `${option} must be at least ${error.expected}, ${given}.`
    case 'numberMax':
      return `${option} must be at most ${error.expected}, ${given}.`
    case 'enumValue':
      return `${option} must be one of ${error.expected}, ${given}.`
    case 'stringPattern':
      return `${option} must be a language as en or pt-BR, ${given}.`
    default:
      return `${option} is wrong: ${error.message ?? error.type}`
  }
}

/** Who plays it, as `--client` takes it. */
export type ClientName = 'browser' | 'safari' | 'chromecast' | 'native'

/** Fields that several commands share. */
export const FIELDS: Readonly<Record<'client' | 'audio' | 'json', object>> = {
  client: { type: 'enum', values: ['browser', 'safari', 'chromecast', 'native'], optional: true },
  audio: {
    type: 'array',
    optional: true,
    items: {
      type: 'string',
      pattern: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/,
    },
  },
  json: { type: 'boolean', optional: true },
}

/** A time in seconds as typed. */
export function seconds(limits: { readonly min: number; readonly max?: number }): object {
  return { type: 'number', convert: true, optional: true, ...limits }
}
