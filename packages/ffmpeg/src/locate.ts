import { access, constants, realpath, stat } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import process from 'node:process'
import { CuemuxError } from '@cuemux/core'
import { validate } from './capabilities/schemas.js'

/** Where ffmpeg is. */
export interface LocateOptions {
  /** Path of the binary, or a name to look up in PATH; `CUEMUX_FFMPEG`, then `ffmpeg` where absent. */
  readonly ffmpeg?: string
}

/** The two programs, by absolute path. */
export interface FfmpegLocation {
  readonly ffmpeg: string
  /** ffprobe beside ffmpeg, else that of PATH; `undefined` where there is none. */
  readonly ffprobe: string | undefined
  /** What named it. */
  readonly foundBy: 'option' | 'CUEMUX_FFMPEG' | 'PATH'
}

/** Programs that install packages, in the order in which they are looked for, by platform. */
const INSTALLERS: Readonly<Partial<Record<NodeJS.Platform, readonly (readonly [program: string, command: string])[]>>> =
  {
    linux: [
      ['apt-get', 'sudo apt-get install ffmpeg'],
      ['dnf', 'sudo dnf install ffmpeg'],
      ['pacman', 'sudo pacman -S ffmpeg'],
      ['apk', 'sudo apk add ffmpeg'],
      ['brew', 'brew install ffmpeg'],
    ],
    darwin: [['brew', 'brew install ffmpeg']],
    win32: [
      ['winget', 'winget install Gyan.FFmpeg'],
      ['choco', 'choco install ffmpeg'],
    ],
  }
const DOWNLOAD = 'https://ffmpeg.org/download.html'

/** What `locateFfmpeg` and its hints read of their surroundings. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
}

async function isProgram(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The first program of that name in PATH, as an absolute path. Empty and relative entries of PATH are passed over. */
export async function findInPath(name: string, around: Surroundings = process): Promise<string | undefined> {
  const folders = (around.env.PATH ?? around.env.Path ?? '').split(delimiter).filter(isAbsolute)
  for (const folder of folders) {
    for (const extension of around.platform === 'win32' ? ['.exe', ''] : ['']) {
      const path = join(folder, name + extension)
      if (await isProgram(path)) return path
    }
  }
  return undefined
}

/** A path where the text has a separator in it, else a name in PATH. */
async function findProgram(wanted: string, around: Surroundings): Promise<string | undefined> {
  if (!/[/\\]/.test(wanted)) return findInPath(wanted, around)
  const path = resolve(wanted)
  return (await isProgram(path)) ? path : undefined
}

async function findProbe(ffmpeg: string, around: Surroundings): Promise<string | undefined> {
  const name = around.platform === 'win32' ? 'ffprobe.exe' : 'ffprobe'
  // Also beside what a link points to: package managers link programs one by one.
  const folders = new Set([dirname(ffmpeg), dirname(await realpath(ffmpeg))])
  for (const folder of folders) {
    const path = join(folder, name)
    if (await isProgram(path)) return path
  }
  return findInPath('ffprobe', around)
}

/** How to install ffmpeg, as a sentence, where the package manager isn't looked for: all that a platform has. */
export function installHint(platform: NodeJS.Platform = process.platform): string {
  const commands = INSTALLERS[platform]?.map(([, command]) => command)
  if (commands === undefined) return `Get ffmpeg from ${DOWNLOAD}.`
  return `Install ffmpeg: ${commands.map(command => `\`${command}\``).join(' or ')}.`
}

/** How to install ffmpeg by the package manager that is there. */
export async function installCommand(around: Surroundings = process): Promise<string> {
  for (const [program, command] of INSTALLERS[around.platform] ?? []) {
    if ((await findInPath(program, around)) !== undefined) return `Install ffmpeg: \`${command}\`.`
  }
  return installHint(around.platform)
}

/**
 * Finds ffmpeg: the option, then `CUEMUX_FFMPEG`, then PATH; no shell has a part in it. What is named and isn't there
 * is an error, not a reason to take another.
 *
 * @throws CuemuxError `ENCODER_MISSING` with the command that installs it; `BAD_REQUEST` for a wrong option
 */
export async function locateFfmpeg(
  options: LocateOptions = {},
  around: Surroundings = process,
): Promise<FfmpegLocation> {
  const named = validate('locate', options).ffmpeg
  const fromEnvironment = around.env.CUEMUX_FFMPEG || undefined
  const wanted = named ?? fromEnvironment ?? 'ffmpeg'
  const foundBy = named !== undefined ? 'option' : fromEnvironment !== undefined ? 'CUEMUX_FFMPEG' : 'PATH'
  const ffmpeg = await findProgram(wanted, around)
  if (ffmpeg !== undefined) return { ffmpeg, ffprobe: await findProbe(ffmpeg, around), foundBy }
  if (foundBy === 'PATH') {
    throw new CuemuxError('ENCODER_MISSING', 'ffmpeg is not in PATH.', { hint: await installCommand(around) })
  }
  const name = foundBy === 'option' ? 'The option ffmpeg' : 'CUEMUX_FFMPEG'
  throw new CuemuxError('ENCODER_MISSING', `${name} names "${wanted}", which is no program here.`, {
    hint: `Set it to the path of ffmpeg, or leave it out to take the one in PATH. ${await installCommand(around)}`,
  })
}
