import { chmodSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
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

/** How {@link fakeRuns} misbehaves. */
export interface FakeRuns {
  readonly mode: FakeMode
  /** Only the first run does so. */
  readonly once?: boolean
  /** Only runs with this encoder do so; a trial of it succeeds, whatever the machine has. */
  readonly encoder?: string
}

/**
 * Makes a program that is the real ffmpeg but for what encodes segments, which misbehaves; answers its path. It writes
 * a line to the file beside it, `….runs`, for each of them.
 */
export function fakeRuns(folder: string, { mode, once = false, encoder }: FakeRuns): string {
  const misbehaving = fakeFfmpeg(folder, mode)
  const path = join(folder, `runs-${basename(misbehaving)}${once ? '-once' : ''}${encoder ?? ''}`)
  const lines = [
    '#!/bin/sh',
    // Only runs have these outputs.
    'case " $* " in *" adts "*|*" -live "*) isRun=1 ;; *) isRun=0 ;; esac',
    ...(encoder === undefined
      ? ['[ $isRun = 1 ] || exec ffmpeg "$@"']
      : [
          `case " $* " in *" ${encoder} "*) ;; *) exec ffmpeg "$@" ;; esac`,
          '[ $isRun = 1 ] || { cat > /dev/null; exit 0; }',
        ]),
    `echo run >> "${path}.runs"`,
    ...(once ? [`[ "$(wc -l < "${path}.runs")" = 1 ] || exec ffmpeg "$@"`] : []),
    `exec "${misbehaving}" "$@"`,
  ]
  writeFileSync(path, `${lines.join('\n')}\n`)
  chmodSync(path, 0o755)
  return path
}
