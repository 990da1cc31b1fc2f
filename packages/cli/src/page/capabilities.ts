/** Says whether a browser plays a content type, as `MediaSource.isTypeSupported` does. */
export type TypeTest = (contentType: string) => boolean

/**
 * What is asked of the browser: the name that stands for a codec (or one profile of it) in a capability list, and a
 * full string that shows whether the browser plays it.
 */
const PROBES: readonly { readonly names: readonly string[]; readonly codec: string }[] = [
  { names: ['avc1'], codec: 'avc1.640028' },
  { names: ['avc3'], codec: 'avc3.640028' },
  { names: ['hvc1.1'], codec: 'hvc1.1.6.L120.90' },
  { names: ['hvc1.2'], codec: 'hvc1.2.4.L153.B0' },
  { names: ['hev1.1'], codec: 'hev1.1.6.L120.90' },
  { names: ['hev1.2'], codec: 'hev1.2.4.L153.B0' },
  { names: ['av01.0'], codec: 'av01.0.08M.10' },
  { names: ['vp09.00', 'vp9'], codec: 'vp09.00.40.08' },
  { names: ['vp09.02'], codec: 'vp09.02.40.10' },
  { names: ['mp4a.40.2'], codec: 'mp4a.40.2' },
  { names: ['mp4a.40.5', 'mp4a.40.29'], codec: 'mp4a.40.5' },
  { names: ['mp4a.40.42'], codec: 'mp4a.40.42' },
  { names: ['mp4a.6B'], codec: 'mp4a.6B' },
  { names: ['opus'], codec: 'opus' },
  { names: ['flac'], codec: 'flac' },
  { names: ['alac'], codec: 'alac' },
  { names: ['ac-3'], codec: 'ac-3' },
  { names: ['ec-3'], codec: 'ec-3' },
]

/**
 * The capability list of a browser: what `?client=` takes.
 *
 * @param codecStrings RFC 6381 strings of a film's tracks, asked for exactly: a profile or level that no probe stands for
 */
export function measureClient(isSupported: TypeTest, codecStrings: readonly string[] = []): string[] {
  const plays = (codec: string): boolean =>
    isSupported(`video/mp4; codecs="${codec}"`) || isSupported(`audio/mp4; codecs="${codec}"`)
  const names = PROBES.filter(probe => plays(probe.codec)).flatMap(probe => probe.names)
  // MP3 that isn't in MP4: what Chromium's media sources play of it.
  if (isSupported('audio/mpeg')) names.push('mp3')
  for (const codec of codecStrings) {
    const isCovered = names.some(name => codec === name || codec.startsWith(`${name}.`))
    if (!isCovered && plays(codec)) names.push(codec)
  }
  return names
}

/** The browser's own test; managed media sources are what iOS has instead. */
export function browserTypeTest(): TypeTest | undefined {
  const scope: { MediaSource?: typeof MediaSource; ManagedMediaSource?: typeof MediaSource } = globalThis
  const source = scope.ManagedMediaSource ?? scope.MediaSource
  return source === undefined ? undefined : type => source.isTypeSupported(type)
}
