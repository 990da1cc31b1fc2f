/** `5.1.9-0+deb12u1` out of `ffmpeg -version`; `undefined` where this is not ffmpeg's answer. */
export function parseVersion(text: string): string | undefined {
  return /^ffmpeg version (\S{1,200})/.exec(text)?.[1]
}

/**
 * The names in a listing of `-encoders`, `-decoders` or `-filters`: the word after the flags. Lines of the legend have
 * an equals sign there.
 */
export function parseNames(text: string): readonly string[] {
  const names = new Set<string>()
  for (const line of text.split('\n')) {
    const name = /^ [A-Z.|]{2,6} +([\w-]{1,100})(?: |$)/.exec(line)?.[1]
    if (name !== undefined) names.add(name)
  }
  return [...names]
}

/** The names in the listing of `-hwaccels`: one to a line, under a heading. */
export function parseHwaccels(text: string): readonly string[] {
  const lines = text.split('\n').map(line => line.trim())
  return lines.slice(lines.findIndex(line => line.endsWith(':')) + 1).filter(line => /^\w{1,40}$/.test(line))
}

/** `[h264_nvenc @ 0x562954350980] `: who says it, and where it lies in memory. */
const SPEAKER = /^\[[^\]]* @ (?:0x)?[0-9a-f]+\]\s*/i
/** Libraries that talk whatever ffmpeg's log level is. */
const CHATTER = /^(?:libva info|Svt\[info\]|\s*$)/
const MAX_REASON_CHARACTERS = 200

/** The first line of a log that is not mere talk, without who says it: ffmpeg names the cause first. */
export function firstReason(log: string): string | undefined {
  const line = log.split(/[\r\n]+/).find(text => !CHATTER.test(text.replace(SPEAKER, '')))
  return line?.replace(SPEAKER, '').trim().slice(0, MAX_REASON_CHARACTERS)
}

/** The GPU that Vulkan chose, out of ffmpeg's verbose log; `undefined` where it is the processor or there is none. */
export function parseVulkanDevice(log: string): string | undefined {
  const found = /Device \d+ selected: (.{1,150}) \((\w+)\) \(0x/.exec(log)
  return found === null || found[2] === 'software' ? undefined : found[1]
}
