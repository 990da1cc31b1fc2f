/** W3C WebVTT §4.4: the settings that a cue may have and their values; regions are not kept, so neither is `region`. */
const VALID: Readonly<Record<string, RegExp>> = {
  vertical: /^(?:rl|lr)$/,
  line: /^(?:-?\d{1,3}|\d{1,3}(?:\.\d{1,3})?%)(?:,(?:start|center|end))?$/,
  position: /^\d{1,3}(?:\.\d{1,3})?%(?:,(?:line-left|center|line-right))?$/,
  size: /^\d{1,3}(?:\.\d{1,3})?%$/,
  align: /^(?:start|center|end|left|right)$/,
}

/** Cue settings as found, with only what WebVTT knows, each once; `undefined` where nothing is left. */
export function cleanSettings(raw: string): string | undefined {
  const kept = new Map<string, string>()
  for (const word of raw.slice(0, 400).split(/[ \t]+/)) {
    const colon = word.indexOf(':')
    const name = word.slice(0, colon)
    // Drafts had `middle`.
    const value = name === 'align' && word === 'align:middle' ? 'center' : word.slice(colon + 1)
    if (colon < 1 || !Object.hasOwn(VALID, name) || kept.has(name)) continue
    if (VALID[name]!.test(value) && Number.parseFloat(/[\d.]+(?=%)/.exec(value)?.[0] ?? '0') <= 100)
      kept.set(name, value)
  }
  return kept.size === 0 ? undefined : [...kept].map(([name, value]) => `${name}:${value}`).join(' ')
}

/** A cue's identifier as one line that isn't taken for times; `undefined` where nothing is left. */
export function cleanId(raw: string): string | undefined {
  const id = raw
    .slice(0, 200)
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replace(/--+>/g, '')
    .trim()
  return id === '' ? undefined : id
}
