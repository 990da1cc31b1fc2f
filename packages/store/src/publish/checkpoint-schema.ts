import type { default as FastestValidator, ValidationError } from 'fastest-validator'

/** The version of the file's format that is written, and the only one that is read. */
export const CHECKPOINT_VERSION = 2
/** More segments than any film has in all its rungs. */
const MAX_SEGMENTS = 1_000_000

const count = { type: 'number', integer: true, min: 0, max: Number.MAX_SAFE_INTEGER }
const text = { type: 'string', empty: false, max: 4096 }
const optionalText = { ...text, optional: true }

const SEGMENT = {
  rung: { ...text, max: 255 },
  segment: { ...count, optional: true },
  path: text,
  address: text,
  url: optionalText,
  cid: optionalText,
  checksum: optionalText,
  timescale: { ...count, min: 1 },
  start: count,
  duration: count,
  keyframeRange: { type: 'object', optional: true, strict: true, props: { offset: count, length: count } },
  sizeBytes: count,
}

const SCHEMAS = {
  checkpoint: {
    $$strict: true,
    format: { type: 'equal', value: 'cuemux-checkpoint', strict: true },
    version: { type: 'equal', value: CHECKPOINT_VERSION, strict: true },
    jobSha256: { type: 'string', pattern: /^[0-9a-f]{64}$/ },
    job: { type: 'object', strict: true, props: { settings: { type: 'object' }, source: { type: 'object' } } },
    segments: { type: 'array', max: MAX_SEGMENTS, items: { type: 'object', strict: true, props: SEGMENT } },
  },
  job: { $$strict: true, settings: { type: 'object' }, source: { type: 'object' } },
  segment: { $$strict: true, ...SEGMENT },
}

type Check = (value: object) => true | ValidationError[]
const compiled = new Map<string, Check>()

/** What is wrong with a checkpoint's file, a job or a segment, field by field; empty when it is one. */
export async function findCheckpointErrors(
  schema: 'checkpoint' | 'job' | 'segment',
  value: object,
): Promise<readonly string[]> {
  let check = compiled.get(schema)
  if (check === undefined) {
    // The package's types describe an ES module's default export; at run time its class is the CommonJS export itself.
    const imported: unknown = await import('fastest-validator')
    const { default: Validator } = imported as { default: typeof FastestValidator.default }
    check = new Validator({ haltOnFirstError: false }).compile(SCHEMAS[schema] as never) as Check
    compiled.set(schema, check)
  }
  const result = check(value)
  return result === true ? [] : result.map(error => error.message ?? `The field '${error.field}' is wrong.`)
}
