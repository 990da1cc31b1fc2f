import { createRequire } from 'node:module'
import { CuemuxError } from '@cuemux/core'
import type { default as FastestValidator, ValidationError } from 'fastest-validator'

const text = { type: 'string', min: 1, max: 4096 }
const optionalText = { ...text, optional: true }
const whole = { type: 'number', integer: true }
const names = { type: 'array', max: 10_000, items: { type: 'string', max: 200 } }
const flag = { type: 'boolean' }
const pair = { type: 'array', length: 2, items: { ...whole, min: 1, max: 2 ** 31 } }
const side = { ...whole, min: 2, max: 65_536 }
const bits = { ...whole, min: 1000, max: 2_000_000_000 }
const optionalBits = { ...bits, optional: true }
const cicp = { ...whole, min: 0, max: 255 }
const codec = { type: 'enum', values: ['h264', 'hevc', 'av1'] }
const families = ['nvenc', 'vaapi', 'qsv', 'videotoolbox', 'amf', 'software']
const timescale = { ...whole, min: 1, max: 2 ** 32 }
const ticks = { ...whole }
const start = { ...whole, optional: true }

/** Which schema. */
export type SchemaName = 'locate' | 'measure' | 'encoder' | 'videoJob' | 'audioJob' | 'cache'

/** Static schemas; each compiled once, when first used. */
const SCHEMAS: Readonly<Record<SchemaName, object>> = {
  locate: { $$strict: true, ffmpeg: optionalText },
  measure: {
    $$strict: true,
    signal: { type: 'object', optional: true },
    cacheFile: optionalText,
    trialTimeoutMs: { ...whole, min: 1, max: 60_000, optional: true },
  },
  encoder: {
    $$strict: true,
    codec,
    force: { type: 'string', pattern: /^[a-z0-9_-]{1,40}$/, optional: true },
    except: { type: 'array', max: 6, items: { type: 'enum', values: families }, optional: true },
    irregularKeyframes: { type: 'boolean', optional: true },
  },
  videoJob: {
    $$strict: true,
    videoStream: { ...whole, min: 0, max: 1000, optional: true },
    threads: { ...whole, min: 1, max: 256, optional: true },
    source: {
      type: 'object',
      strict: true,
      properties: {
        codec: { type: 'string', pattern: /^[a-z0-9]{1,20}$/ },
        width: side,
        height: side,
        pixelAspect: pair,
        rotation: { type: 'enum', values: [0, 90, 180, 270] },
        frameRate: { ...pair, optional: true },
        scan: { type: 'enum', values: ['progressive', 'flagged', 'tff', 'bff'] },
        bitDepth: { ...whole, min: 1, max: 16, optional: true },
        chroma: { type: 'enum', values: ['4:0:0', '4:2:0', '4:2:2', '4:4:4'], optional: true },
        colour: {
          type: 'object',
          optional: true,
          strict: true,
          properties: { primaries: cicp, transfer: cicp, matrix: cicp, fullRange: flag },
        },
        hdr: {
          type: 'object',
          optional: true,
          strict: true,
          properties: { transfer: { type: 'enum', values: ['pq', 'hlg'] }, hasMasteringMetadata: flag },
        },
      },
    },
    target: {
      type: 'object',
      strict: true,
      properties: {
        codec,
        heightLimit: { ...side, optional: true },
        level: { type: 'string', pattern: /^\d\.\d$/, optional: true },
        rate: {
          type: 'multi',
          rules: [
            {
              type: 'object',
              strict: true,
              properties: { quality: { type: 'enum', values: ['high', 'medium', 'low'] } },
            },
            {
              type: 'object',
              strict: true,
              properties: { bitrateBps: bits, maxBitrateBps: optionalBits, bufferBits: optionalBits },
            },
          ],
        },
        keyframes: {
          type: 'multi',
          rules: [
            { type: 'object', strict: true, properties: { timescale, start, interval: { ...ticks, min: 1 } } },
            { type: 'object', strict: true, properties: { timescale, start, times: { type: 'array', items: ticks } } },
          ],
        },
      },
    },
  },
  audioJob: {
    $$strict: true,
    codec: { type: 'string', pattern: /^[a-z0-9]{1,20}$/ },
    channelsIn: { ...whole, min: 1, max: 64 },
    layout: { type: 'string', max: 64, optional: true },
    sampleRateIn: { ...whole, min: 1000, max: 768_000 },
    target: { type: 'enum', values: ['aac'] },
    channelsOut: { type: 'enum', values: [2, 6] },
    bitrateBps: { ...whole, min: 8000, max: 2_000_000, optional: true },
  },
  cache: {
    $$strict: true,
    format: { type: 'equal', value: 1, strict: true },
    capabilities: {
      type: 'object',
      strict: true,
      properties: {
        binary: {
          type: 'object',
          strict: true,
          properties: { path: text, sizeBytes: { type: 'number' }, modifiedMs: { type: 'number' } },
        },
        hardware: {
          type: 'object',
          strict: true,
          properties: {
            driver: { type: 'string', max: 4096 },
            renderDevices: {
              type: 'array',
              max: 64,
              items: {
                type: 'object',
                strict: true,
                properties: {
                  path: { type: 'string', pattern: /^\/dev\/dri\/renderD\d+$/ },
                  vendor: { type: 'string', max: 32 },
                },
              },
            },
            computeCapability: { type: 'number', optional: true },
          },
        },
        version: { type: 'string', max: 200 },
        encoders: names,
        decoders: names,
        filters: names,
        hwaccels: names,
        trials: {
          type: 'array',
          max: 100,
          items: {
            type: 'object',
            strict: true,
            properties: {
              name: { type: 'string', pattern: /^[a-z0-9_-]{1,40}$/ },
              codec: { type: 'enum', values: ['h264', 'hevc', 'av1', 'aac', 'opus'] },
              family: { type: 'enum', values: families },
              works: flag,
              reason: { type: 'string', max: 500, optional: true },
              device: { type: 'string', pattern: /^\/dev\/dri\/renderD\d+$/, optional: true },
            },
          },
        },
        vulkanDevice: { type: 'string', max: 200, optional: true },
        qsvToneMaps: flag,
      },
    },
  },
}

type Check = (value: object) => true | ValidationError[]
const compiled = new Map<SchemaName, Check>()

function checkFor(name: SchemaName): Check {
  let check = compiled.get(name)
  if (check === undefined) {
    // Loaded and compiled at the first use: a process that never encodes doesn't pay for it.
    const require = createRequire(import.meta.url)
    const Validator = require('fastest-validator') as typeof FastestValidator.default
    check = new Validator({ haltOnFirstError: false }).compile(SCHEMAS[name] as never) as Check
    compiled.set(name, check)
  }
  return check
}

/** What is wrong with a value, field by field; empty where it fits its schema. */
export function findErrors(name: SchemaName, value: object): readonly string[] {
  // A copy of own properties: nothing inherited can pass for a field, and the validator may fill in nothing of the caller's.
  const result = checkFor(name)(structuredCopy(value) as object)
  if (result === true) return []
  return result.map(error => {
    const given = error.actual === undefined ? '' : ` (given: ${String(error.actual).slice(0, 60)})`
    return `${error.message ?? `The field '${error.field}' is wrong.`}${given}`
  })
}

/** Own, defined properties, through plain objects and lists; anything else (a signal) as it is. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const defined = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(defined.map(([key, inner]) => [key, structuredCopy(inner)]))
}

/**
 * The value when it fits the schema.
 *
 * @throws CuemuxError `BAD_REQUEST` that names every wrong field
 */
export function validate<T extends object>(name: SchemaName, value: T): T {
  if (typeof value !== 'object' || value === null) {
    throw new CuemuxError('BAD_REQUEST', `The options must be an object, not ${String(value)}.`)
  }
  const errors = findErrors(name, value)
  if (errors.length > 0) throw new CuemuxError('BAD_REQUEST', errors.join(' '))
  return value
}
