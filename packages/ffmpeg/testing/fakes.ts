import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * How a stand-in for ffmpeg misbehaves; `die-at:N` after N bytes of output, `real` only where an argument `fake=MODE`
 * says how.
 */
export type FakeMode = 'fail' | 'nvenc-session' | 'hang' | 'garbage' | 'silent-exit' | 'real' | `die-at:${number}`

const SCRIPT = fileURLToPath(new URL('fake-ffmpeg.mjs', import.meta.url))

/** Makes a program in a folder that can be used as ffmpeg's binary; answers its path. */
export function fakeFfmpeg(folder: string, mode: FakeMode): string {
  const path = join(folder, `ffmpeg-${mode.replace(':', '-')}`)
  const shell = "#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 0.2; done\n"
  writeFileSync(path, mode === 'hang' ? shell : `#!/bin/sh\nexec "${process.execPath}" "${SCRIPT}" ${mode} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}
