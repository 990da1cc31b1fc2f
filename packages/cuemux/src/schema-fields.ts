// Fields that options of several parts of the API have.

/** A number of something, from 1. */
export const count = { type: 'number', optional: true, integer: true, min: 1 } as const

export const callback = { type: 'function', optional: true } as const

/** Who plays it: a preset, or the codecs that it plays. */
export const client = {
  type: 'multi',
  optional: true,
  rules: [
    { type: 'enum', values: ['browser', 'safari', 'chromecast', 'native'] },
    { type: 'array', items: { type: 'string', max: 200 }, max: 200 },
  ],
} as const

/** Languages, the best first. */
export const languages = {
  type: 'array',
  optional: true,
  items: { type: 'string', min: 2, max: 64 },
  max: 64,
} as const
